#include "virtio_net.h"

#include "clock.h"
#include "cpu.h"
#include "heap.h"
#include "interrupts.h"
#include "memory.h"
#include "panic.h"
#include "virtio.h"

#include <string.h>

enum {
    RECEIVE = 0,
    TRANSMIT = 1,
    QUEUE_SIZE = 256,
    BUFFERS_MAX = QUEUE_SIZE / 2, /* two descriptors each: header and frame */
    BUFFERS_MIN = 16,
    BUFFER_BYTES = 1536,
    HEADER_BYTES_MAX = 12,
};
#define FEATURE_MAC (1ull << 5)
#define WAIT_NANOSECONDS 500000

/* The header before each frame is all zeros to send (no offloads are agreed on) and is not read on receipt. Legacy
   devices want it in a descriptor of its own (section 2.6.4.2), modern ones allow it. */
struct side {
    struct virtqueue queue;
    char *frames;
    char header[HEADER_BYTES_MAX];
    uint16_t count;
};

static struct virtio_device device;
static struct side receive, transmit;
static uint16_t received_head, free_heads[BUFFERS_MAX], free_count;

static char *frame_of(const struct side *side, uint16_t head) { return side->frames + (size_t)(head / 2) * BUFFER_BYTES; }

static void begin_side(struct side *side, uint16_t number, uint16_t buffers, uint16_t flags)
{
    virtqueue_begin(&device, &side->queue, number, QUEUE_SIZE);
    side->count = side->queue.size / 2 < buffers ? side->queue.size / 2 : buffers;
    side->frames = heap_allocate((size_t)side->count * BUFFER_BYTES);
    if (side->frames == NULL) {
        panic("too little memory for the network card's buffers");
    }
    for (uint16_t i = 0; i < side->count; i++) {
        struct virtq_descriptor *pair = side->queue.descriptors + 2 * i;
        uint32_t header = device.legacy ? 10 : 12; /* section 5.1.6: num_buffers is new */
        pair[0] = (struct virtq_descriptor){(uintptr_t)side->header, header, VIRTQ_NEXT | flags, (uint16_t)(2 * i + 1)};
        pair[1] = (struct virtq_descriptor){(uintptr_t)frame_of(side, (uint16_t)(2 * i)), BUFFER_BYTES, flags, 0};
    }
}

void virtio_net_begin(const char *command_line, uint8_t hardware_address[6])
{
    if (!virtio_mmio_find(command_line, &device) && !virtio_pci_find(&device)) {
        panic("no network card: neither virtio_mmio.device=SIZE@ADDRESS:IRQ on the command line nor virtio-net on PCI");
    }
    uint64_t features = virtio_negotiate(&device, FEATURE_MAC);
    for (unsigned i = 0; i < 6; i++) {
        /* 52:54:00 is what QEMU gives; a card without an address of its own gets a random one after it. */
        static const uint8_t prefix[3] = {0x52, 0x54, 0x00};
        hardware_address[i] = features & FEATURE_MAC ? device.transport->read_config(&device, i)
                              : i < 3                ? prefix[i]
                                                     : (uint8_t)(read_tsc() >> (i * 3));
    }

    /* A sixteenth of the memory for each direction. */
    size_t fitting = heap_total_bytes() / 16 / BUFFER_BYTES;
    uint16_t buffers = fitting > BUFFERS_MAX ? BUFFERS_MAX : fitting < BUFFERS_MIN ? BUFFERS_MIN : (uint16_t)fitting;
    begin_side(&receive, RECEIVE, buffers, VIRTQ_DEVICE_WRITES);
    begin_side(&transmit, TRANSMIT, buffers, 0);
    virtqueue_want_interrupts(&receive.queue, false);
    virtqueue_want_interrupts(&transmit.queue, false); /* sent buffers are collected when the next one is needed */
    interrupts_route(device.irq, device.transport->acknowledge, &device);
    virtio_ready(&device);

    for (uint16_t i = 0; i < receive.count; i++) {
        virtqueue_offer(&receive.queue, (uint16_t)(2 * i));
    }
    for (uint16_t i = 0; i < transmit.count; i++) {
        free_heads[free_count++] = (uint16_t)(2 * i);
    }
    virtio_net_flush();
}

const void *virtio_net_receive(size_t *length)
{
    uint32_t written, header = device.legacy ? 10 : 12;
    while (virtqueue_take(&receive.queue, &received_head, &written)) {
        if (received_head / 2 >= receive.count || received_head % 2 != 0) {
            panic("the network card returned a buffer that it was never given");
        }
        if (written > header && written - header <= BUFFER_BYTES) {
            *length = written - header;
            return frame_of(&receive, received_head);
        }
        virtio_net_release();
    }
    return NULL;
}

void virtio_net_release(void) { virtqueue_offer(&receive.queue, received_head); }

static void collect_sent(void)
{
    uint16_t head;
    uint32_t length;
    while (virtqueue_take(&transmit.queue, &head, &length)) {
        if (head / 2 >= transmit.count || head % 2 != 0 || free_count == transmit.count) {
            panic("the network card returned a buffer that it was never given");
        }
        free_heads[free_count++] = head;
    }
}

void *virtio_net_buffer(void)
{
    if (free_count == 0) {
        collect_sent();
    }
    if (free_count == 0) {
        /* The card works on another processor of the host: a short wait is cheaper than to lose the frame. */
        virtio_net_flush();
        for (uint64_t limit = clock_nanoseconds() + WAIT_NANOSECONDS; free_count == 0 && clock_nanoseconds() < limit;) {
            collect_sent();
        }
    }
    return free_count > 0 ? frame_of(&transmit, free_heads[free_count - 1]) : NULL;
}

void virtio_net_send(size_t length)
{
    uint16_t head = free_heads[--free_count];
    transmit.queue.descriptors[head + 1].length = (uint32_t)length;
    virtqueue_offer(&transmit.queue, head);
}

void virtio_net_flush(void)
{
    virtqueue_publish(&device, &receive.queue);
    virtqueue_publish(&device, &transmit.queue);
}

bool virtio_net_pending(bool sleeping)
{
    virtqueue_want_interrupts(&receive.queue, sleeping);
    return virtqueue_has_used(&receive.queue);
}
