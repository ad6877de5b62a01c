/* Split virtqueues (virtio 1.1, section 2.6), in the layout of the legacy interface (section 2.6.2), which the modern
   one also accepts, and the start of a device (section 3.1.1). */
#include "virtio.h"

#include "cpu.h"
#include "heap.h"
#include "panic.h"

#include <string.h>

enum { RING_ALIGNMENT = 4096 };

uint64_t virtio_negotiate(struct virtio_device *device, uint64_t wanted)
{
    const struct virtio_transport *transport = device->transport;
    transport->write_status(device, 0);
    transport->write_status(device, VIRTIO_ACKNOWLEDGE);
    transport->write_status(device, VIRTIO_ACKNOWLEDGE | VIRTIO_DRIVER);

    uint64_t offered = transport->read_features(device);
    uint64_t agreed = offered & (wanted | (device->legacy ? 0 : VIRTIO_F_VERSION_1));
    if (!device->legacy && !(agreed & VIRTIO_F_VERSION_1)) {
        panic("the network card offers neither the legacy nor the modern interface");
    }
    transport->write_features(device, agreed);
    if (!device->legacy) {
        transport->write_status(device, VIRTIO_ACKNOWLEDGE | VIRTIO_DRIVER | VIRTIO_FEATURES_OK);
        if (!(transport->read_status(device) & VIRTIO_FEATURES_OK)) {
            panic("the network card refuses the features agreed on");
        }
    }
    return agreed;
}

void virtio_ready(struct virtio_device *device)
{
    uint8_t features = device->legacy ? 0 : VIRTIO_FEATURES_OK;
    device->transport->write_status(device, VIRTIO_ACKNOWLEDGE | VIRTIO_DRIVER | features | VIRTIO_DRIVER_OK);
}

void virtqueue_begin(struct virtio_device *device, struct virtqueue *queue, uint16_t number, uint16_t size_wanted)
{
    const struct virtio_transport *transport = device->transport;
    uint16_t size = transport->queue_size_max(device, number);
    if (size == 0) {
        panic("the network card lacks a queue");
    }
    if (size > size_wanted && !transport->queue_size_fixed) {
        size = size_wanted;
    }
    size_t available_end = 16ul * size + 6 + 2ul * size;
    size_t used_at = (available_end + RING_ALIGNMENT - 1) & ~(size_t)(RING_ALIGNMENT - 1);
    size_t bytes = used_at + 6 + 8ul * size;
    char *memory = heap_allocate_aligned(bytes, RING_ALIGNMENT);
    if (memory == NULL) {
        panic("too little memory for the network card's queues");
    }
    memset(memory, 0, bytes);
    *queue = (struct virtqueue){.descriptors = (void *)memory,
                                .available = (void *)(memory + 16ul * size),
                                .used = (void *)(memory + used_at),
                                .number = number,
                                .size = size};
    transport->enable_queue(device, queue);
}

void virtqueue_offer(struct virtqueue *queue, uint16_t head)
{
    queue->available->ring[queue->next_available % queue->size] = head;
    queue->next_available++;
}

void virtqueue_publish(struct virtio_device *device, struct virtqueue *queue)
{
    if (queue->available->index == queue->next_available) {
        return;
    }
    compiler_barrier();
    queue->available->index = queue->next_available;
    fence(); /* section 2.6.13.4: the flag is read after the index was written */
    if (!(queue->used->flags & VIRTQ_NO_NOTIFY)) {
        device->transport->notify(device, queue->number);
    }
}

bool virtqueue_has_used(const struct virtqueue *queue) { return queue->used->index != queue->next_used; }

bool virtqueue_take(struct virtqueue *queue, uint16_t *head, uint32_t *length)
{
    if (!virtqueue_has_used(queue)) {
        return false;
    }
    compiler_barrier();
    uint16_t slot = queue->next_used++ % queue->size;
    *head = (uint16_t)queue->used->ring[slot].head;
    *length = queue->used->ring[slot].length;
    return true;
}

void virtqueue_want_interrupts(struct virtqueue *queue, bool wanted)
{
    queue->available->flags = wanted ? 0 : VIRTQ_NO_INTERRUPT;
    fence(); /* the caller looks at the used ring next, and must not have looked before */
}
