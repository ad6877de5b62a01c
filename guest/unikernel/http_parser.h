/* The head of an HTTP/1.x request (RFC 9112): collected from pieces of any size, checked whole, then read in place.
   No dependency on the kernel: test/ runs it on the host.

   Strict where laxness lets requests be smuggled past a proxy (RFC 9112 section 11.2): lines end in CRLF and nothing
   else, no folded lines, no blank before a colon, one framing only. */
#ifndef PLEIAD_HTTP_PARSER_H
#define PLEIAD_HTTP_PARSER_H

#include "text.h"

enum {
    HTTP_HEAD_BYTES_MAX = 8192,   /* request line and header lines together; beyond: 431 */
    HTTP_TARGET_BYTES_MAX = 4096, /* beyond: 414 */
    HTTP_METHOD_BYTES_MAX = 24,
    HTTP_HEADERS_MAX = 64, /* lines; beyond: 431 */
};

enum http_framing { HTTP_NO_BODY, HTTP_LENGTH, HTTP_CHUNKED };

/* All slices point into the collecting buffer. */
struct http_head {
    struct slice method;
    struct slice target;  /* as sent */
    struct slice path;    /* without scheme, authority and query; as sent, not decoded; "*" for OPTIONS * */
    struct slice query;   /* after the '?', as sent; length 0 when there is none */
    struct slice headers; /* whole lines with their CRLF */
    enum http_framing framing;
    uint64_t content_length;
    bool http_1_0;
    bool keep_alive;
    bool expects_continue;
};

struct http_head_collector {
    char *buffer; /* the owner's, may move between calls */
    size_t capacity;
    size_t length;
    size_t line_start;
    bool after_cr;
};

enum {
    HTTP_HEAD_MORE = 0, /* all bytes taken, the head is not whole yet */
    HTTP_HEAD_WHOLE = 1,
    HTTP_HEAD_FULL = 2, /* the buffer must grow before the rest can be taken */
    /* other values: the HTTP status to refuse with */
};

/* Takes bytes up to the end of the head. `used` gets how many; the rest belongs to the body or the next request. */
int http_head_collect(struct http_head_collector *collector, const char *bytes, size_t length, size_t *used);

/* Reads a whole head of `length` bytes ending in an empty line. Returns 0, or the HTTP status to refuse with. */
int http_head_parse(const char *buffer, size_t length, struct http_head *head);

/* The value of the `index`-th line with that name (any case), trimmed. False when there are not that many. */
bool http_header(struct slice headers, const char *name, unsigned index, struct slice *value);

#endif
