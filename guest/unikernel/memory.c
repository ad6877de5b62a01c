#include "memory.h"

#include "cpu.h"
#include "heap.h"
#include "panic.h"

#include <string.h>

enum { COMMAND_LINE_BYTES_MAX = 1024, PAGE = 4096, RAM = 1 };
#define LARGE_PAGE 0x200000ul
#define REACHED (1ul << 30) /* boot.S maps the first GiB */
#define NOT_EXECUTABLE (1ul << 63)
#define WRITABLE 2ul

/* Xen, public/arch-x86/hvm/start_info.h; the memory map is there from version 1 on. */
struct start_information {
    uint32_t magic, version, flags, modules;
    uint64_t module_list, command_line, rsdp, memory_map;
    uint32_t memory_map_entries, reserved;
};

struct memory_map_entry {
    uint64_t address, size;
    uint32_t type, reserved;
};

extern char image_start[], text_end[], constants_end[], image_end[];          /* image.ld */
extern uint64_t page_directories[1024], page_table[512];                      /* boot.S */
extern char stack_guard[];

static char command_line[COMMAND_LINE_BYTES_MAX];
static uint64_t total_bytes;

static uint64_t no_execution(void)
{
    return read_msr(0xc0000080) & 0x800 ? NOT_EXECUTABLE : 0; /* EFER, as boot.S left it */
}

/* Code can be run and not written, constants neither, data and the rest of memory written and not run. Page 0 and the
   page below the stack are not there, so that a null pointer or a stack run over ends in a panic. */
static void protect(void)
{
    uint64_t barred = no_execution();
    for (uintptr_t page = 0; page < LARGE_PAGE; page += PAGE) {
        uint64_t rights = WRITABLE | barred;
        if (page >= (uintptr_t)image_start && page < (uintptr_t)text_end) {
            rights = 0;
        } else if (page >= (uintptr_t)text_end && page < (uintptr_t)constants_end) {
            rights = barred;
        }
        int absent = page == 0 || page == (uintptr_t)stack_guard;
        page_table[page / PAGE] = absent ? 0 : page | rights | 1;
    }
    for (int i = 1; i < 1024; i++) {
        page_directories[i] |= barred;
    }
    page_directories[0] = (uintptr_t)page_table | WRITABLE | 1;
    __asm__ volatile("mov %%cr3, %%rax; mov %%rax, %%cr3" : : : "rax", "memory");
}

const char *memory_begin(uint32_t at)
{
    const struct start_information *start = (const struct start_information *)(uintptr_t)at;
    if (at < PAGE || start->magic != 0x336ec578) {
        panic("the loader gave no PVH start information");
    }
    if (start->version < 1 || start->memory_map_entries == 0) {
        panic("the loader gave no memory map (PVH start information of version 1)");
    }
    if (start->command_line >= PAGE && start->command_line < REACHED) {
        const char *from = (const char *)start->command_line;
        size_t length = 0;
        while (from[length] != '\0') {
            if (++length == COMMAND_LINE_BYTES_MAX) {
                panic("the command line is longer than 1023 bytes");
            }
        }
        memcpy(command_line, from, length);
    }

    const struct memory_map_entry *entries = (const struct memory_map_entry *)start->memory_map;
    uintptr_t heap_start = (uintptr_t)image_end, heap_end = 0;
    for (uint32_t i = 0; i < start->memory_map_entries; i++) {
        uint64_t first = entries[i].address, last = first + entries[i].size;
        if (entries[i].type != RAM) {
            continue;
        }
        /* Firmware keeps some of the memory at the top; the machine was given whole MiB. */
        uint64_t rounded = (last + 0xfffff) & ~0xffffful;
        total_bytes = first >= 1ull << 32 ? total_bytes + entries[i].size : rounded;
        if (first <= heap_start && last > heap_start) {
            heap_end = last < REACHED ? last : REACHED;
        }
    }
    if (heap_end < heap_start + 256 * 1024) {
        panic("too little memory: give the machine 2 MiB or more");
    }
    protect();
    heap_begin((void *)heap_start, heap_end - heap_start);
    return command_line;
}

uint64_t memory_total_bytes(void) { return total_bytes; }

uint64_t memory_used_bytes(void) { return (uint64_t)(image_end - image_start) + heap_used_bytes(); }
