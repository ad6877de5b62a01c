/* The network below HTTP: lwIP over the virtio card. */
#ifndef PLEIAD_NETWORK_H
#define PLEIAD_NETWORK_H

#include "command_line.h"

#include <stdbool.h>

void network_begin(const char *command_line, const struct configuration *configuration);
/* The card's address from now on. */
void network_set_mac(const uint8_t mac[6]);
/* In host byte order. */
uint32_t network_address(void);
/* Takes the address over and tells the neighbours. Open connections of another address are reset; the port stays. */
void network_set_address(const struct configuration *configuration);

/* Handles what has been received and what is due, and sends what came of it. True when it did something. */
bool network_poll(void);
/* Sends what was written outside of network_poll. */
void network_flush(void);

/* Milliseconds until the network needs network_poll without a frame coming. */
uint32_t network_due(void);
/* Asks for an interrupt with the next frame; false when a frame is here already. */
bool network_may_sleep(void);

#endif
