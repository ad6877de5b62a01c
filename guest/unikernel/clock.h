/* Time since boot from the time-stamp counter, and the account of how much of it the processor worked. */
#ifndef PLEIAD_CLOCK_H
#define PLEIAD_CLOCK_H

#include <stdint.h>

/* Measures the counter against the local APIC's timer (2 ms). Time 0 is `boot_tsc`. */
void clock_begin(uint64_t boot_tsc);
uint64_t clock_nanoseconds(void);
/* The wall clock, since 1970; 0 until the host has told the time. */
void clock_set_unix(uint64_t nanoseconds);
uint64_t clock_unix_nanoseconds(void);
uint32_t clock_milliseconds(void); /* wraps after 49 days; compare by difference */

/* Bracket the halt: everything outside of it counts as work. */
void clock_halting(void);
void clock_woken(void);

uint64_t clock_busy_nanoseconds(void);
/* Share of the last second that was work, in thousandths (0-1000). */
unsigned clock_busy_permille(void);

#endif
