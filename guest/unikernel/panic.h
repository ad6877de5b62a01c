/* The end of the machine when something is wrong that no request can be told. */
#ifndef PLEIAD_PANIC_H
#define PLEIAD_PANIC_H

#include <stdint.h>

/* What interrupts_stubs.S leaves on the stack. */
struct trap_frame {
    uint64_t r15, r14, r13, r12, r11, r10, r9, r8, rbp, rdi, rsi, rdx, rcx, rbx, rax;
    uint64_t vector, error;
    uint64_t rip, cs, rflags, rsp, ss;
};

/* Writes `pleiad: panic: REASON` and where it was called from, then resets the machine; QEMU's -no-reboot ends it. */
_Noreturn void panic(const char *reason);
/* The same for an exception of the processor, with all registers. */
_Noreturn void panic_trap(const struct trap_frame *frame);

#endif
