/* The memory functions that the compiler and lwIP expect. Plain loops over words: under QEMU's translator the string
   instructions of x86 go round by round and are slower. */
#include <stdint.h>
#include <string.h>

/* Words at any address; x86 allows it, and the attributes say so to the compiler. */
typedef uint64_t __attribute__((may_alias, aligned(1))) word;

void *memcpy(void *restrict to, const void *restrict from, size_t length)
{
    char *out = to;
    const char *in = from;
    for (; length >= 32; length -= 32, in += 32, out += 32) {
        uint64_t a = *(const word *)in, b = *(const word *)(in + 8);
        uint64_t c = *(const word *)(in + 16), d = *(const word *)(in + 24);
        *(word *)out = a;
        *(word *)(out + 8) = b;
        *(word *)(out + 16) = c;
        *(word *)(out + 24) = d;
    }
    for (; length >= 8; length -= 8, in += 8, out += 8) {
        *(word *)out = *(const word *)in;
    }
    while (length-- > 0) {
        *out++ = *in++;
    }
    return to;
}

void *memmove(void *to, const void *from, size_t length)
{
    char *out = to;
    const char *in = from;
    if (out <= in || out >= in + length) {
        while (length-- > 0) {
            *out++ = *in++;
        }
    } else {
        while (length-- > 0) {
            out[length] = in[length];
        }
    }
    return to;
}

void *memset(void *memory, int value, size_t length)
{
    char *out = memory;
    uint64_t pattern = (uint8_t)value * 0x0101010101010101ull;
    for (; length >= 8; length -= 8, out += 8) {
        *(word *)out = pattern;
    }
    while (length-- > 0) {
        *out++ = (char)value;
    }
    return memory;
}

int memcmp(const void *left, const void *right, size_t length)
{
    const unsigned char *a = left, *b = right;
    for (size_t i = 0; i < length; i++) {
        if (a[i] != b[i]) {
            return a[i] - b[i];
        }
    }
    return 0;
}

void *memchr(const void *memory, int value, size_t length)
{
    const unsigned char *at = memory;
    for (size_t i = 0; i < length; i++) {
        if (at[i] == (unsigned char)value) {
            return (void *)(uintptr_t)(at + i);
        }
    }
    return NULL;
}

size_t strlen(const char *text)
{
    size_t length = 0;
    while (text[length] != '\0') {
        length++;
    }
    return length;
}

char *strchr(const char *text, int character)
{
    for (;; text++) {
        if (*text == (char)character) {
            return (char *)(uintptr_t)text;
        }
        if (*text == '\0') {
            return NULL;
        }
    }
}

int strncmp(const char *left, const char *right, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (left[i] != right[i] || left[i] == '\0') {
            return (unsigned char)left[i] - (unsigned char)right[i];
        }
    }
    return 0;
}

int strcmp(const char *left, const char *right) { return strncmp(left, right, SIZE_MAX); }
