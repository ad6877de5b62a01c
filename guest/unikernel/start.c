/* The guest from the first C statement to the loop that it stays in. */
#include "clock.h"
#include "command_line.h"
#include "cpu.h"
#include "http_server.h"
#include "identity.h"
#include "interrupts.h"
#include "memory.h"
#include "network.h"
#include "panic.h"
#include "random.h"
#include "serial.h"
#include "service.h"

_Noreturn void start(uint32_t start_information);

/* RDRAND may fail for a while (Intel SDM volume 1, section 7.3.17); without it the jitter between the time-stamp
   counter and memory accesses has to do. */
uint64_t entropy(void)
{
    uint32_t features[4];
    uint64_t number = 0;
    cpuid(1, features);
    for (int tries = 0; features[2] & 1u << 30 && tries < 10; tries++) {
        uint8_t good;
        __asm__ volatile("rdrand %0; setc %1" : "=r"(number), "=qm"(good) : : "cc");
        if (good) {
            return number ^ read_tsc();
        }
    }
    for (int i = 0; i < 256; i++) {
        fence();
        number = (number << 7 | number >> 57) ^ read_tsc() * 0x9e3779b97f4a7c15ull;
    }
    return number;
}

static void tell_ready(const struct configuration *configuration)
{
    char buffer[160];
    struct text text = text_in(buffer, sizeof buffer - 1);
    text_add(&text, "ready service=");
    text_add(&text, service.name);
    text_add(&text, " address=");
    text_add_ipv4(&text, configuration->address);
    text_add(&text, " port=");
    text_add_number(&text, configuration->port);
    text_add(&text, " memory=");
    text_add_number(&text, memory_total_bytes());
    text_add(&text, " ms=");
    text_add_number(&text, clock_milliseconds());
    buffer[text.length] = '\0';
    log_line(buffer);
}

static void serve(void)
{
    if (interrupts_take_serial()) {
        identity_poll();
    }
    bool did_something = network_poll();
    did_something |= work_run();
    if (did_something) {
        return;
    }
    uint32_t due = network_due(), work = work_due();
    due = work < due ? work : due;
    if (due > 0 && network_may_sleep()) {
        interrupts_wait(due);
    }
}

_Noreturn void start(uint32_t start_information)
{
    uint64_t boot_tsc = read_tsc();
    serial_begin();
    interrupts_begin();
    const char *command_line = memory_begin(start_information);
    clock_begin(boot_tsc);
    random_reseed();

    struct configuration configuration;
    const char *fault = command_line_configuration(command_line, &configuration);
    if (fault) {
        panic(fault);
    }
    network_begin(command_line, &configuration);
    if (service.boot) {
        service.boot();
    }
    http_server_begin(configuration.port);
    serial_listen();
    tell_ready(&configuration);
    for (;;) {
        serve();
    }
}
