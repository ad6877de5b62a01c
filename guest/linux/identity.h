/* The line by which the host gives a machine what must be its own, after a restore from a template and after a boot:

   pleiad-identity 1 ip=10.77.0.5 prefix=16 gateway=10.77.0.1 mac=02:50:0a:4d:00:05 seed=<64 hex digits> time=<ns>

   Each field may be missing: that part stays as it is. Fields that are not known are passed over, for a newer host. */
#ifndef PLEIAD_IDENTITY_H
#define PLEIAD_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { IDENTITY_LINE_MAX = 512 }; /* a longer line is dropped whole */

struct identity {
    bool has_address, has_gateway, has_mac, has_seed, has_time;
    uint32_t address, gateway; /* host byte order */
    uint8_t prefix;            /* 1-30; comes with the address */
    uint8_t mac[6];
    uint8_t seed[32];
    uint64_t time_nanoseconds; /* since 1970 */
};

/* What is on the serial line, byte by byte. */
struct identity_reader {
    char line[IDENTITY_LINE_MAX];
    size_t length;
    bool too_long;
};

enum identity_result {
    IDENTITY_NONE,  /* no whole line yet, or a line that is something else */
    IDENTITY_READ,  /* `identity` is filled */
    IDENTITY_WRONG, /* an identity with a wrong field, which is named in `wrong`; nothing of it counts */
};

/* Takes one byte. `wrong` points into a static text. */
enum identity_result identity_take(struct identity_reader *reader, char byte, struct identity *identity,
                                   const char **wrong);

#endif
