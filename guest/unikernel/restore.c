#include "restore.h"

#include "clock.h"
#include "command_line.h"
#include "firmware.h"
#include "network.h"
#include "random.h"
#include "serial.h"

void restore_apply(void)
{
    char words[128], buffer[64];
    struct configuration configuration;
    struct text text = text_in(buffer, sizeof buffer - 1);

    clock_measure_again();
    random_reseed();
    text_add(&text, "restored");
    if (firmware_read("opt/pleiad/address", words, sizeof words)) {
        const char *fault = command_line_configuration(words, &configuration);
        if (fault) {
            log_line(fault);
        } else {
            network_set_address(&configuration);
            text_add(&text, " address=");
            text_add_ipv4(&text, configuration.address);
        }
    }
    buffer[text.length] = '\0';
    log_line(buffer);
}
