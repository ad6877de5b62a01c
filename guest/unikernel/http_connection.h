/* Inside the HTTP server: a connection, and the request that is on it.

   Phases of a connection:

     READING_HEAD -> READING_BODY -> WORKING -> SENDING -> READING_HEAD ...   keep-alive
                                                   \-> LINGERING             the last answer: our side is closed,
                                                                             the client's bytes are dropped until it
                                                                             closes, so that no reset eats the answer */
#ifndef PLEIAD_HTTP_CONNECTION_H
#define PLEIAD_HTTP_CONNECTION_H

#include "http_body.h"
#include "http_parser.h"
#include "service.h"

#include <lwip/tcp.h>

enum phase { READING_HEAD, READING_BODY, WORKING, SENDING, LINGERING };

struct request {
    struct connection *connection;
    struct http_head head;
    void *state;
    bool begun;     /* the service knows of it */
    bool answered;
    bool to_health; /* answered by the platform, not counted */
    bool in_work;   /* in the list of work.c */
    uint64_t wake_nanoseconds;
    struct request *next, *previous;
};

struct output {
    const char *at;
    size_t left;
    void *owned; /* released with `release` when `left` is 0 */
    void (*release)(void *);
};

enum { OUTPUTS_MAX = 4 };

struct connection {
    struct tcp_pcb *pcb;
    struct connection *next, *previous;
    enum phase phase;
    bool peer_closed;     /* the client will send nothing more */
    bool closing;         /* this answer is the last one */
    bool over_limit;      /* accepted only to be told 503 */
    bool finished;        /* to be closed */
    bool doomed;          /* to be reset */
    struct pbuf *input;   /* received and not yet read */
    char *head_buffer;
    struct http_head_collector collector;
    struct http_body body;
    struct request request;
    struct output outputs[OUTPUTS_MAX]; /* what lwIP has not taken yet, in order */
    unsigned output_count;
    uint32_t deadline;    /* in clock_milliseconds(), for what the phase waits for */
    uint32_t last_sent;   /* when the client last acknowledged something, or output began */
};

/* http_exchange.c: carries a connection as far as it goes, from bytes to requests to answers. */
void connection_advance(struct connection *connection);
/* Drops the request that is on the connection, if any. */
void connection_abandon_request(struct connection *connection);

/* http_output.c */
void output_copy(struct connection *connection, const void *bytes, size_t length);
void output_owned(struct connection *connection, void *bytes, size_t length, void (*release)(void *));
/* Hands lwIP as much as it takes; true when nothing is left. */
bool output_push(struct connection *connection);
void output_drop(struct connection *connection);

/* http_server.c: carries on after a slice of work, outside of lwIP; the connection may be gone afterwards. */
void connection_continue(struct connection *connection);
/* Sets the time-out of an idle connection. */
void connection_await_head(struct connection *connection);

/* http_answer.c: refuses by a status with a short problem; the connection closes after it. */
void connection_refuse(struct connection *connection, unsigned status);

/* work.c */
void work_add(struct request *request, uint64_t wake_nanoseconds);
void work_remove(struct request *request);

/* health.c */
void health_answer(struct request *request);

/* What /health tells. */
struct server_counters {
    uint64_t finished; /* requests answered, without /health */
    uint32_t active;
    uint32_t connections;
};
extern struct server_counters server_counters;

#endif
