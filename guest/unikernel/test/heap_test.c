#include "heap.h"
#include "test.h"

#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>

enum { HEAP_BYTES = 256 * 1024 };

static _Alignas(16) char memory[HEAP_BYTES];
static jmp_buf broken;

_Noreturn void heap_broken(const char *what)
{
    (void)what;
    longjmp(broken, 1);
}

static size_t begin(void)
{
    heap_begin(memory, sizeof memory);
    return heap_used_bytes();
}

void the_heap_gives_aligned_memory_and_takes_it_back(void)
{
    size_t empty = begin();
    void *all[50];
    for (size_t i = 0; i < 50; i++) {
        all[i] = heap_allocate(i * 7);
        CHECK(all[i] != NULL && (uintptr_t)all[i] % 16 == 0);
        memset(all[i], 0xff, i * 7);
    }
    CHECK(heap_used_bytes() > empty);
    for (size_t i = 0; i < 50; i += 2) {
        heap_free(all[i]);
    }
    for (size_t i = 1; i < 50; i += 2) {
        heap_free(all[i]);
    }
    heap_free(NULL);
    CHECK(heap_used_bytes() == empty);
    void *whole = heap_allocate(HEAP_BYTES - 64); /* joined again */
    CHECK(whole != NULL);
    heap_free(whole);
    char *page = heap_allocate_aligned(5000, 4096);
    CHECK(page != NULL && (uintptr_t)page % 4096 == 0);
    memset(page, 1, 5000);
}

void the_heap_reports_exhaustion_and_recovers(void)
{
    size_t empty = begin();
    CHECK(heap_allocate(HEAP_BYTES) == NULL && heap_allocate(SIZE_MAX) == NULL && heap_allocate(SIZE_MAX - 20) == NULL);
    void *all[HEAP_BYTES / 1000];
    size_t count = 0;
    while ((all[count] = heap_allocate(1000)) != NULL) {
        count++;
    }
    CHECK(count > HEAP_BYTES / 1024 - 3);
    CHECK(heap_allocate_cleared(1000) == NULL && heap_reallocate(all[0], 100000) == NULL);
    while (count > 0) {
        heap_free(all[--count]);
    }
    CHECK(heap_used_bytes() == empty);
}

void reallocation_keeps_the_content(void)
{
    size_t empty = begin();
    char *grown = heap_reallocate(NULL, 10);
    memset(grown, 'x', 10);
    void *between = NULL;
    for (size_t size = 20; size < 5000; size += size / 2) {
        grown = heap_reallocate(grown, size);
        CHECK(grown != NULL);
        for (size_t i = 0; i < 10; i++) {
            CHECK(grown[i] == 'x');
        }
        heap_free(between);
        between = heap_allocate(40); /* in the way of growing in place, at times */
    }
    grown = heap_reallocate(grown, 10);
    CHECK(grown != NULL && grown[9] == 'x');
    heap_free(grown);
    heap_free(between);
    CHECK(heap_used_bytes() == empty);
}

void random_use_of_the_heap_never_overlaps(void)
{
    enum { SLOTS = 200 };
    struct {
        unsigned char *at;
        size_t size;
    } slots[SLOTS] = {{0}};
    size_t empty = begin();
    uint64_t state = 99;
    for (int round = 0; round < 200000; round++) {
        size_t i = next_random(&state) % SLOTS;
        size_t size = next_random(&state) % (next_random(&state) % 8 == 0 ? 9000 : 300);
        for (size_t k = 0; k < slots[i].size; k += 61) {
            CHECK(slots[i].at[k] == (unsigned char)i);
        }
        if (slots[i].at && next_random(&state) % 3 == 0) {
            unsigned char *moved = heap_reallocate(slots[i].at, size);
            size_t kept = slots[i].size < size ? slots[i].size : size;
            for (size_t k = 0; moved && k < kept; k += 61) {
                CHECK(moved[k] == (unsigned char)i);
            }
            slots[i].at = moved ? moved : slots[i].at;
            slots[i].size = moved ? size : slots[i].size;
        } else {
            heap_free(slots[i].at);
            slots[i].at = heap_allocate(size);
            slots[i].size = slots[i].at ? size : 0;
        }
        if (slots[i].at) {
            CHECK((char *)slots[i].at >= memory && (char *)slots[i].at + slots[i].size <= memory + sizeof memory);
            memset(slots[i].at, (int)i, slots[i].size);
        }
    }
    for (size_t i = 0; i < SLOTS; i++) {
        heap_free(slots[i].at);
    }
    CHECK(heap_used_bytes() == empty);
}

void a_block_freed_twice_is_noticed(void)
{
    begin();
    void *volatile twice = heap_allocate(100);
    void *volatile other = heap_allocate(100);
    heap_free(twice);
    CHECK(other != NULL);
    if (setjmp(broken) == 0) {
        heap_free(twice);
        CHECK(!"not noticed");
    }
}
