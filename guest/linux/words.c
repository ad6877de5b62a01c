#include "words.h"

#include <string.h>

static bool blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

bool words_next(const char *text, size_t *at, const char **word, size_t *length)
{
    size_t begin = *at;
    while (blank(text[begin])) {
        begin++;
    }
    size_t end = begin;
    while (text[end] != '\0' && !blank(text[end])) {
        end++;
    }
    *at = end;
    *word = text + begin;
    *length = end - begin;
    return end > begin;
}

const char *words_value(const char *word, size_t length, const char *key, size_t *value_length)
{
    size_t key_length = strlen(key);
    if (length <= key_length || word[key_length] != '=' || memcmp(word, key, key_length) != 0) {
        return NULL;
    }
    *value_length = length - key_length - 1;
    return word + key_length + 1;
}

bool words_number(const char *text, size_t length, uint64_t maximum, uint64_t *number)
{
    uint64_t value = 0;
    if (length == 0) {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return false;
        }
        unsigned digit = (unsigned)(text[i] - '0');
        if (value > (maximum - digit) / 10 || digit > maximum) {
            return false;
        }
        value = value * 10 + digit;
    }
    *number = value;
    return true;
}

bool words_ipv4(const char *text, size_t length, uint32_t *address)
{
    uint32_t value = 0;
    size_t begin = 0;
    for (int part = 0; part < 4; part++) {
        size_t end = begin;
        uint64_t number;
        while (end < length && text[end] != '.') {
            end++;
        }
        /* A leading zero would be octal to some readers: refused rather than guessed. */
        if ((part < 3) != (end < length) || !words_number(text + begin, end - begin, 255, &number) ||
            (end - begin > 1 && text[begin] == '0')) {
            return false;
        }
        value = value << 8 | (uint32_t)number;
        begin = end + 1;
    }
    *address = value;
    return true;
}

static int digit_of(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool words_hex(const char *text, size_t length, uint8_t *bytes, size_t count)
{
    if (length != 2 * count) {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        if (digit_of(text[i]) < 0) {
            return false;
        }
    }
    for (size_t i = 0; i < count; i++) {
        bytes[i] = (uint8_t)(digit_of(text[2 * i]) << 4 | digit_of(text[2 * i + 1]));
    }
    return true;
}

bool words_mac(const char *text, size_t length, uint8_t mac[6])
{
    uint8_t read[6];
    if (length != 17) {
        return false;
    }
    for (size_t i = 0; i < 6; i++) {
        if ((i < 5 && text[3 * i + 2] != ':') || !words_hex(text + 3 * i, 2, read + i, 1)) {
            return false;
        }
    }
    if (read[0] & 1) {
        return false;
    }
    memcpy(mac, read, sizeof read);
    return true;
}

bool words_decode(const char *text, size_t length, char *to, size_t capacity)
{
    size_t written = 0;
    for (size_t i = 0; i < length; i++) {
        char c = text[i];
        if (c == '%') {
            uint8_t byte;
            if (length - i < 3 || !words_hex(text + i + 1, 2, &byte, 1) || byte == 0) {
                return false;
            }
            c = (char)byte;
            i += 2;
        }
        if (written + 1 >= capacity) {
            return false;
        }
        to[written++] = c;
    }
    if (written >= capacity) {
        return false;
    }
    to[written] = '\0';
    return true;
}
