/* The body of a request: by Content-Length, or in chunks (RFC 9112 section 7.1). No dependency on the kernel. */
#ifndef PLEIAD_HTTP_BODY_H
#define PLEIAD_HTTP_BODY_H

#include "http_parser.h"

enum {
    HTTP_CHUNK_LINE_BYTES_MAX = 256, /* size and extensions */
    HTTP_TRAILER_BYTES_MAX = 4096,   /* read and dropped */
};

struct http_body {
    enum http_framing framing;
    int state;         /* inside the chunked coding, see http_body.c */
    uint64_t left;     /* bytes of the body (length) or of this chunk that are still to come */
    uint64_t received; /* bytes of content so far */
    uint32_t line;     /* bytes of the line being read, or of the trailers */
    bool digits;
    bool empty_line;
};

enum http_body_result { HTTP_BODY_MORE, HTTP_BODY_WHOLE, HTTP_BODY_BAD };

void http_body_begin(struct http_body *body, const struct http_head *head);

/* Takes bytes until there is a piece of content, the body is whole, or all are used. `used` says how many were taken
   and `piece` (length 0: none) points into `bytes`. Call again with the rest while it returns HTTP_BODY_MORE. */
enum http_body_result http_body_take(struct http_body *body, const char *bytes, size_t length, size_t *used,
                                     struct slice *piece);

#endif
