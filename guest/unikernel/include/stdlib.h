/* For lwIP: its memory comes from the guest's heap. atoi is named by netif_find(), which nothing here calls: the linker
   drops both. */
#ifndef PLEIAD_STDLIB_H
#define PLEIAD_STDLIB_H

#include "heap.h"

#include <stddef.h>

static inline void *malloc(size_t bytes) { return heap_allocate(bytes); }
static inline void *calloc(size_t count, size_t bytes) { return heap_allocate_cleared(count * bytes); }
static inline void free(void *memory) { heap_free(memory); }

int atoi(const char *text);

#endif
