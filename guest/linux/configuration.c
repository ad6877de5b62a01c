#include "configuration.h"

#include "words.h"

#include <string.h>

enum { USER_DEFAULT = 1000 };

/* Room for `length` bytes and a terminator, or NULL. */
static char *keep(struct configuration *configuration, const char *text, size_t length)
{
    if (length >= TEXT_MAX - configuration->text_length) {
        return NULL;
    }
    char *to = configuration->text + configuration->text_length;
    memcpy(to, text, length);
    to[length] = '\0';
    configuration->text_length += length + 1;
    return to;
}

static bool has_variable(const struct configuration *configuration, const char *name, size_t length)
{
    for (size_t i = 0; i < configuration->variable_count; i++) {
        if (strncmp(configuration->variables[i], name, length) == 0 && configuration->variables[i][length] == '=') {
            return true;
        }
    }
    return false;
}

/* `name` need not be terminated; the value is decoded when asked for. */
static bool add_variable(struct configuration *configuration, const char *name, size_t name_length, const char *value,
                         size_t value_length, bool decode)
{
    if (name_length == 0 || configuration->variable_count == VARIABLES_MAX) {
        return false;
    }
    if (has_variable(configuration, name, name_length)) {
        return true;
    }
    size_t begin = configuration->text_length, room;
    char *variable = keep(configuration, name, name_length);
    if (variable == NULL || (room = TEXT_MAX - configuration->text_length) < value_length + 1) {
        configuration->text_length = begin;
        return false;
    }
    variable[name_length] = '=';
    char *to = variable + name_length + 1;
    if (!decode) {
        memcpy(to, value, value_length);
        to[value_length] = '\0';
    } else if (!words_decode(value, value_length, to, room)) {
        configuration->text_length = begin;
        return false;
    }
    configuration->text_length = (size_t)(to - configuration->text) + strlen(to) + 1;
    configuration->variables[configuration->variable_count++] = variable;
    return true;
}

bool configuration_add_variable(struct configuration *configuration, const char *name, const char *value)
{
    return add_variable(configuration, name, strlen(name), value, strlen(value), false);
}

static const char *read_address(struct configuration *configuration, const char *value, size_t length)
{
    const char *slash = memchr(value, '/', length);
    uint64_t prefix;
    if (slash == NULL || !words_ipv4(value, (size_t)(slash - value), &configuration->address) ||
        !words_number(slash + 1, length - (size_t)(slash + 1 - value), 30, &prefix) || prefix == 0) {
        return "pleiad.ip= must be ADDRESS/PREFIX with a prefix of 1-30, for example pleiad.ip=10.77.0.2/16";
    }
    configuration->prefix = (uint8_t)prefix;
    configuration->has_address = true;
    return NULL;
}

static const char *read_word(struct configuration *configuration, const char *word, size_t length)
{
    static const char variable[] = "pleiad.env.";
    const char *value;
    size_t size;
    uint64_t number;
    if ((value = words_value(word, length, "pleiad.ip", &size)) != NULL) {
        return read_address(configuration, value, size);
    }
    if ((value = words_value(word, length, "pleiad.gw", &size)) != NULL) {
        configuration->has_gateway = words_ipv4(value, size, &configuration->gateway);
        return configuration->has_gateway ? NULL : "pleiad.gw= must be an address";
    }
    if ((value = words_value(word, length, "pleiad.port", &size)) != NULL) {
        if (!words_number(value, size, 65535, &number) || number == 0) {
            return "pleiad.port= must be 1-65535";
        }
        configuration->port = (uint16_t)number;
        return NULL;
    }
    if ((value = words_value(word, length, "pleiad.root", &size)) != NULL) {
        if (size == 0 || size >= sizeof configuration->root || memchr(value, '/', size) != NULL) {
            return "pleiad.root= must be a device's name, for example pleiad.root=vda";
        }
        memcpy(configuration->root, value, size);
        configuration->root[size] = '\0';
        return NULL;
    }
    if (length > strlen(variable) && memcmp(word, variable, strlen(variable)) == 0) {
        const char *name = word + strlen(variable), *equals = memchr(name, '=', length - strlen(variable));
        if (equals == NULL || !add_variable(configuration, name, (size_t)(equals - name), equals + 1,
                                            length - (size_t)(equals + 1 - word), true)) {
            return "a pleiad.env.NAME= has no name, a wrong escape, or there is no room for it";
        }
    }
    return NULL;
}

const char *configuration_read_command_line(struct configuration *configuration, const char *line)
{
    size_t at = 0, length;
    const char *word;
    memset(configuration, 0, sizeof *configuration);
    configuration->port = 8080;
    configuration->user = configuration->group = USER_DEFAULT;
    configuration->directory = "/";
    while (words_next(line, &at, &word, &length)) {
        const char *wrong = read_word(configuration, word, length);
        if (wrong != NULL) {
            return wrong;
        }
    }
    return NULL;
}

static const char *read_user(struct configuration *configuration, const char *value, size_t length)
{
    const char *blank = memchr(value, ' ', length);
    uint64_t user, group;
    if (blank == NULL || !words_number(value, (size_t)(blank - value), UINT32_MAX - 1, &user) ||
        !words_number(blank + 1, length - (size_t)(blank + 1 - value), UINT32_MAX - 1, &group)) {
        return "/pleiad/service: user must be two numbers, user and group";
    }
    configuration->user = (uint32_t)user;
    configuration->group = (uint32_t)group;
    return NULL;
}

static const char *read_line(struct configuration *configuration, const char *line, size_t length)
{
    static const char *const keys[] = {"user ", "directory ", "argument "};
    for (size_t key = 0; key < sizeof keys / sizeof *keys; key++) {
        size_t size = strlen(keys[key]);
        if (length < size || memcmp(line, keys[key], size) != 0) {
            continue;
        }
        if (key == 0) {
            return read_user(configuration, line + size, length - size);
        }
        char *kept = keep(configuration, line + size, length - size);
        if (kept == NULL || (key == 2 && configuration->argument_count == ARGUMENTS_MAX)) {
            return "/pleiad/service: too many arguments";
        }
        if (key == 1) {
            configuration->directory = kept;
        } else {
            configuration->arguments[configuration->argument_count++] = kept;
        }
        return NULL;
    }
    return length == 0 ? NULL : "/pleiad/service: a line is none of user, directory, argument";
}

const char *configuration_read_service(struct configuration *configuration, const char *file)
{
    while (*file != '\0') {
        const char *end = strchr(file, '\n');
        size_t length = end == NULL ? strlen(file) : (size_t)(end - file);
        const char *wrong = read_line(configuration, file, length);
        if (wrong != NULL) {
            return wrong;
        }
        file += length + (end != NULL);
    }
    return configuration->argument_count > 0 ? NULL : "/pleiad/service names no program";
}
