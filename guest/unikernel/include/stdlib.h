/* For lwIP, which includes it. atoi is named by netif_find(), which nothing here calls: the linker drops both. */
#ifndef PLEIAD_STDLIB_H
#define PLEIAD_STDLIB_H

#include <stddef.h>

int atoi(const char *text);

#endif
