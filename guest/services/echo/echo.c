/* Gives every request back: its body byte for byte under the same Content-Type, its method and target in the header
   fields Echo-Method and Echo-Target. GET / without a body says what this is. Bodies up to 256 KiB, as memory allows:
   a larger one is refused with 413, one that memory has no room for just now with 503. */
#include "service.h"

#include <string.h>

enum { BODY_BYTES_MAX = 256 * 1024 };

struct echo {
    char *body;
    size_t length, capacity;
};

static void body(struct request *request, const void *piece, size_t length)
{
    struct echo *echo = request_state(request);
    if (echo->capacity - echo->length < length) {
        /* By half as much again, not to the announced length: what was only announced takes no memory. */
        size_t capacity = echo->length + length + echo->capacity / 2;
        char *larger = service_reallocate(echo->body, capacity);
        if (larger == NULL) {
            service_free(echo->body);
            request_problem(request, 503, "no memory for the body just now", NULL);
            return;
        }
        echo->body = larger;
        echo->capacity = capacity;
    }
    memcpy(echo->body + echo->length, piece, length);
    echo->length += length;
}

static void complete(struct request *request)
{
    struct echo *echo = request_state(request);
    if (echo->length == 0 && request_is(request, "GET", "/")) {
        static const char about[] = "{\"service\":\"echo\",\"bodyBytesMax\":262144}";
        request_answer(request, &(struct answer){.status = 200,
                                                 .content_type = "application/json",
                                                 .body = about,
                                                 .length = sizeof about - 1});
        return;
    }
    struct slice type = {"application/octet-stream", 24};
    (void)request_header(request, "Content-Type", &type);

    /* Method, target and type are within the limit of a request's head, and free of CR and LF. */
    char headers[6000];
    struct text text = text_in(headers, sizeof headers - 1);
    text_add(&text, "Echo-Method: ");
    text_add_bytes(&text, request_method(request).at, request_method(request).length);
    text_add(&text, "\r\nEcho-Target: ");
    text_add_bytes(&text, request_target(request).at, request_target(request).length);
    text_add(&text, "\r\nContent-Type: ");
    text_add_bytes(&text, type.at, type.length);
    text_add(&text, "\r\n");
    headers[text.length] = '\0';
    if (text.overflow) {
        service_free(echo->body);
        request_problem(request, 431, "target and Content-Type together are too long to be given back", NULL);
        return;
    }
    request_answer(request, &(struct answer){.status = 200,
                                             .headers = headers,
                                             .body = echo->body,
                                             .length = echo->length,
                                             .release = service_free});
}

static void cancelled(struct request *request)
{
    struct echo *echo = request_state(request);
    service_free(echo->body);
}

const struct service service = {
    .name = "echo",
    .state_bytes = sizeof(struct echo),
    .body_bytes_max = BODY_BYTES_MAX,
    .body = body,
    .complete = complete,
    .cancelled = cancelled,
};
