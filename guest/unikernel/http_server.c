/* Connections: accepting, closing, limits and time-outs. lwIP calls back from network_poll(). */
#include "http_server.h"

#include "clock.h"
#include "heap.h"
#include "http_connection.h"
#include "panic.h"

enum {
    HEAP_BYTES_PER_CONNECTION = 16 * 1024,
    CONNECTIONS_MAX = 500,
    CONNECTIONS_OVER = 16,      /* accepted above the limit, to answer 503 */
    BACKLOG = 255,              /* connections in their handshake; network.c drops old ones before it is full */
    WAITING_PBUFS_MAX = 32,     /* received pieces held while an earlier request is in work */
    IDLE_MILLISECONDS = 120000, /* longer than the pool of .NET's HttpClient keeps a connection (60 s) */
    SEND_MILLISECONDS = 30000,  /* without the client acknowledging anything */
    SEGMENT_BYTES_MIN = 88,     /* as other systems have it (Linux: 48, Windows: 88) */
    STALLED_MILLISECONDS = 5000, /* the same when connections run short */
    EVICT_AFTER_MILLISECONDS = 1000,
};

struct server_counters server_counters;
static struct connection connections; /* head of a ring, youngest first */
static uint32_t connections_max;

static void detach(struct connection *connection)
{
    struct tcp_pcb *pcb = connection->pcb;
    tcp_arg(pcb, NULL);
    tcp_recv(pcb, NULL);
    tcp_sent(pcb, NULL);
    tcp_err(pcb, NULL);
    tcp_poll(pcb, NULL, 0);
}

static void forget(struct connection *connection)
{
    connection_abandon_request(connection);
    output_drop(connection);
    if (connection->input) {
        pbuf_free(connection->input);
    }
    heap_free(connection->head_buffer);
    connection->previous->next = connection->next;
    connection->next->previous = connection->previous;
    server_counters.connections--;
    heap_free(connection);
}

/* Closes or resets the connection if it is due; false then. */
static bool settle(struct connection *connection)
{
    struct tcp_pcb *pcb = connection->pcb;
    if (!connection->doomed && !connection->finished) {
        tcp_output(pcb);
        return true;
    }
    detach(connection);
    if (connection->doomed || tcp_close(pcb) != ERR_OK) {
        tcp_abort(pcb);
        connection->doomed = true;
    }
    return false;
}

/* Ends an entry from lwIP. When the pcb was aborted lwIP must be told so. */
static err_t leave(struct connection *connection)
{
    if (settle(connection)) {
        return ERR_OK;
    }
    err_t result = connection->doomed ? ERR_ABRT : ERR_OK;
    forget(connection);
    return result;
}

static err_t on_receive(void *context, struct tcp_pcb *pcb, struct pbuf *data, err_t error)
{
    struct connection *connection = context;
    (void)error;
    if (data == NULL) {
        connection->peer_closed = true;
    } else if (connection->phase == LINGERING) {
        tcp_recved(pcb, data->tot_len);
        pbuf_free(data);
    } else if (connection->input && pbuf_clen(connection->input) >= WAITING_PBUFS_MAX) {
        return ERR_MEM; /* lwIP keeps it, offers it again, and takes no more from this client until then */
    } else if (connection->input) {
        pbuf_cat(connection->input, data);
    } else {
        connection->input = data;
    }
    connection_advance(connection);
    return leave(connection);
}

static err_t on_sent(void *context, struct tcp_pcb *pcb, u16_t length)
{
    struct connection *connection = context;
    (void)pcb;
    (void)length;
    connection->last_sent = clock_milliseconds();
    if (connection->output_count == 0 && connection->input == NULL && !connection->peer_closed) {
        return ERR_OK; /* nothing waited for this */
    }
    connection_advance(connection);
    return leave(connection);
}

static bool passed(uint32_t deadline, uint32_t now) { return (int32_t)(now - deadline) >= 0; }

/* Once a second for each connection. */
static err_t on_poll(void *context, struct tcp_pcb *pcb)
{
    struct connection *connection = context;
    uint32_t now = clock_milliseconds();
    bool sending = connection->output_count > 0 || pcb->snd_queuelen > 0;
    bool late = passed(connection->deadline, now);

    if (sending && now - connection->last_sent >= SEND_MILLISECONDS) {
        connection->doomed = true;
    } else if (connection->phase == READING_HEAD && late && !sending) {
        if (connection->collector.length == 0) {
            connection->finished = true;
        } else {
            connection_refuse(connection, 408);
        }
    } else if (connection->phase == READING_BODY && late) {
        if (connection->request.answered) {
            connection->doomed = true;
        } else {
            connection_refuse(connection, 408);
        }
    } else if (connection->phase == LINGERING && late && !sending) {
        connection->doomed = true;
    }
    if (!connection->doomed && !connection->finished) {
        connection_advance(connection);
    }
    return leave(connection);
}

/* lwIP has freed the pcb: reset by the client, or given up. */
static void on_error(void *context, err_t error)
{
    (void)error;
    forget(context);
}

/* How long a connection has been of no use, in milliseconds: idle between requests, or with a client that takes nothing
   of what is sent. 0 when it is in use. */
static uint32_t useless_for(const struct connection *connection, uint32_t now)
{
    bool sending = connection->output_count > 0 || connection->pcb->snd_queuelen > 0;
    if (sending) {
        uint32_t stalled = now - connection->last_sent;
        return stalled >= STALLED_MILLISECONDS ? stalled : 0;
    }
    bool idle = connection->phase == READING_HEAD && connection->collector.length == 0 && connection->input == NULL;
    uint32_t since = now - (connection->deadline - IDLE_MILLISECONDS);
    return idle && since >= EVICT_AFTER_MILLISECONDS ? since : 0;
}

/* Makes room by ending the connection that has been useless for longest. */
static void evict_one(void)
{
    struct connection *worst = NULL;
    uint32_t now = clock_milliseconds(), longest = 0;
    for (struct connection *at = connections.next; at != &connections; at = at->next) {
        uint32_t useless = useless_for(at, now);
        if (useless > longest) {
            worst = at;
            longest = useless;
        }
    }
    if (worst) {
        worst->finished = true;
        worst->doomed = worst->output_count > 0 || worst->pcb->snd_queuelen > 0;
        (void)leave(worst);
    }
}

static err_t on_accept(void *context, struct tcp_pcb *pcb, err_t error)
{
    (void)context;
    if (error != ERR_OK || pcb == NULL) {
        return ERR_VAL;
    }
    if (server_counters.connections >= connections_max) {
        evict_one();
    }
    struct connection *connection = NULL;
    if (server_counters.connections < connections_max + CONNECTIONS_OVER) {
        connection = heap_allocate_cleared(sizeof *connection);
    }
    if (connection == NULL) {
        tcp_abort(pcb);
        return ERR_ABRT;
    }
    uint32_t now = clock_milliseconds();
    connection->pcb = pcb;
    connection->over_limit = server_counters.connections >= connections_max;
    connection->deadline = now + IDLE_MILLISECONDS;
    connection->last_sent = now;
    connection->next = connections.next;
    connection->previous = &connections;
    connections.next->previous = connection;
    connections.next = connection;
    server_counters.connections++;

    tcp_arg(pcb, connection);
    tcp_recv(pcb, on_receive);
    tcp_sent(pcb, on_sent);
    tcp_err(pcb, on_error);
    tcp_poll(pcb, on_poll, 2); /* in half seconds */
    tcp_nagle_disable(pcb);
    if (pcb->mss < SEGMENT_BYTES_MIN) {
        pcb->mss = SEGMENT_BYTES_MIN; /* a client that wants its answer byte by byte costs more than it may */
    }
    /* lwIP cuts segments to half the largest window it has seen, but not while that is 0 or 1. A client that begins with
       such a window and then opens it a little makes the segment size fall below what is queued, on which lwIP stops
       by an assertion. Begun this high, the size never falls; small windows are served by splitting segments. */
    if (pcb->snd_wnd_max < 2 * pcb->mss) {
        pcb->snd_wnd_max = (tcpwnd_size_t)(2 * pcb->mss);
    }
    /* A client that vanished without a word, asked after 15 s, is gone 30 s after its last sign. */
    ip_set_option(pcb, SOF_KEEPALIVE);
    pcb->keep_idle = 15000;
    pcb->keep_intvl = 5000;
    pcb->keep_cnt = 3;
    return ERR_OK;
}

void connection_await_head(struct connection *connection)
{
    connection->deadline = clock_milliseconds() + IDLE_MILLISECONDS;
}

void http_server_begin(uint16_t port)
{
    size_t fitting = heap_total_bytes() / HEAP_BYTES_PER_CONNECTION;
    connections_max = fitting < CONNECTIONS_MAX ? (uint32_t)fitting : CONNECTIONS_MAX;
    connections.next = connections.previous = &connections;

    struct tcp_pcb *pcb = tcp_new();
    if (pcb == NULL || tcp_bind(pcb, IP_ADDR_ANY, port) != ERR_OK) {
        panic("lwIP does not give the port");
    }
    pcb = tcp_listen_with_backlog(pcb, BACKLOG);
    if (pcb == NULL) {
        panic("lwIP does not listen: too little memory");
    }
    tcp_accept(pcb, on_accept);
}

/* Called by work.c, outside of lwIP: after a slice the connection may have an answer to send. */
void connection_continue(struct connection *connection)
{
    connection_advance(connection);
    (void)leave(connection);
}
