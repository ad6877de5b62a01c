/* Reading words: what the kernel's command line, the serial line and the image's files are made of. No allocation; a
   function that returns false leaves its result alone. */
#ifndef PLEIAD_WORDS_H
#define PLEIAD_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The next word of `text` at or after `*at`, words being parted by blanks and line ends. False at the end. */
bool words_next(const char *text, size_t *at, const char **word, size_t *length);

/* The value of `key=value` when the word begins with `key=`, else NULL. */
const char *words_value(const char *word, size_t length, const char *key, size_t *value_length);

bool words_number(const char *text, size_t length, uint64_t maximum, uint64_t *number);
bool words_ipv4(const char *text, size_t length, uint32_t *address);     /* dotted quad, host byte order */
bool words_mac(const char *text, size_t length, uint8_t mac[6]);         /* 02:50:0a:4d:00:05, no group address */
bool words_hex(const char *text, size_t length, uint8_t *bytes, size_t count); /* exactly `count` bytes */

/* Copies `text` with every %XX decoded. False when an escape is wrong, a byte is NUL or it does not fit. */
bool words_decode(const char *text, size_t length, char *to, size_t capacity);

#endif
