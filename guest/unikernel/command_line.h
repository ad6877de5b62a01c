/* The kernel command line: `ip=10.77.0.2/24 gw=10.77.0.1 port=8080 virtio_mmio.device=512@0xfeb00e00:12`. */
#ifndef PLEIAD_COMMAND_LINE_H
#define PLEIAD_COMMAND_LINE_H

#include "text.h"

/* Addresses are in host byte order. */
struct configuration {
    uint32_t address;
    uint32_t gateway; /* 0: none, only the own network is reached */
    uint8_t prefix;   /* length of the network part, 1-30 */
    uint16_t port;    /* 8080 unless told */
};

/* A device given as SIZE@ADDRESS:IRQ (Linux, Documentation/admin-guide/kernel-parameters, virtio_mmio.device). */
struct mmio_window {
    uint64_t address;
    uint64_t size;
    unsigned irq;
};

/* The value of the `index`-th word `key=value`; false when there are not that many. Words are parted by blanks. */
bool command_line_word(const char *line, const char *key, unsigned index, struct slice *value);

/* Reads ip, gw and port; of a word given twice the last counts, unknown words are ignored.
   Returns NULL, or what is wrong in words for the serial line. */
const char *command_line_configuration(const char *line, struct configuration *configuration);

bool parse_ipv4(struct slice text, uint32_t *address);
bool parse_mmio_window(struct slice text, struct mmio_window *window);

#endif
