/* What this machine is: from the kernel's command line, which the host writes for each machine,

   pleiad.ip=10.77.0.5/16 pleiad.gw=10.77.0.1 pleiad.port=8080 pleiad.env.NAME=text%20with%20escapes pleiad.root=vda

   and from the image's file /pleiad/service, one `key value` a line, the value to the line's end:

   user 1000 1000
   directory /
   argument /service          (as often as needed; the first is the program) */
#ifndef PLEIAD_CONFIGURATION_H
#define PLEIAD_CONFIGURATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { VARIABLES_MAX = 64, ARGUMENTS_MAX = 64, TEXT_MAX = 16384 };

struct configuration {
    bool has_address, has_gateway;
    uint32_t address, gateway; /* host byte order */
    uint8_t prefix;
    uint16_t port; /* 8080 unless given */
    char root[32]; /* the disk that has the root file system, without /dev/; empty: none */

    uint32_t user, group;
    const char *directory;
    char *arguments[ARGUMENTS_MAX + 1];   /* NULL at the end; empty: no service */
    char *variables[VARIABLES_MAX + 1];   /* NAME=value; NULL at the end */
    size_t argument_count, variable_count;

    char text[TEXT_MAX]; /* what the pointers point to */
    size_t text_length;
};

/* Both return NULL, or what is wrong in a sentence. The first begins anew, the second adds to it. */
const char *configuration_read_command_line(struct configuration *configuration, const char *line);
const char *configuration_read_service(struct configuration *configuration, const char *file);

/* Adds a variable unless there is one of that name. False when there is no room. */
bool configuration_add_variable(struct configuration *configuration, const char *name, const char *value);

#endif
