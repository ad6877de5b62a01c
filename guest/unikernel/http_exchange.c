/* One connection from bytes to requests to answers, in order: the pipeline is connection_advance(). */
#include "clock.h"
#include "heap.h"
#include "http_connection.h"

#include <string.h>

enum {
    HEAD_BUFFER_BYTES = 1024,    /* at first; doubled up to HTTP_HEAD_BYTES_MAX, kept between requests */
    HEAD_MILLISECONDS = 10000,   /* from a head's first byte to its last */
    BODY_MILLISECONDS = 15000,   /* for a body at the slowest, and for each pause in it ... */
    BODY_BYTES_PER_MILLISECOND = 1, /* ... which every byte received makes longer again by this rate */
    LINGER_MILLISECONDS = 2000,
};

static void consume(struct connection *connection, size_t length)
{
    if (length > 0) {
        connection->input = pbuf_free_header(connection->input, (u16_t)length);
        tcp_recved(connection->pcb, (u16_t)length);
    }
}

static void end_request(struct request *request)
{
    work_remove(request);
    if (request->begun) {
        server_counters.active--;
        request->begun = false;
    }
    heap_free(request->state);
    request->state = NULL;
}

void connection_abandon_request(struct connection *connection)
{
    struct request *request = &connection->request;
    bool tell = request->begun && !request->answered && service.cancelled;
    if (tell) {
        service.cancelled(request);
    }
    end_request(request);
}

/* The head is whole: what stands against the request, and who gets it. */
static void begin_request(struct connection *connection)
{
    struct request *request = &connection->request;
    struct http_head *head = &request->head;
    *request = (struct request){.connection = connection};

    int status = http_head_parse(connection->head_buffer, connection->collector.length, head);
    if (status != 0) {
        connection_refuse(connection, (unsigned)status);
        return;
    }
    request->to_health = slice_equals(head->path, "/health");
    if (connection->over_limit) {
        connection->closing = true;
        if (!request->to_health) { /* a busy machine is not a sick one */
            connection_refuse(connection, 503);
            return;
        }
    }
    if (head->framing == HTTP_LENGTH && head->content_length > service.body_bytes_max) {
        connection_refuse(connection, 413);
        return;
    }
    if (!request->to_health) {
        if (service.state_bytes > 0 && (request->state = service_allocate(service.state_bytes)) == NULL) {
            connection_refuse(connection, 503);
            return;
        }
        memset(request->state, 0, service.state_bytes);
        request->begun = true;
        server_counters.active++;
        if (service.begin) {
            service.begin(request);
        }
    }
    if (connection->phase == SENDING) {
        return; /* the answer could not be written and was refused */
    }
    if (head->expects_continue && head->framing != HTTP_NO_BODY && !request->answered) {
        static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
        output_copy(connection, go_on, sizeof go_on - 1);
    }
    http_body_begin(&connection->body, head);
    connection->phase = READING_BODY;
    connection->deadline = clock_milliseconds() + BODY_MILLISECONDS;
}

/* The client's side is closed and ours is not: whether it has got all that was sent. Until then the connection stays
   in our books and under our time-outs. */
static bool delivered(const struct connection *connection)
{
    return connection->pcb->unsent == NULL && connection->pcb->unacked == NULL;
}

/* Each of these returns false when it can go no further for now. */

static bool read_head(struct connection *connection)
{
    struct http_head_collector *collector = &connection->collector;
    if (connection->output_count > 0) {
        return false; /* a client that sends requests without reading answers waits */
    }
    if (connection->input == NULL) {
        connection->finished = connection->peer_closed && delivered(connection);
        return false;
    }
    if (collector->length == 0) {
        connection->deadline = clock_milliseconds() + HEAD_MILLISECONDS;
    }
    if (connection->head_buffer == NULL) {
        connection->head_buffer = heap_allocate(HEAD_BUFFER_BYTES);
        if (connection->head_buffer == NULL) {
            connection_refuse(connection, 503);
            return true;
        }
        collector->buffer = connection->head_buffer;
        collector->capacity = HEAD_BUFFER_BYTES;
    }
    size_t used;
    int result = http_head_collect(collector, connection->input->payload, connection->input->len, &used);
    consume(connection, used);
    if (result == HTTP_HEAD_FULL) {
        char *larger = heap_reallocate(connection->head_buffer, collector->capacity * 2);
        if (larger == NULL) {
            connection_refuse(connection, 503);
            return true;
        }
        connection->head_buffer = collector->buffer = larger;
        collector->capacity *= 2;
    } else if (result == HTTP_HEAD_WHOLE) {
        begin_request(connection);
    } else if (result != HTTP_HEAD_MORE) {
        connection_refuse(connection, (unsigned)result);
    }
    return true;
}

static void complete_request(struct connection *connection)
{
    struct request *request = &connection->request;
    connection->phase = WORKING;
    if (request->answered) {
        return;
    }
    if (request->to_health) {
        health_answer(request);
    } else if (service.complete) {
        service.complete(request);
    }
    if (!request->answered && !request->in_work) {
        request_problem(request, 500, "the service gave no answer", NULL);
    }
}

static bool read_body(struct connection *connection)
{
    struct request *request = &connection->request;
    struct http_body *body = &connection->body;
    if (body->framing == HTTP_NO_BODY) {
        complete_request(connection);
        return true;
    }
    if (connection->input == NULL) {
        connection->finished = connection->peer_closed;
        return false;
    }
    size_t used;
    struct slice piece;
    enum http_body_result result =
        http_body_take(body, connection->input->payload, connection->input->len, &used, &piece);
    if (result != HTTP_BODY_BAD && body->received <= service.body_bytes_max) {
        if (piece.length > 0 && !request->answered && !request->to_health && service.body) {
            service.body(request, piece.at, piece.length);
        }
        uint32_t limit = clock_milliseconds() + BODY_MILLISECONDS;
        connection->deadline += (uint32_t)piece.length / BODY_BYTES_PER_MILLISECOND;
        if ((int32_t)(connection->deadline - limit) > 0) {
            connection->deadline = limit;
        }
    } else if (request->answered) {
        connection->closing = true; /* already told something else */
        connection->phase = SENDING;
    } else {
        connection_refuse(connection, result == HTTP_BODY_BAD ? 400 : 413);
    }
    consume(connection, used);
    if (connection->phase == READING_BODY && result == HTTP_BODY_WHOLE) {
        complete_request(connection);
    } else if (connection->phase == READING_BODY && request->answered && connection->closing) {
        connection->phase = SENDING; /* no need to wait for the rest */
    }
    return true;
}

static bool work(struct connection *connection)
{
    if (connection->request.answered) {
        connection->phase = SENDING;
        return true;
    }
    /* A client that closes its side is taken for gone: whoever kills a client shows nothing else. */
    connection->finished = connection->peer_closed;
    return false;
}

static bool send(struct connection *connection)
{
    struct request *request = &connection->request;
    if (connection->output_count > 0) {
        return false;
    }
    if (request->begun) {
        server_counters.finished++;
    }
    end_request(request);
    if (connection->collector.capacity > HEAD_BUFFER_BYTES) {
        heap_free(connection->head_buffer);
        connection->head_buffer = NULL;
    }
    connection->collector.length = connection->collector.line_start = 0;
    connection->collector.after_cr = false;
    if (!connection->closing) {
        connection->phase = READING_HEAD;
        connection_await_head(connection);
        return true;
    }
    connection->phase = LINGERING;
    connection->deadline = clock_milliseconds() + LINGER_MILLISECONDS;
    if (!connection->peer_closed && tcp_shutdown(connection->pcb, 0, 1) != ERR_OK) {
        connection->doomed = true;
    }
    return true;
}

static bool linger(struct connection *connection)
{
    if (connection->input) {
        tcp_recved(connection->pcb, connection->input->tot_len);
        pbuf_free(connection->input);
        connection->input = NULL;
    }
    /* With both sides closed lwIP forgets the pcb without telling: it must not be kept. */
    connection->finished = connection->peer_closed && (connection->pcb->state != CLOSE_WAIT || delivered(connection));
    return false;
}

static bool step(struct connection *connection)
{
    switch (connection->phase) {
    case READING_HEAD: return read_head(connection);
    case READING_BODY: return read_body(connection);
    case WORKING: return work(connection);
    case SENDING: return send(connection);
    default: return linger(connection);
    }
}

void connection_advance(struct connection *connection)
{
    do {
        output_push(connection);
    } while (!connection->doomed && step(connection) && !connection->doomed);
}
