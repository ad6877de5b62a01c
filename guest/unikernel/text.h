/* Text in fixed buffers: pieces of text that need no terminator, and a writer that cannot overflow. */
#ifndef PLEIAD_TEXT_H
#define PLEIAD_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A piece of text inside memory that somebody else owns; not terminated. `at` is NULL when there is none. */
struct slice {
    const char *at;
    size_t length;
};

bool slice_equals(struct slice slice, const char *text);
/* The same without regard to ASCII case, as for HTTP field names. */
bool slice_equals_ignoring_case(struct slice slice, const char *text);
bool slice_starts_with(struct slice slice, const char *prefix);

/* Reads decimal digits only: no sign, no blanks. False when empty, not all digits, or beyond `maximum`. */
bool slice_to_number(struct slice slice, uint64_t maximum, uint64_t *number);

/* The value of a hexadecimal digit of either case, or -1. */
int hex_digit(char c);

/* Writes text into a buffer. What does not fit is left out and `overflow` says so; the buffer never overruns. */
struct text {
    char *buffer;
    size_t capacity;
    size_t length;
    bool overflow;
};

struct text text_in(char *buffer, size_t capacity);
void text_add(struct text *text, const char *terminated);
void text_add_bytes(struct text *text, const void *bytes, size_t length);
void text_add_char(struct text *text, char character);
void text_add_number(struct text *text, uint64_t number);
void text_add_hex(struct text *text, uint64_t number, unsigned digits);
/* `number` / 10^`decimals`, for example 1234 with 3 decimals is 1.234. */
void text_add_decimal(struct text *text, uint64_t number, unsigned decimals);
/* Dotted quad of an address in host byte order. */
void text_add_ipv4(struct text *text, uint32_t address);
/* A JSON string with its quotes. Bytes that are not valid in JSON text are escaped; bytes from 0x80 up are written as
   \u00XX, which keeps the answer valid UTF-8 whatever came in. */
void text_add_json(struct text *text, struct slice string);

#endif
