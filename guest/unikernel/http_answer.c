/* Answers: status line, header fields and body, handed to the connection's output. */
#include "http_connection.h"

#include <string.h>

static const char *reason(unsigned status)
{
    static const struct {
        unsigned status;
        const char *reason;
    } known[] = {
        {200, "OK"},
        {201, "Created"},
        {202, "Accepted"},
        {204, "No Content"},
        {400, "Bad Request"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {408, "Request Timeout"},
        {413, "Content Too Large"},
        {414, "URI Too Long"},
        {417, "Expectation Failed"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {503, "Service Unavailable"},
        {505, "HTTP Version Not Supported"},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (known[i].status == status) {
            return known[i].reason;
        }
    }
    return "Answer";
}

/* RFC 9110 section 8.6: no length, as there can be no body. */
static bool bodiless(unsigned status) { return status == 204 || status == 304; }

/* One buffer for all: it is handed on before anything else can need it. */
static char head_buffer[8192];

static bool write_head(const struct connection *connection, const struct answer *answer, struct text *text)
{
    *text = text_in(head_buffer, sizeof head_buffer);
    text_add(text, "HTTP/1.1 ");
    text_add_number(text, answer->status);
    text_add_char(text, ' ');
    text_add(text, reason(answer->status));
    if (answer->content_type) {
        text_add(text, "\r\nContent-Type: ");
        text_add(text, answer->content_type);
    }
    if (!bodiless(answer->status)) {
        text_add(text, "\r\nContent-Length: ");
        text_add_number(text, answer->length);
    }
    if (connection->closing) {
        text_add(text, "\r\nConnection: close");
    } else if (connection->request.head.http_1_0) {
        text_add(text, "\r\nConnection: keep-alive");
    }
    text_add(text, "\r\n");
    if (answer->headers) {
        text_add(text, answer->headers);
    }
    text_add(text, "\r\n");
    return !text->overflow;
}

static void drop_body(const struct answer *answer)
{
    if (answer->release) {
        answer->release((void *)(uintptr_t)answer->body);
    }
}

void request_answer(struct request *request, const struct answer *answer)
{
    struct connection *connection = request->connection;
    struct text text;
    if (request->answered) {
        drop_body(answer);
        return;
    }
    /* A body that may or may not follow, after an answer in place of "100 Continue", leaves no way to go on. */
    bool body_pending = connection->phase == READING_HEAD && request->head.framing != HTTP_NO_BODY;
    if (!request->head.keep_alive || (body_pending && request->head.expects_continue)) {
        connection->closing = true;
    }
    if (!write_head(connection, answer, &text)) {
        drop_body(answer);
        request_problem(request, 500, "the header fields of the answer are too long", NULL);
        return;
    }
    request->answered = true;
    work_remove(request);
    output_copy(connection, text.buffer, text.length);
    if (bodiless(answer->status) || slice_equals(request->head.method, "HEAD") || answer->length == 0) {
        drop_body(answer);
    } else if (answer->release) {
        output_owned(connection, (void *)(uintptr_t)answer->body, answer->length, answer->release);
    } else {
        output_copy(connection, answer->body, answer->length);
    }
}

static void answer_problem(struct request *request, unsigned status, const char *detail, const char *members,
                           const char *headers)
{
    char buffer[1024 + 128];
    for (;;) {
        struct text text = text_in(buffer, sizeof buffer);
        text_add(&text, "{\"type\":\"about:blank\",\"title\":\"");
        text_add(&text, reason(status));
        text_add(&text, "\",\"status\":");
        text_add_number(&text, status);
        if (detail) {
            text_add(&text, ",\"detail\":");
            text_add_json(&text, (struct slice){detail, strlen(detail)});
        }
        if (members) {
            text_add_char(&text, ',');
            text_add(&text, members);
        }
        text_add(&text, "}");
        if (!text.overflow) {
            request_answer(request, &(struct answer){.status = status,
                                                     .content_type = "application/problem+json",
                                                     .headers = headers,
                                                     .body = buffer,
                                                     .length = text.length});
            return;
        }
        detail = members ? detail : NULL;
        members = NULL;
    }
}

void request_problem(struct request *request, unsigned status, const char *detail, const char *members)
{
    answer_problem(request, status, detail, members, status == 503 ? "Retry-After: 1\r\n" : NULL);
}

void request_refuse_method(struct request *request, const char *allowed)
{
    char buffer[128];
    struct text text = text_in(buffer, sizeof buffer - 1);
    text_add(&text, "Allow: ");
    text_add(&text, allowed);
    text_add(&text, "\r\n");
    buffer[text.length] = '\0';
    answer_problem(request, 405, NULL, NULL, text.overflow ? NULL : buffer);
}

static const char *explain(unsigned status)
{
    switch (status) {
    case 400: return "the request breaks the rules of HTTP/1.1 (RFC 9112)";
    case 408: return "the request did not come whole in time";
    case 413: return "the body is larger than the service takes";
    case 414: return "the target is longer than 4096 bytes";
    case 431: return "the header fields are larger than 8192 bytes or more than 64";
    case 501: return "of transfer codings only chunked is known";
    case 503: return "out of memory or connections, try again";
    default: return NULL;
    }
}

void connection_refuse(struct connection *connection, unsigned status)
{
    struct request *request = &connection->request;
    connection->closing = true;
    if (request->begun && !request->answered) {
        connection_abandon_request(connection);
    }
    request->connection = connection;
    request->answered = false;
    request_problem(request, status, explain(status), NULL);
    connection->phase = SENDING;
}
