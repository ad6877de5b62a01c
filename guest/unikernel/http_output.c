/* Output that lwIP's send buffer has no room for yet. */
#include "clock.h"
#include "heap.h"
#include "http_connection.h"

#include <string.h>

static void begin_sending(struct connection *connection)
{
    if (connection->output_count == 0 && connection->pcb->snd_queuelen == 0) {
        connection->last_sent = clock_milliseconds();
    }
}

/* As much as fits; returns how much that was. */
static size_t write_some(struct connection *connection, const char *bytes, size_t length, bool more)
{
    size_t written = 0;
    while (written < length) {
        size_t room = tcp_sndbuf(connection->pcb);
        size_t piece = length - written < room ? length - written : room;
        if (piece > TCP_MSS) {
            piece = TCP_MSS; /* lwIP takes a piece whole or not at all: small ones pass when memory is short */
        }
        u8_t flags = TCP_WRITE_FLAG_COPY | (more || written + piece < length ? TCP_WRITE_FLAG_MORE : 0);
        if (piece == 0 || tcp_write(connection->pcb, bytes + written, (u16_t)piece, flags) != ERR_OK) {
            break; /* tried again when the client acknowledges, and every second */
        }
        written += piece;
    }
    return written;
}

static void queue(struct connection *connection, struct output output)
{
    if (connection->output_count == OUTPUTS_MAX) {
        connection->doomed = true; /* cannot happen: one answer is at most three pieces */
        output.release(output.owned);
        return;
    }
    connection->outputs[connection->output_count++] = output;
}

void output_copy(struct connection *connection, const void *bytes, size_t length)
{
    begin_sending(connection);
    size_t written = connection->output_count == 0 ? write_some(connection, bytes, length, true) : 0;
    if (written == length) {
        return;
    }
    size_t left = length - written;
    char *copy = heap_allocate(left);
    if (copy == NULL) {
        connection->doomed = true;
        return;
    }
    memcpy(copy, (const char *)bytes + written, left);
    queue(connection, (struct output){copy, left, copy, heap_free});
}

void output_owned(struct connection *connection, void *bytes, size_t length, void (*release)(void *))
{
    begin_sending(connection);
    queue(connection, (struct output){bytes, length, bytes, release});
}

bool output_push(struct connection *connection)
{
    while (connection->output_count > 0) {
        struct output *first = connection->outputs;
        size_t written = write_some(connection, first->at, first->left, connection->output_count > 1);
        first->at += written;
        first->left -= written;
        if (first->left > 0) {
            return false;
        }
        first->release(first->owned);
        connection->output_count--;
        memmove(first, first + 1, connection->output_count * sizeof *first);
    }
    return true;
}

void output_drop(struct connection *connection)
{
    for (unsigned i = 0; i < connection->output_count; i++) {
        connection->outputs[i].release(connection->outputs[i].owned);
    }
    connection->output_count = 0;
}
