/* The network card: whole Ethernet frames in and out (virtio 1.1, section 5.1). */
#ifndef PLEIAD_VIRTIO_NET_H
#define PLEIAD_VIRTIO_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ETHERNET_FRAME_BYTES_MAX = 1514 };

/* Finds the card, over memory-mapped registers first and PCI next, and starts it. Panics when there is none. */
void virtio_net_begin(const char *command_line, uint8_t hardware_address[6]);

/* The next received frame, or NULL. It stays valid until it is released; one at a time. */
const void *virtio_net_receive(size_t *length);
void virtio_net_release(void);

/* A buffer for one frame to send, or NULL when the card is behind. Send it, or get the same one next time. */
void *virtio_net_buffer(void);
void virtio_net_send(size_t length);

/* Tells the card what was sent and released since the last call; once for a batch, as it costs an exit. */
void virtio_net_flush(void);

/* Whether a frame has come; after `true` for `sleeping` the next frame interrupts. */
bool virtio_net_pending(bool sleeping);

#endif
