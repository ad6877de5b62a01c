/* Two-level segregated fit (Masmano et al., "TLSF: a new dynamic memory allocator for real-time systems", 2004), with
   four classes for each power of two. Blocks lie one after the other and know their neighbour below, so that freeing
   joins neighbours at once; a bit map finds the first class that surely fits. */
#include "heap.h"

#include <stdint.h>
#include <string.h>

enum {
    HEADER = 16,
    GRAIN = 16,
    SMALLEST = 16, /* content of a block: room for the two links of a free one */
    CLASSES = 128, /* up to 2^31 bytes and more */
};

struct block {
    struct block *below; /* the neighbour at the lower address, NULL for the first */
    size_t size;         /* of the content; bit 0 says free */
    struct block *next;  /* only in free blocks */
    struct block *previous;
};

static struct block *classes[CLASSES];
static uint64_t filled[CLASSES / 64];
static struct block *top; /* a used block without content that ends the heap */
static size_t total_bytes, used_bytes;

static size_t size_of(const struct block *block) { return block->size & ~(size_t)1; }
static bool is_free(const struct block *block) { return block->size & 1; }
static void *content(struct block *block) { return (char *)block + HEADER; }
static struct block *above(struct block *block) { return (struct block *)((char *)block + HEADER + size_of(block)); }

static unsigned class_of(size_t size)
{
    unsigned power = 63 - (unsigned)__builtin_clzl(size);
    unsigned class = (power - 4) * 4 + (unsigned)((size >> (power - 2)) & 3);
    return class < CLASSES ? class : CLASSES - 1;
}

static void link_free(struct block *block)
{
    unsigned class = class_of(size_of(block));
    block->size |= 1;
    block->previous = NULL;
    block->next = classes[class];
    if (block->next) {
        block->next->previous = block;
    }
    classes[class] = block;
    filled[class / 64] |= 1ul << (class % 64);
}

static void unlink_free(struct block *block)
{
    unsigned class = class_of(size_of(block));
    block->size &= ~(size_t)1;
    if (block->next) {
        block->next->previous = block->previous;
    }
    if (block->previous) {
        block->previous->next = block->next;
    } else {
        classes[class] = block->next;
        if (classes[class] == NULL) {
            filled[class / 64] &= ~(1ul << (class % 64));
        }
    }
}

void heap_begin(void *start, size_t bytes)
{
    uintptr_t first = ((uintptr_t)start + GRAIN - 1) & ~(uintptr_t)(GRAIN - 1);
    uintptr_t end = ((uintptr_t)start + bytes) & ~(uintptr_t)(GRAIN - 1);
    memset(classes, 0, sizeof classes);
    memset(filled, 0, sizeof filled);

    struct block *all = (struct block *)first;
    total_bytes = end - first;
    used_bytes = 2 * HEADER;
    *all = (struct block){.size = total_bytes - 2 * HEADER};
    top = above(all);
    top->below = all;
    top->size = 0;
    link_free(all);
}

/* The first block of a class in which every block is large enough; in the last resort a search of the class below. */
static struct block *find(size_t size)
{
    unsigned class = class_of(size);
    for (unsigned word = (class + 1) / 64, skipped = (class + 1) % 64; word < CLASSES / 64; word++, skipped = 0) {
        uint64_t candidates = filled[word] >> skipped << skipped;
        if (candidates) {
            return classes[word * 64 + (unsigned)__builtin_ctzl(candidates)];
        }
    }
    struct block *block = classes[class];
    while (block && size_of(block) < size) {
        block = block->next;
    }
    return block;
}

/* Cuts a used block down to `size` and frees what is left over, when that can be a block of its own. */
static void trim(struct block *block, size_t size)
{
    size_t over = size_of(block) - size;
    if (over < HEADER + SMALLEST) {
        return;
    }
    block->size = size;
    struct block *rest = above(block);
    rest->below = block;
    rest->size = over - HEADER;
    struct block *next = above(rest);
    if (is_free(next)) {
        unlink_free(next);
        rest->size += HEADER + size_of(next);
        next = above(rest);
    }
    next->below = rest;
    link_free(rest);
}

static size_t rounded(size_t bytes)
{
    return bytes < SMALLEST ? SMALLEST : (bytes + GRAIN - 1) & ~(size_t)(GRAIN - 1);
}

void *heap_allocate(size_t bytes)
{
    if (bytes > total_bytes) {
        return NULL;
    }
    size_t size = rounded(bytes);
    struct block *block = find(size);
    if (block == NULL) {
        return NULL;
    }
    unlink_free(block);
    trim(block, size);
    used_bytes += HEADER + size_of(block);
    return content(block);
}

void *heap_allocate_cleared(size_t bytes)
{
    void *memory = heap_allocate(bytes);
    return memory ? memset(memory, 0, bytes) : NULL;
}

void *heap_allocate_aligned(size_t bytes, size_t alignment)
{
    uintptr_t start = (uintptr_t)heap_allocate(bytes + alignment);
    return start ? (void *)((start + alignment - 1) & ~(alignment - 1)) : NULL;
}

static struct block *used_block(void *memory)
{
    struct block *block = (struct block *)((char *)memory - HEADER);
    if (is_free(block) || above(block) > top || above(block)->below != block) {
        heap_broken("a block freed twice, or written past its end");
    }
    return block;
}

void heap_free(void *memory)
{
    if (memory == NULL) {
        return;
    }
    struct block *block = used_block(memory);
    used_bytes -= HEADER + size_of(block);
    struct block *next = above(block);
    if (is_free(next)) {
        unlink_free(next);
        block->size += HEADER + size_of(next);
    }
    if (block->below && is_free(block->below)) {
        struct block *lower = block->below;
        unlink_free(lower);
        lower->size += HEADER + size_of(block);
        block = lower;
    }
    above(block)->below = block;
    link_free(block);
}

void *heap_reallocate(void *memory, size_t bytes)
{
    if (memory == NULL) {
        return heap_allocate(bytes);
    }
    if (bytes > total_bytes) {
        return NULL;
    }
    struct block *block = used_block(memory);
    size_t old = size_of(block), size = rounded(bytes);
    struct block *next = above(block);
    if (size > old && is_free(next) && old + HEADER + size_of(next) >= size) {
        unlink_free(next);
        block->size = old + HEADER + size_of(next);
        above(block)->below = block;
    }
    if (size_of(block) >= size) {
        trim(block, size);
        used_bytes = used_bytes - old + size_of(block);
        return memory;
    }
    void *moved = heap_allocate(bytes);
    if (moved) {
        memcpy(moved, memory, old < bytes ? old : bytes);
        heap_free(memory);
    }
    return moved;
}

size_t heap_used_bytes(void) { return used_bytes; }
size_t heap_total_bytes(void) { return total_bytes; }
