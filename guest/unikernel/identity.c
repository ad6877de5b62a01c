#include "identity.h"

#include <string.h>

static const char mark[] = "pleiad-identity 1 ";

bool identity_is(const char *line) { return strncmp(line, mark, sizeof mark - 1) == 0; }

/* Pairs of hexadecimal digits, with a separator between them or none. */
static bool parse_bytes(struct slice text, char separator, uint8_t *bytes, size_t count)
{
    size_t step = separator == '\0' ? 2 : 3;
    if (text.length != count * step - (step - 2)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        const char *at = text.at + i * step;
        int high = hex_digit(at[0]), low = hex_digit(at[1]);
        if (high < 0 || low < 0 || (step == 3 && i + 1 < count && at[2] != separator)) {
            return false;
        }
        bytes[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

static const char *parse_address(const char *line, struct configuration *configuration)
{
    static const char *const words[] = {"ip", "prefix", "gateway"};
    static const char *const before[] = {"ip=", "/", " gw="};
    struct slice value;
    char buffer[80];
    struct text text = text_in(buffer, sizeof buffer - 1);
    for (int i = 0; i < 3; i++) {
        if (command_line_word(line, words[i], 0, &value)) {
            text_add(&text, before[i]);
            text_add_bytes(&text, value.at, value.length);
        }
    }
    buffer[text.length] = '\0';
    return text.overflow ? "the identity's address is too long" : command_line_configuration(buffer, configuration);
}

const char *identity_parse(const char *line, struct identity *identity)
{
    struct slice value;
    *identity = (struct identity){0};
    if (command_line_word(line, "ip", 0, &value)) {
        const char *fault = parse_address(line, &identity->configuration);
        if (fault) {
            return fault;
        }
        identity->has_address = true;
    }
    if (command_line_word(line, "mac", 0, &value)) {
        if (!parse_bytes(value, ':', identity->mac, sizeof identity->mac) || identity->mac[0] & 1) {
            return "the identity's mac= is no card's address";
        }
        identity->has_mac = true;
    }
    if (command_line_word(line, "seed", 0, &value)) {
        if (!parse_bytes(value, '\0', identity->seed, sizeof identity->seed)) {
            return "the identity's seed= must have 64 hexadecimal digits";
        }
        identity->has_seed = true;
    }
    if (command_line_word(line, "time", 0, &value)) {
        if (!slice_to_number(value, UINT64_MAX / 2, &identity->unix_nanoseconds)) {
            return "the identity's time= must be nanoseconds since 1970";
        }
        identity->has_time = true;
    }
    return NULL;
}
