#include "text.h"

#include <string.h>

static char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c; }

bool slice_equals(struct slice slice, const char *text)
{
    return strlen(text) == slice.length && memcmp(slice.at, text, slice.length) == 0;
}

bool slice_equals_ignoring_case(struct slice slice, const char *text)
{
    for (size_t i = 0; i < slice.length; i++) {
        if (text[i] == '\0' || lower(slice.at[i]) != lower(text[i])) {
            return false;
        }
    }
    return text[slice.length] == '\0';
}

bool slice_starts_with(struct slice slice, const char *prefix)
{
    size_t length = strlen(prefix);
    return slice.length >= length && memcmp(slice.at, prefix, length) == 0;
}

bool slice_to_number(struct slice slice, uint64_t maximum, uint64_t *number)
{
    uint64_t value = 0;
    if (slice.length == 0) {
        return false;
    }
    for (size_t i = 0; i < slice.length; i++) {
        if (slice.at[i] < '0' || slice.at[i] > '9') {
            return false;
        }
        uint64_t digit = (uint64_t)(slice.at[i] - '0');
        if (digit > maximum || value > (maximum - digit) / 10) {
            return false;
        }
        value = value * 10 + digit;
    }
    *number = value;
    return true;
}

int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)(c | 32);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

struct text text_in(char *buffer, size_t capacity)
{
    return (struct text){.buffer = buffer, .capacity = capacity};
}

void text_add_bytes(struct text *text, const void *bytes, size_t length)
{
    if (text->capacity - text->length < length) {
        text->overflow = true;
        return;
    }
    memcpy(text->buffer + text->length, bytes, length);
    text->length += length;
}

void text_add(struct text *text, const char *terminated) { text_add_bytes(text, terminated, strlen(terminated)); }

void text_add_char(struct text *text, char character) { text_add_bytes(text, &character, 1); }

void text_add_number(struct text *text, uint64_t number) { text_add_decimal(text, number, 0); }

void text_add_decimal(struct text *text, uint64_t number, unsigned decimals)
{
    char digits[24];
    size_t start = sizeof digits;
    for (unsigned written = 0; number > 0 || written <= decimals; written++) {
        if (decimals > 0 && written == decimals) {
            digits[--start] = '.';
        }
        digits[--start] = (char)('0' + number % 10);
        number /= 10;
    }
    text_add_bytes(text, digits + start, sizeof digits - start);
}

void text_add_hex(struct text *text, uint64_t number, unsigned digits)
{
    while (digits-- > 0) {
        text_add_char(text, "0123456789abcdef"[(number >> (digits * 4)) & 15]);
    }
}

void text_add_ipv4(struct text *text, uint32_t address)
{
    for (int shift = 24; shift >= 0; shift -= 8) {
        text_add_number(text, (address >> shift) & 255);
        if (shift > 0) {
            text_add_char(text, '.');
        }
    }
}

void text_add_json(struct text *text, struct slice string)
{
    text_add_char(text, '"');
    for (size_t i = 0; i < string.length; i++) {
        unsigned char c = (unsigned char)string.at[i];
        if (c == '"' || c == '\\') {
            text_add_char(text, '\\');
            text_add_char(text, (char)c);
        } else if (c < 0x20 || c >= 0x7f) {
            text_add(text, "\\u");
            text_add_hex(text, c, 4);
        } else {
            text_add_char(text, (char)c);
        }
    }
    text_add_char(text, '"');
}
