#include "clock.h"
#include "identity.h"
#include "network.h"
#include "random.h"
#include "serial.h"

static void apply(const char *line)
{
    struct identity identity;
    const char *fault = identity_parse(line, &identity);
    if (fault) {
        log_line(fault);
        return;
    }
    if (identity.has_time) {
        clock_set_unix(identity.unix_nanoseconds);
    }
    if (identity.has_seed) {
        random_mix(identity.seed, sizeof identity.seed);
        random_reseed();
    }
    if (identity.has_mac) {
        network_set_mac(identity.mac);
    }
    char buffer[40];
    struct text text = text_in(buffer, sizeof buffer - 1);
    text_add(&text, "identity");
    if (identity.has_address) {
        network_set_address(&identity.configuration);
        text_add(&text, " ip=");
        text_add_ipv4(&text, identity.configuration.address);
    }
    buffer[text.length] = '\0';
    log_line(buffer);
}

void identity_poll(void)
{
    static char line[IDENTITY_LINE_BYTES_MAX + 1];
    static size_t length;
    char byte;
    while (serial_read(&byte)) {
        if (byte != '\n') {
            /* One place stays for the terminator; at the bound the line counts as too long. */
            if (length < sizeof line) {
                line[length++] = byte;
            }
            continue;
        }
        if (length < sizeof line) {
            line[length] = '\0';
            if (identity_is(line)) {
                apply(line);
            }
        }
        length = 0;
    }
}
