#include "query.h"

#include <string.h>

static enum query_result decode(struct slice text, char *buffer, size_t capacity, struct slice *value)
{
    size_t length = 0;
    for (size_t i = 0; i < text.length; i++) {
        char c = text.at[i];
        if (c == '+') {
            c = ' ';
        } else if (c == '%') {
            if (text.length - i < 3 || hex_digit(text.at[i + 1]) < 0 || hex_digit(text.at[i + 2]) < 0) {
                return QUERY_BAD;
            }
            c = (char)(hex_digit(text.at[i + 1]) << 4 | hex_digit(text.at[i + 2]));
            i += 2;
        }
        if (length == capacity) {
            return QUERY_BAD;
        }
        buffer[length++] = c;
    }
    *value = (struct slice){buffer, length};
    return QUERY_FOUND;
}

enum query_result query_parameter(struct slice query, const char *name, char *buffer, size_t capacity,
                                  struct slice *value)
{
    while (query.length > 0) {
        const char *end = memchr(query.at, '&', query.length);
        size_t length = end ? (size_t)(end - query.at) : query.length;
        const char *equals = memchr(query.at, '=', length);
        size_t name_length = equals ? (size_t)(equals - query.at) : length;
        if (slice_equals((struct slice){query.at, name_length}, name)) {
            size_t skipped = equals ? name_length + 1 : name_length;
            return decode((struct slice){query.at + skipped, length - skipped}, buffer, capacity, value);
        }
        size_t taken = end ? length + 1 : length;
        query.at += taken;
        query.length -= taken;
    }
    return QUERY_MISSING;
}
