/* Interrupts: they only wake the processor. The guest works with interrupts off and lets them in while it halts, so
   that no code runs between two statements of another. */
#ifndef PLEIAD_INTERRUPTS_H
#define PLEIAD_INTERRUPTS_H

#include <stdint.h>

/* QEMU's and KVM's local APIC counts at 1 GHz; divided by 16. */
#define APIC_TIMER_NANOSECONDS 16u

void interrupts_begin(void);

/* Routes an IO-APIC input to the processor. `acknowledge` runs in the handler, with what was given, and must make the
   device drop its request: inputs are level-triggered. One device at most. */
void interrupts_route(unsigned irq, void (*acknowledge)(void *), void *device);

/* The same for the serial port's input, which is edge-triggered and needs no acknowledgement: it is only remembered. */
void interrupts_route_serial(unsigned irq);
/* Whether the serial port has interrupted since the last call. */
int interrupts_take_serial(void);

/* Halts until an interrupt comes, or until about `milliseconds` have passed. */
void interrupts_wait(uint32_t milliseconds);

/* The APIC timer as a free-running counter, for measuring the clock. */
void apic_timer_free_run(void);
uint32_t apic_timer_elapsed(void);

#endif
