#include "interrupts.h"

#include "clock.h"
#include "cpu.h"
#include "panic.h"

#include <stddef.h>

/* Intel SDM volume 3, chapters 6 (interrupts) and 11 (APIC); IO-APIC: Intel 82093AA data sheet. */
enum {
    APIC_BASE = 0x1b, /* MSR */
    APIC_EOI = 0xb0,
    APIC_SPURIOUS = 0xf0,
    APIC_LVT_TIMER = 0x320,
    APIC_LVT_LINT0 = 0x350,
    APIC_LVT_LINT1 = 0x360,
    APIC_TIMER_INITIAL = 0x380,
    APIC_TIMER_CURRENT = 0x390,
    APIC_TIMER_DIVIDE = 0x3e0,
    LVT_MASKED = 1 << 16,
    LEVEL_TRIGGERED = 1 << 15,
    VECTOR_DOUBLE_FAULT = 8,
    VECTOR_DEVICE = 0x20,
    VECTOR_TIMER = 0x21,
    VECTOR_SERIAL = 0x22,
    VECTORS = 0x23, /* with a stub each */
    VECTOR_SPURIOUS = 0xff,
    CODE_SELECTOR = 0x08,
    TSS_SELECTOR = 0x18,
    INTERRUPT_GATE = 0x8e,
};

#define LOCAL_APIC 0xfee00000ul
#define IO_APIC 0xfec00000ul
#define IO_APIC_STEP 0x10000ul /* QEMU's microvm may have a second one, for inputs from 24 on */

struct gate {
    uint16_t offset_low, selector;
    uint8_t stack, type;
    uint16_t offset_middle;
    uint32_t offset_high, reserved;
};

struct __attribute__((packed)) task_state {
    uint32_t reserved;
    uint64_t stacks[3];
    uint64_t reserved_too;
    uint64_t interrupt_stacks[7];
    uint64_t reserved_last;
    uint16_t reserved_end, io_map;
};

extern char interrupt_stubs[], interrupt_stubs_end[], interrupt_spurious[]; /* interrupts_stubs.S */
extern uint64_t gdt[];                                                      /* boot.S */
void interrupt_dispatch(struct trap_frame *frame);

static struct gate gates[256];
static struct task_state task_state;
static char fault_stack[2048] __attribute__((aligned(16)));

static void (*device_acknowledge)(void *);
static void *device_context;
static volatile int serial_seen;
static volatile int timer_armed;
static uint64_t timer_due; /* nanoseconds since boot */

static void apic_write(unsigned reg, uint32_t value) { mmio_write(LOCAL_APIC + reg, value); }

static void set_gate(unsigned vector, const char *handler, uint8_t stack)
{
    uint64_t at = (uint64_t)handler;
    gates[vector] = (struct gate){.offset_low = (uint16_t)at,
                                  .selector = CODE_SELECTOR,
                                  .stack = stack,
                                  .type = INTERRUPT_GATE,
                                  .offset_middle = (uint16_t)(at >> 16),
                                  .offset_high = (uint32_t)(at >> 32)};
}

/* Double faults get a stack of their own: the usual cause is that the usual stack ran over. */
static void load_task_state(void)
{
    uint64_t at = (uint64_t)&task_state;
    task_state.interrupt_stacks[0] = (uint64_t)(fault_stack + sizeof fault_stack);
    task_state.io_map = sizeof task_state;
    gdt[TSS_SELECTOR / 8] = (sizeof task_state - 1) | (at & 0xffffff) << 16 | 0x89ull << 40 | (at >> 24 & 0xff) << 56;
    gdt[TSS_SELECTOR / 8 + 1] = at >> 32;
    __asm__ volatile("ltr %0" : : "r"((uint16_t)TSS_SELECTOR));
}

void interrupts_begin(void)
{
    size_t stub = (size_t)(interrupt_stubs_end - interrupt_stubs) / VECTORS;
    for (unsigned vector = 0; vector < VECTORS; vector++) {
        set_gate(vector, interrupt_stubs + vector * stub, vector == VECTOR_DOUBLE_FAULT ? 1 : 0);
    }
    set_gate(VECTOR_SPURIOUS, interrupt_spurious, 0);
    struct __attribute__((packed)) {
        uint16_t limit;
        uint64_t base;
    } table = {sizeof gates - 1, (uint64_t)gates};
    __asm__ volatile("lidt %0" : : "m"(table));
    load_task_state();

    out8(0x21, 0xff); /* the old interrupt controllers stay silent; absent on microvm */
    out8(0xa1, 0xff);

    write_msr(APIC_BASE, (LOCAL_APIC & ~0xffful) | (read_msr(APIC_BASE) & 0x7ff) | 1 << 11);
    apic_write(APIC_SPURIOUS, 1 << 8 | VECTOR_SPURIOUS);
    apic_write(APIC_LVT_LINT0, LVT_MASKED);
    apic_write(APIC_LVT_LINT1, LVT_MASKED);
    apic_write(APIC_TIMER_DIVIDE, 3); /* by 16 */
    apic_write(APIC_LVT_TIMER, LVT_MASKED | VECTOR_TIMER);
}

static void route(unsigned irq, uint32_t how)
{
    uintptr_t chip = IO_APIC + (irq / 24) * IO_APIC_STEP;
    unsigned entry = 0x10 + 2 * (irq % 24);
    mmio_write(chip, entry + 1); /* register select, then the window at 0x10 */
    mmio_write(chip + 0x10, mmio_read(LOCAL_APIC + 0x20) & 0xff000000);
    mmio_write(chip, entry);
    mmio_write(chip + 0x10, how);
}

void interrupts_route(unsigned irq, void (*acknowledge)(void *), void *device)
{
    device_acknowledge = acknowledge;
    device_context = device;
    route(irq, LEVEL_TRIGGERED | VECTOR_DEVICE);
}

void interrupts_route_serial(unsigned irq) { route(irq, VECTOR_SERIAL); }

void interrupt_dispatch(struct trap_frame *frame)
{
    switch (frame->vector) {
    case VECTOR_DEVICE:
        if (device_acknowledge) {
            device_acknowledge(device_context);
        }
        apic_write(APIC_EOI, 0);
        return;
    case VECTOR_SERIAL:
        serial_seen = 1;
        apic_write(APIC_EOI, 0);
        return;
    case VECTOR_TIMER:
        timer_armed = 0;
        apic_write(APIC_EOI, 0);
        return;
    default:
        panic_trap(frame);
    }
}

/* Leaves the timer alone when it will ring early enough: an early ring costs less than arming it for every halt. */
static void arm_timer(uint32_t milliseconds)
{
    uint64_t now = clock_nanoseconds();
    uint64_t due = now + (uint64_t)milliseconds * 1000000;
    if (timer_armed && timer_due <= due && timer_due > now) {
        return;
    }
    timer_due = due;
    timer_armed = 1;
    apic_write(APIC_LVT_TIMER, VECTOR_TIMER);
    apic_write(APIC_TIMER_INITIAL, (uint32_t)((due - now) / APIC_TIMER_NANOSECONDS));
}

void interrupts_wait(uint32_t milliseconds)
{
    arm_timer(milliseconds < 1 ? 1 : milliseconds > 60000 ? 60000 : milliseconds);
    clock_halting();
    __asm__ volatile("sti; hlt; cli" : : : "memory"); /* sti takes effect after the next instruction: no wake is lost */
    clock_woken();
}

void apic_timer_free_run(void)
{
    timer_armed = 0;
    apic_write(APIC_LVT_TIMER, LVT_MASKED | VECTOR_TIMER);
    apic_write(APIC_TIMER_INITIAL, UINT32_MAX);
}

uint32_t apic_timer_elapsed(void) { return UINT32_MAX - mmio_read(LOCAL_APIC + APIC_TIMER_CURRENT); }

int interrupts_take_serial(void)
{
    int seen = serial_seen;
    serial_seen = 0;
    return seen;
}
