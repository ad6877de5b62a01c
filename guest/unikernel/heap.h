/* The one heap of the guest: network buffers, connections, services' memory. Constant time, blocks are joined when
   freed. No dependency on the kernel except heap_broken(). */
#ifndef PLEIAD_HEAP_H
#define PLEIAD_HEAP_H

#include <stdbool.h>
#include <stddef.h>

/* Gives the heap its memory; once, before anything else. */
void heap_begin(void *start, size_t bytes);

/* Memory aligned to 16 bytes, not cleared; NULL when there is none of that size. */
void *heap_allocate(size_t bytes);
void *heap_allocate_cleared(size_t bytes);
/* Memory aligned to `alignment`, a power of two. Meant for what is never freed, such as rings of devices. */
void *heap_allocate_aligned(size_t bytes, size_t alignment);
/* Moves to another size and keeps the content. NULL when there is no memory: the old block then stays as it is. */
void *heap_reallocate(void *memory, size_t bytes);
void heap_free(void *memory); /* NULL is allowed */

size_t heap_used_bytes(void); /* with the blocks' own headers */
size_t heap_total_bytes(void);

/* Supplied by the kernel: the heap's records contradict each other. Does not return. */
_Noreturn void heap_broken(const char *what);

#endif
