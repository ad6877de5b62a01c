/* QEMU's fw_cfg device by its I/O ports (QEMU, docs/specs/fw_cfg.rst). Numbers are big-endian. */
#include "firmware.h"

#include "cpu.h"

#include <string.h>

enum {
    SELECTOR = 0x510,
    DATA = 0x511,
    KEY_SIGNATURE = 0x00,
    KEY_DIRECTORY = 0x19,
    FILES_MAX = 256,
    NAME_BYTES = 56,
};

static void read_bytes(void *to, size_t length)
{
    for (char *at = to; length > 0; length--) {
        *at++ = (char)in8(DATA);
    }
}

static uint32_t read_number(unsigned bytes)
{
    uint32_t number = 0;
    while (bytes-- > 0) {
        number = number << 8 | in8(DATA);
    }
    return number;
}

bool firmware_read(const char *name, char *text, size_t capacity)
{
    char signature[4], found[NAME_BYTES + 1];
    out16(SELECTOR, KEY_SIGNATURE);
    read_bytes(signature, sizeof signature);
    if (memcmp(signature, "QEMU", sizeof signature) != 0) {
        return false;
    }
    out16(SELECTOR, KEY_DIRECTORY);
    uint32_t count = read_number(4);
    for (uint32_t i = 0; i < count && i < FILES_MAX; i++) {
        uint32_t size = read_number(4);
        uint16_t key = (uint16_t)read_number(2);
        (void)read_number(2);
        read_bytes(found, NAME_BYTES);
        found[NAME_BYTES] = '\0';
        if (strcmp(found, name) == 0) {
            if (size >= capacity) {
                return false;
            }
            out16(SELECTOR, key);
            read_bytes(text, size);
            text[size] = '\0';
            return true;
        }
    }
    return false;
}
