#include "identity.h"

#include "words.h"

#include <string.h>

/* One field; its name when it is wrong, else NULL. */
static const char *read_field(const char *word, size_t length, struct identity *identity, bool *has_prefix)
{
    const char *value;
    size_t size;
    uint64_t number;
    if ((value = words_value(word, length, "ip", &size)) != NULL) {
        identity->has_address = words_ipv4(value, size, &identity->address);
        return identity->has_address ? NULL : "ip";
    }
    if ((value = words_value(word, length, "prefix", &size)) != NULL) {
        *has_prefix = words_number(value, size, 30, &number) && number > 0;
        identity->prefix = *has_prefix ? (uint8_t)number : 0;
        return *has_prefix ? NULL : "prefix";
    }
    if ((value = words_value(word, length, "gateway", &size)) != NULL) {
        identity->has_gateway = words_ipv4(value, size, &identity->gateway);
        return identity->has_gateway ? NULL : "gateway";
    }
    if ((value = words_value(word, length, "mac", &size)) != NULL) {
        identity->has_mac = words_mac(value, size, identity->mac);
        return identity->has_mac ? NULL : "mac";
    }
    if ((value = words_value(word, length, "seed", &size)) != NULL) {
        identity->has_seed = words_hex(value, size, identity->seed, sizeof identity->seed);
        return identity->has_seed ? NULL : "seed";
    }
    if ((value = words_value(word, length, "time", &size)) != NULL) {
        identity->has_time = words_number(value, size, INT64_MAX, &identity->time_nanoseconds);
        return identity->has_time ? NULL : "time";
    }
    return NULL;
}

static enum identity_result read_line(const char *line, struct identity *identity, const char **wrong)
{
    size_t at = 0, length;
    const char *word;
    bool has_prefix = false;
    static const char name[] = "pleiad-identity";
    if (!words_next(line, &at, &word, &length) || length != strlen(name) || memcmp(word, name, length) != 0 ||
        !words_next(line, &at, &word, &length) || length != 1 || *word != '1') {
        return IDENTITY_NONE;
    }
    memset(identity, 0, sizeof *identity);
    while (words_next(line, &at, &word, &length)) {
        *wrong = read_field(word, length, identity, &has_prefix);
        if (*wrong != NULL) {
            return IDENTITY_WRONG;
        }
    }
    if (identity->has_address != has_prefix) {
        *wrong = identity->has_address ? "prefix" : "ip";
        return IDENTITY_WRONG;
    }
    return IDENTITY_READ;
}

enum identity_result identity_take(struct identity_reader *reader, char byte, struct identity *identity,
                                   const char **wrong)
{
    if (byte != '\n' && byte != '\r' && byte != '\0') {
        reader->too_long |= reader->length + 1 >= sizeof reader->line;
        if (!reader->too_long) {
            reader->line[reader->length++] = byte;
        }
        return IDENTITY_NONE;
    }
    bool whole = !reader->too_long;
    reader->line[reader->length] = '\0';
    reader->length = 0;
    reader->too_long = false;
    return whole ? read_line(reader->line, identity, wrong) : IDENTITY_NONE;
}
