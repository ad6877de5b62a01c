#include "random.h"

#include <string.h>

static uint32_t state[16]; /* 4 constants, 8 words of key, 4 of counter and salt */
static uint32_t block[16];
static size_t taken = sizeof block;

static uint32_t rotate(uint32_t x, int by) { return x << by | x >> (32 - by); }

static void quarter_round(uint32_t *x, int a, int b, int c, int d)
{
    x[a] += x[b], x[d] = rotate(x[d] ^ x[a], 16);
    x[c] += x[d], x[b] = rotate(x[b] ^ x[c], 12);
    x[a] += x[b], x[d] = rotate(x[d] ^ x[a], 8);
    x[c] += x[d], x[b] = rotate(x[b] ^ x[c], 7);
}

void chacha20_block(const uint32_t input[16], uint32_t output[16])
{
    memcpy(output, input, 16 * sizeof *input);
    for (int round = 0; round < 10; round++) {
        for (int i = 0; i < 4; i++) {
            quarter_round(output, i, 4 + i, 8 + i, 12 + i);
        }
        for (int i = 0; i < 4; i++) {
            quarter_round(output, i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4);
        }
    }
    for (int i = 0; i < 16; i++) {
        output[i] += input[i];
    }
}

/* The first half of every block becomes the next key, so that what was given out cannot be computed back; a number
   from the processor goes into the salt, so that two clones of one snapshot part ways with the next block. */
static void refill(void)
{
    uint64_t fresh = entropy();
    state[12]++;
    state[14] ^= (uint32_t)fresh;
    state[15] ^= (uint32_t)(fresh >> 32);
    chacha20_block(state, block);
    memcpy(state + 4, block, 32);
    memset(block, 0, 32);
    taken = 32;
}

void random_mix(const void *bytes, size_t length)
{
    const uint8_t *from = bytes;
    uint8_t *key = (uint8_t *)(state + 4);
    for (size_t i = 0; i < length; i++) {
        key[i % 32] ^= from[i];
    }
}

void random_reseed(void)
{
    static const uint32_t constants[4] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};
    memcpy(state, constants, sizeof constants);
    for (int i = 4; i < 12; i += 2) {
        uint64_t fresh = entropy();
        state[i] ^= (uint32_t)fresh;
        state[i + 1] ^= (uint32_t)(fresh >> 32);
    }
    refill();
}

void random_bytes(void *memory, size_t length)
{
    char *to = memory;
    while (length > 0) {
        if (taken == sizeof block) {
            refill();
        }
        size_t piece = sizeof block - taken < length ? sizeof block - taken : length;
        memcpy(to, (char *)block + taken, piece);
        memset((char *)block + taken, 0, piece);
        taken += piece;
        to += piece;
        length -= piece;
    }
}

uint32_t random_number(void)
{
    uint32_t number;
    random_bytes(&number, sizeof number);
    return number;
}
