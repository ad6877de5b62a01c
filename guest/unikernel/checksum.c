/* The Internet checksum (RFC 1071) over 64-bit words: carries are counted by a wider sum and folded at the end. */
#include "checksum.h"

typedef uint64_t __attribute__((may_alias, aligned(1))) word;
typedef uint16_t __attribute__((may_alias, aligned(1))) half;

uint16_t internet_checksum(const void *data, int length)
{
    const char *at = data;
    uint64_t sum = 0;
    for (; length >= 8; length -= 8, at += 8) {
        uint64_t value = *(const word *)at;
        sum += value;
        sum += sum < value; /* end-around carry */
    }
    sum = (sum & 0xffffffff) + (sum >> 32);
    for (; length >= 2; length -= 2, at += 2) {
        sum += *(const half *)at;
    }
    if (length > 0) {
        sum += *(const uint8_t *)at;
    }
    sum = (sum & 0xffffffff) + (sum >> 32);
    while (sum >> 16) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return (uint16_t)sum;
}
