#include "http_body.h"
#include "test.h"

#include <stdlib.h>

static char content[4096];
static size_t content_length;

/* Decodes in pieces of `step` bytes; `used` gets how many bytes were taken before it was whole or bad. */
static enum http_body_result decode(enum http_framing framing, uint64_t announced, const char *bytes, size_t length,
                                    size_t step, size_t *used)
{
    struct http_head head = {.framing = framing, .content_length = announced};
    struct http_body body;
    http_body_begin(&body, &head);
    content_length = 0;
    *used = 0;
    while (*used < length) {
        size_t now = length - *used < step ? length - *used : step, taken;
        char *exact = malloc(now);
        struct slice piece;
        memcpy(exact, bytes + *used, now);
        enum http_body_result result = http_body_take(&body, exact, now, &taken, &piece);
        if (piece.length > sizeof content - content_length || taken > now || (taken == 0 && result == HTTP_BODY_MORE)) {
            free(exact);
            return HTTP_BODY_BAD;
        }
        memcpy(content + content_length, piece.at, piece.length);
        content_length += piece.length;
        free(exact);
        *used += taken;
        if (result != HTTP_BODY_MORE) {
            return result;
        }
    }
    return HTTP_BODY_MORE;
}

static enum http_body_result decode_chunks(const char *text, size_t step, size_t *used)
{
    return decode(HTTP_CHUNKED, 0, text, strlen(text), step, used);
}

void a_body_by_length_ends_at_its_length(void)
{
    size_t used;
    for (size_t step = 1; step < 12; step++) {
        CHECK(decode(HTTP_LENGTH, 5, "helloNEXT", 9, step, &used) == HTTP_BODY_WHOLE);
        CHECK(used == 5 && content_length == 5 && memcmp(content, "hello", 5) == 0);
    }
    CHECK(decode(HTTP_LENGTH, 5, "hell", 4, 2, &used) == HTTP_BODY_MORE && used == 4);
    CHECK(decode(HTTP_NO_BODY, 0, "NEXT", 4, 4, &used) == HTTP_BODY_WHOLE && used == 0);
}

void chunks_give_their_content_at_any_cut(void)
{
    const char *text = "5\r\nhello\r\n00000A\r\n, dear all\r\n0\r\n\r\nNEXT";
    size_t used;
    for (size_t step = 1; step <= strlen(text); step++) {
        CHECK(decode_chunks(text, step, &used) == HTTP_BODY_WHOLE);
        CHECK(strcmp(text + used, "NEXT") == 0);
        CHECK(content_length == 15 && memcmp(content, "hello, dear all", 15) == 0);
    }
    CHECK(decode_chunks("0\r\n\r\n", 99, &used) == HTTP_BODY_WHOLE && content_length == 0);
}

void trailers_and_extensions_are_dropped(void)
{
    size_t used;
    CHECK(decode_chunks("2;a=\"b\"\r\nhi\r\n0 ;x\r\nDigest: y\r\nMore: z\r\n\r\n", 3, &used) == HTTP_BODY_WHOLE);
    CHECK(content_length == 2 && memcmp(content, "hi", 2) == 0);
}

void malformed_chunks_are_refused(void)
{
    static const char *const bad[] = {
        "\r\n", "x\r\n", "-1\r\n", "0x5\r\n", "5\nhello", "5\r\rhello", "2\r\nhixx", "2\r\nhi\rx", "2\r\nhi\n0\r\n\r\n",
        "1234567890123456789\r\n", "100000000000000\r\n1", ";\r\n", "0\r\nA: b\n\r\n", "0\r\n\r\r", " 5\r\nhello\r\n",
    };
    size_t used;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        enum http_body_result result = decode_chunks(bad[i], 1, &used);
        /* 15 digits fit: that one just never ends. */
        CHECK(result == (strncmp(bad[i], "10000000000", 11) == 0 ? HTTP_BODY_MORE : HTTP_BODY_BAD));
    }
}

void endless_chunk_lines_and_trailers_are_refused(void)
{
    static char text[HTTP_TRAILER_BYTES_MAX + 100];
    size_t used;
    int length = sprintf(text, "1;%0*d", HTTP_CHUNK_LINE_BYTES_MAX + 9, 0);
    CHECK(decode(HTTP_CHUNKED, 0, text, (size_t)length, 50, &used) == HTTP_BODY_BAD);
    length = sprintf(text, "%0*d", HTTP_CHUNK_LINE_BYTES_MAX + 9, 0);
    CHECK(decode(HTTP_CHUNKED, 0, text, (size_t)length, 50, &used) == HTTP_BODY_BAD);
    length = sprintf(text, "0\r\nA: %0*d", HTTP_TRAILER_BYTES_MAX + 9, 0);
    CHECK(decode(HTTP_CHUNKED, 0, text, (size_t)length, 50, &used) == HTTP_BODY_BAD);
    length = sprintf(text, "0\r\n");
    while (length < HTTP_TRAILER_BYTES_MAX + 90) {
        length += sprintf(text + length, "A:b\r\n");
    }
    CHECK(decode(HTTP_CHUNKED, 0, text, (size_t)length, 50, &used) == HTTP_BODY_BAD);
}

void mutated_chunks_never_break_the_decoder(void)
{
    static const char seed[] = "5;x\r\nhello\r\n1f\r\n0123456789012345678901234567890\r\n0\r\nA: b\r\n\r\n";
    static const char alphabet[] = "\r\n0123456789abcfF;: \0x\xff";
    uint64_t state = 1122;
    for (int round = 0; round < 60000; round++) {
        char text[128];
        size_t length = sizeof seed - 1, first_used, used, first_content;
        memcpy(text, seed, length);
        for (uint64_t edits = 1 + next_random(&state) % 5; edits > 0; edits--) {
            text[next_random(&state) % length] = alphabet[next_random(&state) % (sizeof alphabet - 1)];
        }
        enum http_body_result first = decode(HTTP_CHUNKED, 0, text, length, length, &first_used);
        first_content = content_length;
        enum http_body_result cut = decode(HTTP_CHUNKED, 0, text, length, 1 + next_random(&state) % 9, &used);
        CHECK(cut == first);
        CHECK(used == first_used && content_length == first_content);
    }
}
