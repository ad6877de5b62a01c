#include "http_parser.h"
#include "test.h"

#include <stdlib.h>

static char buffer[HTTP_HEAD_BYTES_MAX];

/* Collects in pieces of `piece` bytes and reads. Returns 0 or the status; `used` gets how many bytes it took. */
static int feed(const char *bytes, size_t length, size_t piece, struct http_head *head, size_t *used)
{
    struct http_head_collector collector = {.buffer = buffer, .capacity = sizeof buffer};
    for (*used = 0; *used < length;) {
        size_t taken, now = length - *used < piece ? length - *used : piece;
        char *exact = malloc(now); /* so that the sanitizer sees every read past the piece */
        memcpy(exact, bytes + *used, now);
        int result = http_head_collect(&collector, exact, now, &taken);
        free(exact);
        *used += taken;
        if (result == HTTP_HEAD_WHOLE) {
            return http_head_parse(buffer, collector.length, head);
        }
        if (result != HTTP_HEAD_MORE) {
            return result;
        }
        if (taken != now) {
            return -2;
        }
    }
    return -1; /* not whole */
}

static struct http_head head;

static int status_of(const char *text)
{
    size_t used;
    return feed(text, strlen(text), SIZE_MAX, &head, &used);
}

void a_request_is_read_into_its_parts(void)
{
    CHECK(status_of("POST /a/b%20c?n=1&m=2?x HTTP/1.1\r\nHost: h\r\nContent-Length: 12\r\n\r\n") == 0);
    CHECK(slice_equals(head.method, "POST"));
    CHECK(slice_equals(head.target, "/a/b%20c?n=1&m=2?x"));
    CHECK(slice_equals(head.path, "/a/b%20c"));
    CHECK(slice_equals(head.query, "n=1&m=2?x"));
    CHECK(head.framing == HTTP_LENGTH && head.content_length == 12);
    CHECK(head.keep_alive && !head.http_1_0 && !head.expects_continue);
    CHECK(status_of("\r\n\r\nGET / HTTP/1.1\r\nHost:\r\n\r\n") == 0);
    CHECK(head.query.length == 0 && head.framing == HTTP_NO_BODY);
}

void a_head_byte_by_byte_equals_a_head_at_once(void)
{
    const char *text = "GET /primes?n=10 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nX: y\r\n\r\nrest";
    for (size_t piece = 1; piece < strlen(text); piece++) {
        size_t used;
        CHECK(feed(text, strlen(text), piece, &head, &used) == 0);
        CHECK(strcmp(text + used, "rest") == 0);
        CHECK(slice_equals(head.path, "/primes") && slice_equals(head.query, "n=10"));
        CHECK(head.framing == HTTP_CHUNKED);
    }
}

void pipelined_requests_are_parted(void)
{
    const char *text = "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: b\r\n\r\n";
    size_t first, second;
    CHECK(feed(text, strlen(text), SIZE_MAX, &head, &first) == 0 && slice_equals(head.path, "/1"));
    CHECK(feed(text + first, strlen(text) - first, SIZE_MAX, &head, &second) == 0 && slice_equals(head.path, "/2"));
    CHECK(first + second == strlen(text));
}

void keep_alive_follows_version_and_connection_field(void)
{
    CHECK(status_of("GET / HTTP/1.1\r\nHost: a\r\nConnection: Close\r\n\r\n") == 0 && !head.keep_alive);
    CHECK(status_of("GET / HTTP/1.1\r\nHost: a\r\nConnection: x , close,\r\n\r\n") == 0 && !head.keep_alive);
    CHECK(status_of("GET / HTTP/1.1\r\nHost: a\r\nConnection: closed\r\n\r\n") == 0 && head.keep_alive);
    CHECK(status_of("GET / HTTP/1.9\r\nHost: a\r\n\r\n") == 0 && head.keep_alive);
    CHECK(status_of("GET / HTTP/1.0\r\n\r\n") == 0 && !head.keep_alive && head.http_1_0);
    CHECK(status_of("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n") == 0 && head.keep_alive);
    CHECK(status_of("GET / HTTP/1.0\r\nConnection: keep-alive\r\nConnection: close\r\n\r\n") == 0 && !head.keep_alive);
}

void header_fields_are_found_in_any_case_and_trimmed(void)
{
    struct slice value;
    CHECK(status_of("GET / HTTP/1.1\r\nhOST:h\r\nX-A: \t one \t\r\nx-a:two\r\nX-Empty:   \r\nX-A-B: no\r\n\r\n") == 0);
    CHECK(http_header(head.headers, "x-a", 0, &value) && slice_equals(value, "one"));
    CHECK(http_header(head.headers, "X-A", 1, &value) && slice_equals(value, "two"));
    CHECK(!http_header(head.headers, "X-A", 2, &value));
    CHECK(http_header(head.headers, "X-Empty", 0, &value) && value.length == 0);
    CHECK(!http_header(head.headers, "X", 0, &value));
}

void absolute_targets_lose_their_authority(void)
{
    CHECK(status_of("GET http://host:80/a?b HTTP/1.1\r\nHost: a\r\n\r\n") == 0);
    CHECK(slice_equals(head.path, "/a") && slice_equals(head.query, "b"));
    CHECK(status_of("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n") == 0 && slice_equals(head.path, "*"));
    CHECK(status_of("GET * HTTP/1.1\r\nHost: a\r\n\r\n") == 400);
    CHECK(status_of("GET http:///a HTTP/1.1\r\nHost: a\r\n\r\n") == 400);
    CHECK(status_of("CONNECT host:80 HTTP/1.1\r\nHost: a\r\n\r\n") == 400);
    CHECK(status_of("GET //host/a HTTP/1.1\r\nHost: a\r\n\r\n") == 0 && slice_equals(head.path, "//host/a"));
}

#define HEAD_WITH(lines) "POST / HTTP/1.1\r\nHost: a\r\n" lines "\r\n"

void framings_that_two_readers_could_see_differently_are_refused(void)
{
    CHECK(status_of(HEAD_WITH("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n")) == 400);
    CHECK(status_of(HEAD_WITH("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n")) == 400);
    CHECK(status_of(HEAD_WITH("Transfer-Encoding: chunked\r\nContent-Length: 0\r\n")) == 400);
    CHECK(status_of(HEAD_WITH("Content-Length: 3\r\nContent-Length: 4\r\n")) == 400);
    CHECK(status_of(HEAD_WITH("Content-Length: 3\r\nContent-Length: 03\r\n")) == 400);
    CHECK(status_of(HEAD_WITH("Content-Length: 3\r\nContent-Length: 3\r\n")) == 0 && head.content_length == 3);
    CHECK(status_of(HEAD_WITH("Content-Length: 3, 3\r\n")) == 400);
    CHECK(status_of(HEAD_WITH("Content-Length: +3\r\n")) == 400);
    CHECK(status_of(HEAD_WITH("Content-Length: 0x3\r\n")) == 400);
    CHECK(status_of(HEAD_WITH("Content-Length:\r\n")) == 400);
    CHECK(status_of(HEAD_WITH("Content-Length: 9223372036854775808\r\n")) == 400);
    CHECK(status_of(HEAD_WITH("Content-Length : 3\r\n")) == 400);
    CHECK(status_of(HEAD_WITH("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n")) == 400);
    CHECK(status_of(HEAD_WITH("Transfer-Encoding: gzip, chunked\r\n")) == 501);
    CHECK(status_of(HEAD_WITH("Transfer-Encoding: xchunked\r\n")) == 501);
    CHECK(status_of(HEAD_WITH("Transfer-Encoding:\r\n")) == 501);
    CHECK(status_of("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n") == 400);
    CHECK(status_of(HEAD_WITH("Transfer-Encoding: CHUNKED\r\n")) == 0 && head.framing == HTTP_CHUNKED);
}

void malformed_heads_are_refused(void)
{
    static const char *const bad[] = {
        "GET / HTTP/1.1\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nNoColon\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\n: empty\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nB d: x\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nB: \x01\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
        "GET /\r\n\r\n",
        "GET\r\n\r\n",
        " GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /  HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /a\tb HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /#f HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET a HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1x\r\nHost: a\r\n\r\n",
        "GET / http/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/11\r\nHost: a\r\n\r\n",
        "G(T / HTTP/1.1\r\nHost: a\r\n\r\n",
        "\x16\x03\x01\x02\x00\x01",
        "GET /\x7f HTTP/1.1\r\nHost: a\r\n\r\n",
        "AVERYLONGMETHODNAMEINDEEDISIT / HTTP/1.1\r\nHost: a\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        int status = status_of(bad[i]);
        if (status != 400) {
            printf("    number %zu gives %d\n", i, status);
        }
        CHECK(status == 400);
    }
    CHECK(status_of("GET / HTTP/2.0\r\nHost: a\r\n\r\n") == 505);
    CHECK(status_of("PRI * HTTP/2.0\r\n\r\n") == 505);
}

void sizes_beyond_the_limits_get_their_own_status(void)
{
    static char text[20000];
    size_t used;
    int length = sprintf(text, "GET /%0*d HTTP/1.1\r\nHost: a\r\n\r\n", HTTP_TARGET_BYTES_MAX - 1, 0);
    CHECK(feed(text, (size_t)length, 100, &head, &used) == 0 && head.target.length == HTTP_TARGET_BYTES_MAX);
    length = sprintf(text, "GET /%0*d HTTP/1.1\r\nHost: a\r\n\r\n", HTTP_TARGET_BYTES_MAX, 0);
    CHECK(feed(text, (size_t)length, 100, &head, &used) == 414);
    length = sprintf(text, "GET /%0*d", 15000, 0);
    CHECK(feed(text, (size_t)length, 100, &head, &used) == 414);
    length = sprintf(text, "GET / HTTP/1.1\r\nHost: a\r\nX: %0*d\r\n\r\n", 8150, 0);
    CHECK(feed(text, (size_t)length, 100, &head, &used) == 0);
    length = sprintf(text, "GET / HTTP/1.1\r\nHost: a\r\nX: %0*d\r\n\r\n", 8180, 0);
    CHECK(feed(text, (size_t)length, 100, &head, &used) == 431 && used == HTTP_HEAD_BYTES_MAX);
    length = sprintf(text, "GET / HTTP/1.1\r\nHost: a\r\n");
    for (int i = 0; i < HTTP_HEADERS_MAX; i++) {
        length += sprintf(text + length, "X: %d\r\n", i);
    }
    length += sprintf(text + length, "\r\n");
    CHECK(feed(text, (size_t)length, 100, &head, &used) == 431);
}

void the_buffer_grows_only_when_it_is_full(void)
{
    const char *text = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    size_t used, length = strlen(text);
    char *small = malloc(10);
    struct http_head_collector collector = {.buffer = small, .capacity = 10};
    CHECK(http_head_collect(&collector, text, length, &used) == HTTP_HEAD_FULL && used == 10);
    char *larger = realloc(small, length);
    collector.buffer = larger;
    collector.capacity = length;
    size_t more;
    CHECK(http_head_collect(&collector, text + used, length - used, &more) == HTTP_HEAD_WHOLE && used + more == length);
    CHECK(http_head_parse(larger, collector.length, &head) == 0);
    free(larger);
}

void expectations_are_known_or_refused(void)
{
    CHECK(status_of(HEAD_WITH("Expect: 100-Continue\r\nContent-Length: 1\r\n")) == 0 && head.expects_continue);
    CHECK(status_of(HEAD_WITH("Expect: more\r\n")) == 417);
    CHECK(status_of("POST / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n") == 0 && !head.expects_continue);
}

static bool inside(struct slice slice)
{
    return slice.length == 0 || (slice.at >= buffer && slice.at + slice.length <= buffer + sizeof buffer);
}

void mutated_heads_never_break_the_parser(void)
{
    static const char *const seeds[] = {
        "GET /primes?n=1000 HTTP/1.1\r\nHost: 10.77.0.2:8080\r\nUser-Agent: x\r\nAccept: */*\r\n\r\n",
        "POST http://a/b?c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n5\r\n",
        "PUT /x HTTP/1.0\r\nContent-Length: 5\r\nConnection: keep-alive, close\r\n\r\n12345",
    };
    static const char alphabet[] = "\r\n\r\n :,/?=%*\t\0GET1.0azCLTE;\x7f\xff";
    uint64_t state = 20261122;
    for (int round = 0; round < 60000; round++) {
        char text[512];
        const char *seed = seeds[next_random(&state) % 3];
        size_t length = strlen(seed), used;
        memcpy(text, seed, length);
        for (uint64_t edits = 1 + next_random(&state) % 6; edits > 0 && length > 2; edits--) {
            size_t at = next_random(&state) % length;
            char c = alphabet[next_random(&state) % (sizeof alphabet - 1)];
            switch (next_random(&state) % 4) {
            case 0: text[at] = c; break;
            case 1: memmove(text + at, text + at + 1, --length - at); break;
            case 2:
                memmove(text + at + 1, text + at, length++ - at);
                text[at] = c;
                break;
            default: length = at + 1; break;
            }
        }
        struct http_head once, pieces;
        int first = feed(text, length, SIZE_MAX, &once, &used);
        CHECK(first == -1 || first == 0 || (first >= 400 && first <= 505));
        CHECK(used <= length);
        if (first == 0) {
            CHECK(inside(once.method) && inside(once.target) && inside(once.path) && inside(once.query));
            CHECK(once.method.length > 0 && once.path.length > 0);
            CHECK(memchr(once.target.at, '\r', once.target.length) == NULL);
            CHECK(memchr(once.target.at, ' ', once.target.length) == NULL);
        }
        CHECK(feed(text, length, 1 + next_random(&state) % 7, &pieces, &used) == first);
        if (first == 0) {
            CHECK(once.content_length == pieces.content_length && once.framing == pieces.framing);
            CHECK(once.keep_alive == pieces.keep_alive && once.path.length == pieces.path.length);
        }
    }
}
