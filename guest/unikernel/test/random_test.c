#include "checksum.h"
#include "random.h"
#include "test.h"

static uint64_t entropy_state = 5;

uint64_t entropy(void) { return next_random(&entropy_state); }

/* RFC 8439, section 2.3.2 */
void chacha20_matches_rfc_8439(void)
{
    uint32_t input[16] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574, 0x03020100, 0x07060504, 0x0b0a0908, 0x0f0e0d0c,
                          0x13121110, 0x17161514, 0x1b1a1918, 0x1f1e1d1c, 0x00000001, 0x09000000, 0x4a000000, 0x00000000};
    static const uint32_t expected[16] = {0xe4e7f110, 0x15593bd1, 0x1fdd0f50, 0xc47120a3, 0xc7f4d1c7, 0x0368c033,
                                          0x9aaa2204, 0x4e6cd4c3, 0x466482d2, 0x09aa9f07, 0x05d7c214, 0xa2028bd9,
                                          0xd19c12b5, 0xb94e16de, 0xe883d0cb, 0x4e3c50a2};
    uint32_t output[16];
    chacha20_block(input, output);
    CHECK(memcmp(output, expected, sizeof expected) == 0);
}

void random_bytes_do_not_repeat(void)
{
    unsigned char first[100], second[100];
    random_reseed();
    random_bytes(first, sizeof first);
    random_bytes(second, sizeof second);
    CHECK(memcmp(first, second, sizeof first) != 0);
    unsigned ones = 0;
    for (size_t i = 0; i < sizeof first; i++) {
        ones += (unsigned)__builtin_popcount(first[i]);
    }
    CHECK(ones > 320 && ones < 480); /* of 800 bits */
    CHECK(random_number() != random_number());
}

/* RFC 1071, section 3: the sum of these is ddf2 in network byte order. */
void the_checksum_matches_rfc_1071(void)
{
    static const unsigned char data[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
    CHECK(internet_checksum(data, sizeof data) == 0xf2dd);
}

void the_checksum_equals_the_plain_sum_at_any_length(void)
{
    unsigned char data[80];
    uint64_t state = 3;
    for (int round = 0; round < 20000; round++) {
        int offset = round % 8, length = (int)(next_random(&state) % 70);
        for (size_t i = 0; i < sizeof data; i++) {
            data[i] = next_random(&state) % 4 == 0 ? 0xff : (unsigned char)next_random(&state);
        }
        uint32_t sum = 0;
        for (int i = 0; i < length; i++) {
            sum += (uint32_t)data[offset + i] << (i % 2 * 8);
        }
        while (sum >> 16) {
            sum = (sum & 0xffff) + (sum >> 16);
        }
        CHECK(internet_checksum(data + offset, length) == sum);
    }
}
