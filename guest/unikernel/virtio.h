/* Virtio 1.1 as far as one network card needs it: a transport (memory-mapped or legacy PCI) and split virtqueues. */
#ifndef PLEIAD_VIRTIO_H
#define PLEIAD_VIRTIO_H

#include "command_line.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    VIRTIO_ID_NETWORK = 1,
    /* Section 2.1 */
    VIRTIO_ACKNOWLEDGE = 1,
    VIRTIO_DRIVER = 2,
    VIRTIO_DRIVER_OK = 4,
    VIRTIO_FEATURES_OK = 8,
};
#define VIRTIO_F_VERSION_1 (1ull << 32) /* section 6 */

/* Section 2.6.5 */
struct virtq_descriptor {
    uint64_t address;
    uint32_t length;
    uint16_t flags, next;
};

enum { VIRTQ_NEXT = 1, VIRTQ_DEVICE_WRITES = 2, VIRTQ_NO_INTERRUPT = 1, VIRTQ_NO_NOTIFY = 1 };

struct virtq_available {
    uint16_t flags, index, ring[];
};

struct virtq_used {
    uint16_t flags, index;
    struct {
        uint32_t head, length;
    } ring[];
};

struct virtqueue {
    struct virtq_descriptor *descriptors;
    volatile struct virtq_available *available;
    volatile struct virtq_used *used;
    uint16_t number, size;
    uint16_t next_available; /* our copy of available->index, published by virtqueue_publish */
    uint16_t next_used;      /* the first used entry not yet taken */
};

struct virtio_device {
    const struct virtio_transport *transport;
    uintptr_t base; /* address of the registers, or first port */
    unsigned irq;
    bool legacy;
};

struct virtio_transport {
    uint64_t (*read_features)(struct virtio_device *device);
    void (*write_features)(struct virtio_device *device, uint64_t features);
    uint8_t (*read_status)(struct virtio_device *device);
    void (*write_status)(struct virtio_device *device, uint8_t status);
    uint8_t (*read_config)(struct virtio_device *device, unsigned offset);
    uint16_t (*queue_size_max)(struct virtio_device *device, uint16_t number);
    bool queue_size_fixed;
    void (*enable_queue)(struct virtio_device *device, const struct virtqueue *queue);
    void (*notify)(struct virtio_device *device, uint16_t number);
    void (*acknowledge)(void *device); /* called by the interrupt handler */
};

/* Find a network card; false when there is none. */
bool virtio_mmio_find(const char *command_line, struct virtio_device *device);
bool virtio_pci_find(struct virtio_device *device);

/* Resets the device and agrees on features: those of `wanted` that it offers, returned. Panics when it refuses. */
uint64_t virtio_negotiate(struct virtio_device *device, uint64_t wanted);
void virtio_ready(struct virtio_device *device);

/* Sets a queue up with at most `size_wanted` entries; more when the transport fixes the size. */
void virtqueue_begin(struct virtio_device *device, struct virtqueue *queue, uint16_t number, uint16_t size_wanted);
/* Makes a chain that begins at `head` available; the device sees it after virtqueue_publish. */
void virtqueue_offer(struct virtqueue *queue, uint16_t head);
/* Shows the device what was offered and notifies it, unless it said that it looks by itself. */
void virtqueue_publish(struct virtio_device *device, struct virtqueue *queue);
/* Takes the next chain that the device is done with; false when there is none. */
bool virtqueue_take(struct virtqueue *queue, uint16_t *head, uint32_t *length);
bool virtqueue_has_used(const struct virtqueue *queue);
void virtqueue_want_interrupts(struct virtqueue *queue, bool wanted);

#endif
