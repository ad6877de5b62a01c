/* Who the machine is, as the host says it on the serial line: after a clone was restored, and whenever the clock is to
   be set. One line, fields in any order, each of them optional:

       pleiad-identity 1 ip=10.77.0.5 prefix=16 gateway=10.77.0.1 mac=02:50:0a:4d:00:05 seed=HEX time=NANOSECONDS

   docs/clones.md has the protocol; guests of other kinds speak it too. */
#ifndef PLEIAD_IDENTITY_H
#define PLEIAD_IDENTITY_H

#include "command_line.h"

enum { IDENTITY_LINE_BYTES_MAX = 255, IDENTITY_SEED_BYTES = 32 };

struct identity {
    bool has_address, has_mac, has_seed, has_time;
    struct configuration configuration; /* address, prefix and gateway; the port stays as it is */
    uint8_t mac[6];
    uint8_t seed[IDENTITY_SEED_BYTES];
    uint64_t unix_nanoseconds;
};

/* Whether a line (without its end) is one of this kind and version. */
bool identity_is(const char *line);

/* Returns NULL, or what is wrong in words for the serial line; then nothing of it counts. */
const char *identity_parse(const char *line, struct identity *identity);

/* Reads what the host has written, and takes over each whole line. Other lines are ignored, too long ones as well. */
void identity_poll(void);

#endif
