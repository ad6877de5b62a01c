/* The machine's memory: what the loader said there is, how it is mapped, and what is in use. */
#ifndef PLEIAD_MEMORY_H
#define PLEIAD_MEMORY_H

#include <stddef.h>
#include <stdint.h>

/* Reads the PVH start information, protects the image's pages and hands the free memory to the heap. Returns the
   kernel command line, copied to where nothing overwrites it. */
const char *memory_begin(uint32_t start_information);

uint64_t memory_total_bytes(void); /* the RAM that the machine has */
uint64_t memory_used_bytes(void);  /* image with its data and stack, and the heap in use */

#endif
