#include "command_line.h"

#include <string.h>

static bool blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

bool command_line_word(const char *line, const char *key, unsigned index, struct slice *value)
{
    size_t key_length = strlen(key);
    while (*line != '\0') {
        while (blank(*line)) {
            line++;
        }
        const char *end = line;
        while (*end != '\0' && !blank(*end)) {
            end++;
        }
        size_t length = (size_t)(end - line);
        if (length > key_length && line[key_length] == '=' && memcmp(line, key, key_length) == 0) {
            if (index == 0) {
                *value = (struct slice){line + key_length + 1, length - key_length - 1};
                return true;
            }
            index--;
        }
        line = end;
    }
    return false;
}

static bool last_word(const char *line, const char *key, struct slice *value)
{
    unsigned count = 0;
    while (command_line_word(line, key, count, value)) {
        count++;
    }
    return count > 0;
}

/* Splits at the first `separator`; false when there is none. */
static bool split(struct slice text, char separator, struct slice *before, struct slice *after)
{
    for (size_t i = 0; i < text.length; i++) {
        if (text.at[i] == separator) {
            *before = (struct slice){text.at, i};
            *after = (struct slice){text.at + i + 1, text.length - i - 1};
            return true;
        }
    }
    return false;
}

bool parse_ipv4(struct slice text, uint32_t *address)
{
    uint32_t value = 0;
    struct slice rest = text;
    for (int part = 0; part < 4; part++) {
        struct slice digits = rest;
        uint64_t number;
        if (part < 3 && !split(rest, '.', &digits, &rest)) {
            return false;
        }
        /* A leading zero would be octal to some readers: refused rather than guessed. */
        if (!slice_to_number(digits, 255, &number) || (digits.length > 1 && digits.at[0] == '0')) {
            return false;
        }
        value = value << 8 | (uint32_t)number;
    }
    *address = value;
    return true;
}

const char *command_line_configuration(const char *line, struct configuration *configuration)
{
    struct slice value, address, prefix;
    uint64_t number;

    *configuration = (struct configuration){.port = 8080};
    if (!last_word(line, "ip", &value)) {
        return "the command line has no ip=ADDRESS/PREFIX";
    }
    if (!split(value, '/', &address, &prefix) || !parse_ipv4(address, &configuration->address) ||
        !slice_to_number(prefix, 30, &number) || number == 0) {
        return "ip= must be ADDRESS/PREFIX with a prefix of 1-30, for example ip=10.77.0.2/24";
    }
    configuration->prefix = (uint8_t)number;

    uint32_t host_mask = 0xffffffffu >> configuration->prefix;
    uint32_t host = configuration->address & host_mask;
    uint32_t first_octet = configuration->address >> 24;
    if (host == 0 || host == host_mask || first_octet == 0 || first_octet == 127 || first_octet >= 224) {
        return "ip= is not an address that a host can have in its network";
    }
    if (last_word(line, "gw", &value) && value.length > 0) {
        if (!parse_ipv4(value, &configuration->gateway)) {
            return "gw= must be an address, for example gw=10.77.0.1";
        }
        if ((configuration->gateway ^ configuration->address) & ~host_mask) {
            return "gw= lies outside the network of ip=";
        }
    }
    if (last_word(line, "port", &value)) {
        if (!slice_to_number(value, 65535, &number) || number == 0) {
            return "port= must be 1-65535";
        }
        configuration->port = (uint16_t)number;
    }
    return NULL;
}

static bool parse_hex_or_decimal(struct slice text, uint64_t *number)
{
    if (!slice_starts_with(text, "0x") && !slice_starts_with(text, "0X")) {
        return slice_to_number(text, UINT64_MAX, number);
    }
    uint64_t value = 0;
    if (text.length < 3 || text.length > 18) {
        return false;
    }
    for (size_t i = 2; i < text.length; i++) {
        if (hex_digit(text.at[i]) < 0) {
            return false;
        }
        value = value << 4 | (unsigned)hex_digit(text.at[i]);
    }
    *number = value;
    return true;
}

bool parse_mmio_window(struct slice text, struct mmio_window *window)
{
    struct slice size, rest, address, irq, id;
    uint64_t number, unit = 1;

    if (!split(text, '@', &size, &rest) || !split(rest, ':', &address, &irq)) {
        return false;
    }
    (void)split(irq, ':', &irq, &id); /* an optional device number follows */
    if (size.length > 1) {
        char suffix = (char)(size.at[size.length - 1] | 32);
        unit = suffix == 'k' ? 1024 : suffix == 'm' ? 1024 * 1024 : 1;
        size.length -= unit > 1;
    }
    if (!parse_hex_or_decimal(size, &window->size) || window->size > UINT32_MAX ||
        !parse_hex_or_decimal(address, &window->address) || !slice_to_number(irq, 255, &number)) {
        return false;
    }
    window->size *= unit;
    window->irq = (unsigned)number;
    return true;
}
