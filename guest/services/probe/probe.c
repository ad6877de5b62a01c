/* Tries, from inside a machine, what a machine must not be able to do. For tests of isolation.

   GET /connect?ip=A.B.C.D&port=N[&from=A.B.C.D][&ms=N]  tries a TCP connection, optionally under another sender's
       address, for at most ms (100 to 30000, default 1500) milliseconds: {"outcome":"connected" | "refused" |
       "silence" | "failed"}
   POST /frame[?count=N]  sends the body as an Ethernet frame, N (1 to 1000, default 1) times as far as there is room:
       {"sent":N} */
#include "service.h"

#include "network.h"

#include <lwip/tcp.h>
#include <string.h>

enum { FRAME_BYTES_MAX = 1514, LOOK_MILLISECONDS = 5 };

struct probe {
    struct tcp_pcb *connection; /* NULL when it ended by itself */
    const char *outcome;        /* NULL while nothing is known */
    uint64_t deadline;
    size_t length;
    char frame[FRAME_BYTES_MAX];
};

static err_t connected(void *arg, struct tcp_pcb *connection, err_t error)
{
    (void)connection;
    (void)error;
    ((struct probe *)arg)->outcome = "connected";
    return ERR_OK;
}

static void failed(void *arg, err_t error)
{
    struct probe *probe = arg;
    probe->connection = NULL; /* lwIP has freed it */
    probe->outcome = error == ERR_RST ? "refused" : "failed";
}

static void drop(struct probe *probe)
{
    if (probe->connection != NULL) {
        tcp_arg(probe->connection, NULL);
        tcp_err(probe->connection, NULL);
        tcp_abort(probe->connection);
        probe->connection = NULL;
        network_flush();
    }
}

static void answer(struct request *request, const char *name, const char *value)
{
    char buffer[64];
    struct text text = text_in(buffer, sizeof buffer);
    text_add(&text, "{\"");
    text_add(&text, name);
    text_add(&text, "\":");
    text_add(&text, value);
    text_add_char(&text, '}');
    request_answer(request, &(struct answer){.status = 200,
                                             .content_type = "application/json",
                                             .headers = "Cache-Control: no-store\r\n",
                                             .body = buffer,
                                             .length = text.length});
}

/* A decimal number up to `max` at the start of the slice, which begins after it then. */
static bool take_number(struct slice *slice, uint32_t max, uint32_t *number)
{
    size_t digits = 0;
    *number = 0;
    while (digits < slice->length && slice->at[digits] >= '0' && slice->at[digits] <= '9' && *number <= max) {
        *number = *number * 10 + (uint32_t)(slice->at[digits++] - '0');
    }
    slice->at += digits;
    slice->length -= digits;
    return digits > 0 && *number <= max;
}

static bool read_number(struct request *request, const char *name, uint32_t max, uint32_t *number)
{
    char buffer[16];
    struct slice value;
    return request_parameter(request, name, buffer, sizeof buffer, &value) == QUERY_FOUND &&
           take_number(&value, max, number) && value.length == 0;
}

static bool read_address(struct request *request, const char *name, ip4_addr_t *address)
{
    char buffer[16];
    struct slice value;
    if (request_parameter(request, name, buffer, sizeof buffer, &value) != QUERY_FOUND) {
        return false;
    }
    uint32_t bits = 0;
    for (int i = 0; i < 4; i++) {
        uint32_t part;
        if (!take_number(&value, 255, &part)) {
            return false;
        }
        bits = bits << 8 | part;
        if (i < 3) {
            if (value.length == 0 || value.at[0] != '.') {
                return false;
            }
            value.at++;
            value.length--;
        }
    }
    address->addr = lwip_htonl(bits);
    return value.length == 0;
}

static void begin_connection(struct request *request)
{
    struct probe *probe = request_state(request);
    ip4_addr_t to, from;
    uint32_t port, milliseconds = 1500;
    if (!read_address(request, "ip", &to) || !read_number(request, "port", 65535, &port)) {
        request_problem(request, 400, "ip=A.B.C.D and port=0..65535 are needed", NULL);
        return;
    }
    (void)read_number(request, "ms", 30000, &milliseconds);
    probe->connection = tcp_new();
    if (probe->connection == NULL) {
        request_problem(request, 503, "no memory for a connection", NULL);
        return;
    }
    tcp_arg(probe->connection, probe);
    tcp_err(probe->connection, failed);
    if (read_address(request, "from", &from)) {
        (void)tcp_bind(probe->connection, &from, 0);
    }
    if (tcp_connect(probe->connection, &to, (u16_t)port, connected) != ERR_OK) {
        drop(probe);
        answer(request, "outcome", "\"failed\"");
        return;
    }
    network_flush();
    probe->deadline = clock_nanoseconds() + (uint64_t)milliseconds * 1000000;
    request_sleep(request, LOOK_MILLISECONDS);
}

static void work(struct request *request)
{
    struct probe *probe = request_state(request);
    if (probe->outcome == NULL && clock_nanoseconds() < probe->deadline) {
        request_sleep(request, LOOK_MILLISECONDS);
        return;
    }
    char quoted[16];
    struct text text = text_in(quoted, sizeof quoted - 1);
    text_add_char(&text, '"');
    text_add(&text, probe->outcome ? probe->outcome : "silence");
    text_add_char(&text, '"');
    quoted[text.length] = '\0';
    drop(probe);
    answer(request, "outcome", quoted);
}

static void body(struct request *request, const void *piece, size_t length)
{
    struct probe *probe = request_state(request);
    if (length <= sizeof probe->frame - probe->length) {
        memcpy(probe->frame + probe->length, piece, length);
        probe->length += length;
    }
}

static void send_frame(struct request *request)
{
    struct probe *probe = request_state(request);
    uint32_t count = 1, sent = 0;
    (void)read_number(request, "count", 1000, &count);
    struct pbuf *frame = pbuf_alloc(PBUF_RAW, (u16_t)probe->length, PBUF_RAM);
    if (frame == NULL) {
        request_problem(request, 503, "no memory for the frame", NULL);
        return;
    }
    (void)pbuf_take(frame, probe->frame, (u16_t)probe->length);
    while (sent < count && netif_default->linkoutput(netif_default, frame) == ERR_OK) {
        sent++;
        network_flush();
    }
    pbuf_free(frame);
    char number[12];
    struct text text = text_in(number, sizeof number - 1);
    text_add_number(&text, sent);
    number[text.length] = '\0';
    answer(request, "sent", number);
}

static void complete(struct request *request)
{
    if (request_is(request, "GET", "/connect")) {
        begin_connection(request);
    } else if (request_is(request, "POST", "/frame")) {
        send_frame(request);
    } else {
        request_problem(request, 404, "there are only GET /connect and POST /frame", NULL);
    }
}

static void cancelled(struct request *request) { drop(request_state(request)); }

const struct service service = {
    .name = "probe",
    .state_bytes = sizeof(struct probe),
    .body_bytes_max = FRAME_BYTES_MAX,
    .body = body,
    .complete = complete,
    .work = work,
    .cancelled = cancelled,
};
