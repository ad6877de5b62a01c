#include "clock.h"

#include "cpu.h"
#include "interrupts.h"

enum { BUCKETS = 4 };
#define BUCKET_NANOSECONDS 250000000ull

static uint64_t base_tsc, unix_base;
static uint64_t nanoseconds_per_tick; /* 32.32 fixed point */

static uint64_t busy_total, busy_since;
static uint64_t buckets[BUCKETS], bucket_number;

/* A pair of both counters, taken when the two readings lay closest together: the host may preempt us in between. */
static void read_pair(uint64_t *tsc, uint32_t *timer)
{
    uint64_t best = UINT64_MAX;
    for (int i = 0; i < 8; i++) {
        uint64_t before = read_tsc();
        uint32_t count = apic_timer_elapsed();
        uint64_t gap = read_tsc() - before;
        if (gap < best) {
            best = gap;
            *tsc = before + gap / 2;
            *timer = count;
        }
    }
}

void clock_begin(uint64_t boot_tsc)
{
    uint64_t tsc_first, tsc_last;
    uint32_t timer_first, timer_last;

    base_tsc = boot_tsc;
    apic_timer_free_run();
    read_pair(&tsc_first, &timer_first);
    while (apic_timer_elapsed() - timer_first < 2000000 / APIC_TIMER_NANOSECONDS) {
    }
    read_pair(&tsc_last, &timer_last);
    uint64_t nanoseconds = (uint64_t)(timer_last - timer_first) * APIC_TIMER_NANOSECONDS;
    nanoseconds_per_tick = (nanoseconds << 32) / (tsc_last - tsc_first);
}

uint64_t clock_nanoseconds(void)
{
    return (uint64_t)(((unsigned __int128)(read_tsc() - base_tsc) * nanoseconds_per_tick) >> 32);
}

void clock_set_unix(uint64_t nanoseconds) { unix_base = nanoseconds - clock_nanoseconds(); }

uint64_t clock_unix_nanoseconds(void) { return unix_base == 0 ? 0 : unix_base + clock_nanoseconds(); }

uint32_t clock_milliseconds(void) { return (uint32_t)(clock_nanoseconds() / 1000000); }

/* Moves the buckets on to the one that `now` lies in; those skipped were spent halted. */
static void turn_buckets(uint64_t now)
{
    uint64_t number = now / BUCKET_NANOSECONDS;
    uint64_t steps = number - bucket_number;
    for (uint64_t i = 1; i <= steps && i <= BUCKETS; i++) {
        buckets[(bucket_number + i) % BUCKETS] = 0;
    }
    bucket_number = number;
}

static void account(void)
{
    uint64_t now = clock_nanoseconds();
    uint64_t worked = now - busy_since;
    turn_buckets(now);
    buckets[bucket_number % BUCKETS] += worked;
    busy_total += worked;
    busy_since = now;
}

void clock_halting(void) { account(); }

void clock_woken(void)
{
    busy_since = clock_nanoseconds();
    turn_buckets(busy_since);
}

uint64_t clock_busy_nanoseconds(void)
{
    account();
    return busy_total;
}

unsigned clock_busy_permille(void)
{
    uint64_t sum = 0;
    account();
    for (int i = 0; i < BUCKETS; i++) {
        sum += buckets[i];
    }
    /* The youngest bucket is not full yet. */
    uint64_t span = (BUCKETS - 1) * BUCKET_NANOSECONDS + clock_nanoseconds() % BUCKET_NANOSECONDS;
    uint64_t share = sum * 1000 / span;
    return share > 1000 ? 1000 : (unsigned)share;
}
