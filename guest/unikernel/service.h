/* What a service is to the guest: one C file that defines `service`, built with `make SERVICE=that-file NAME=name`.

   The platform reads requests, keeps time-outs and limits, answers /health itself and gives everything else to the
   service. All of it runs on one processor without threads and without preemption: a function of the service must
   return within about 1 ms, or everybody waits. Longer work is cut into slices, see request_work().

   The life of a request, in calls to the service:

       begin     its head is there: method, path, query and header fields can be read
       body      a piece of its body has come; as often as needed, not at all without a body
       complete  all of it has come
       work      one slice after another, if request_work() asked for it
       cancelled instead of the rest, when the client went away or the platform refused the request

   Any of begin, body, complete and work may answer. After the answer no function of the service is called for that
   request again. `complete` must answer, or call request_work() or request_sleep(); else the platform answers 500. */
#ifndef PLEIAD_SERVICE_H
#define PLEIAD_SERVICE_H

#include "query.h"
#include "text.h"

struct request; /* one request; valid until it was answered or cancelled */

struct service {
    const char *name;        /* shown by /health and in the line "pleiad: ready"; letters, digits and '-' */
    size_t state_bytes;      /* memory that each request gets, see request_state(); 0 for none */
    uint64_t body_bytes_max; /* a longer body is refused with 413; 0 refuses every body */

    /* All of them are optional. A service without any answers 500. */
    void (*boot)(void); /* once, before the first request; nothing can be received yet */
    void (*begin)(struct request *request);
    void (*body)(struct request *request, const void *piece, size_t length); /* without it, bodies are dropped */
    void (*complete)(struct request *request);
    void (*work)(struct request *request);
    void (*cancelled)(struct request *request); /* gives back what service_allocate() gave; the state goes by itself */
};

/* Defined by the service. */
extern const struct service service;

/* ---- Reading a request. The slices stay valid as long as the request and are not terminated. ---- */

struct slice request_method(const struct request *request); /* as sent, for example "GET"; HEAD comes as HEAD */
struct slice request_target(const struct request *request); /* as sent, at most 4096 bytes */
struct slice request_path(const struct request *request);   /* begins with '/'; as sent, so %XX is not decoded */
bool request_is(const struct request *request, const char *method, const char *path); /* "GET" also matches HEAD */

/* Decodes the first query parameter of that name into `buffer`; see query.h. */
enum query_result request_parameter(const struct request *request, const char *name, char *buffer, size_t capacity,
                                    struct slice *value);

/* The first header field of that name (any case), without blanks around it. False when there is none. */
bool request_header(const struct request *request, const char *name, struct slice *value);

/* Length of the body as announced; UINT64_MAX when it comes in chunks. */
uint64_t request_body_length(const struct request *request);

/* `state_bytes` of memory, cleared before `begin`, freed by the platform after the answer or `cancelled`. */
void *request_state(struct request *request);

/* ---- Answering. Once; a second answer is ignored. ---- */

struct answer {
    unsigned status;          /* 200-599 */
    const char *content_type; /* NULL: none */
    const char *headers;      /* more fields as "Name: value\r\n" lines, terminated; NULL: none; at most 6 KB */
    const void *body;         /* copied, unless `release` is set */
    size_t length;            /* bytes; any size that fits in memory */
    /* Set: the platform keeps `body` itself and calls release(body) when it is sent or the client is gone. */
    void (*release)(void *body);
};

/* For HEAD the body is left out and its length still told. Out of memory: the connection is closed. */
void request_answer(struct request *request, const struct answer *answer);

/* Answers with application/problem+json (RFC 9457). `members` are further members such as "\"limit\":5", or NULL.
   Together at most 1 KB, else the members are left out. */
void request_problem(struct request *request, unsigned status, const char *detail, const char *members);

/* Answers 405 with the field Allow, for example "GET, HEAD". */
void request_refuse_method(struct request *request, const char *allowed);

/* ---- Working longer ---- */

/* From now on `work` is called again and again, in turn with other requests in work, until it answers. */
void request_work(struct request *request);
/* The same, but the next call of `work` comes after `milliseconds` (0 to 86,400,000). */
void request_sleep(struct request *request, uint32_t milliseconds);
/* Inside `work`: whether this slice of about 1 ms is used up and `work` should return. Costs some 50 ns; ask every
   few hundred steps. */
bool slice_over(void);

/* ---- Memory, time, chance, log ---- */

/* Memory aligned to 16 bytes, not cleared. NULL when the services' share (3/4 of the heap with all network buffers in
   it) is used up: answer 503 then. Everything allocated must be freed by the service. */
void *service_allocate(size_t bytes);
/* Changes the size, keeps the content, may move. NULL: no memory, the old block stays. */
void *service_reallocate(void *memory, size_t bytes);
void service_free(void *memory); /* NULL is allowed */

uint64_t clock_nanoseconds(void);      /* since boot; never steps back */
uint64_t clock_unix_nanoseconds(void); /* since 1970, as the host told it; 0 before that */
uint32_t network_address(void);        /* the machine's IPv4 address just now, in host byte order */

/* Unpredictable when the processor has RDRAND (QEMU: -cpu max, KVM: host); without it good for chance, not secrets. */
void random_bytes(void *memory, size_t length);

/* One line "pleiad: TEXT" on the serial port: at most 200 bytes, 10 lines a second, the rest is dropped and counted. */
void log_line(const char *text);

#endif
