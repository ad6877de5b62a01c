#include "panic.h"

#include "cpu.h"
#include "heap.h"
#include "serial.h"

/* The ways out, from polite to certain: keyboard controller (pc), reset register of the chip set (pc, q35), and a
   fault that cannot be handled, which is all that microvm has. */
static _Noreturn void reset_machine(void)
{
    static const struct __attribute__((packed)) {
        uint16_t limit;
        uint64_t base;
    } no_table = {0, 0};
    out8(0x64, 0xfe);
    out8(0xcf9, 0x06);
    __asm__ volatile("lidt %0; int3" : : "m"(no_table));
    for (;;) {
        __asm__ volatile("cli; hlt");
    }
}

static void add_register(struct text *text, const char *name, uint64_t value)
{
    text_add_char(text, ' ');
    text_add(text, name);
    text_add_char(text, '=');
    text_add_hex(text, value, 16);
}

/* One line, so that who reads the serial port by lines has it whole. A fault inside of here must not start over. */
static _Noreturn void end(struct text *text)
{
    static int entered;
    if (entered++ == 0) {
        serial_write(text->buffer, text->length);
        serial_write("\r\n", 2);
    }
    reset_machine();
}

static char buffer[768];

void panic(const char *reason)
{
    struct text text = text_in(buffer, sizeof buffer);
    text_add(&text, "pleiad: panic: ");
    text_add(&text, reason);
    add_register(&text, "at", (uint64_t)__builtin_return_address(0));
    end(&text);
}

void heap_broken(const char *what)
{
    panic(what);
}

void panic_trap(const struct trap_frame *frame)
{
    uint64_t cr2;
    struct text text = text_in(buffer, sizeof buffer);
    __asm__ volatile("mov %%cr2, %0" : "=r"(cr2));
    text_add(&text, "pleiad: panic: exception ");
    text_add_number(&text, frame->vector);
    text_add(&text, frame->vector == 14 ? " (page fault)" : frame->vector == 8 ? " (double fault)" : "");
    add_register(&text, "error", frame->error);
    add_register(&text, "rip", frame->rip);
    add_register(&text, "cr2", cr2);
    add_register(&text, "rflags", frame->rflags);
    add_register(&text, "rsp", frame->rsp);
    add_register(&text, "rax", frame->rax);
    add_register(&text, "rbx", frame->rbx);
    add_register(&text, "rcx", frame->rcx);
    add_register(&text, "rdx", frame->rdx);
    add_register(&text, "rsi", frame->rsi);
    add_register(&text, "rdi", frame->rdi);
    add_register(&text, "rbp", frame->rbp);
    add_register(&text, "r8", frame->r8);
    add_register(&text, "r9", frame->r9);
    add_register(&text, "r10", frame->r10);
    add_register(&text, "r11", frame->r11);
    add_register(&text, "r12", frame->r12);
    add_register(&text, "r13", frame->r13);
    add_register(&text, "r14", frame->r14);
    add_register(&text, "r15", frame->r15);
    end(&text);
}
