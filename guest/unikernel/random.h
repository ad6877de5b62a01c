/* Random bytes: the ChaCha20 block function (RFC 8439) over a key that is renewed from the processor. */
#ifndef PLEIAD_RANDOM_H
#define PLEIAD_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* Mixes new entropy into the key: at boot, and when the machine was restored from a snapshot. */
void random_reseed(void);
/* Mixes bytes that the host gave into the key; random_reseed() puts them in force. */
void random_mix(const void *bytes, size_t length);
void random_bytes(void *memory, size_t length);
uint32_t random_number(void);

/* One 64-byte block of RFC 8439 section 2.3; here for the unit tests. */
void chacha20_block(const uint32_t input[16], uint32_t output[16]);

/* Supplied by the kernel: 64 bits of entropy from RDRAND, or from the jitter of the time-stamp counter. */
uint64_t entropy(void);

#endif
