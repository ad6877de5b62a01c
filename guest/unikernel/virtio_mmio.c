/* Virtio over memory-mapped registers (virtio 1.1, sections 4.2.2 and 4.2.4 for the legacy version 1). */
#include "virtio.h"

#include "cpu.h"

enum {
    MAGIC = 0x000,
    VERSION = 0x004,
    DEVICE_ID = 0x008,
    DEVICE_FEATURES = 0x010,
    DEVICE_FEATURES_SELECT = 0x014,
    DRIVER_FEATURES = 0x020,
    DRIVER_FEATURES_SELECT = 0x024,
    LEGACY_PAGE_SIZE = 0x028,
    QUEUE_SELECT = 0x030,
    QUEUE_SIZE_MAX = 0x034,
    QUEUE_SIZE = 0x038,
    LEGACY_QUEUE_ALIGNMENT = 0x03c,
    LEGACY_QUEUE_PAGE = 0x040,
    QUEUE_READY = 0x044,
    QUEUE_NOTIFY = 0x050,
    INTERRUPT_STATUS = 0x060,
    INTERRUPT_ACKNOWLEDGE = 0x064,
    STATUS = 0x070,
    QUEUE_DESCRIPTORS = 0x080,
    QUEUE_AVAILABLE = 0x090,
    QUEUE_USED = 0x0a0,
    CONFIG = 0x100,
};

static uint64_t read_features(struct virtio_device *device)
{
    mmio_write(device->base + DEVICE_FEATURES_SELECT, 1);
    uint64_t high = device->legacy ? 0 : mmio_read(device->base + DEVICE_FEATURES);
    mmio_write(device->base + DEVICE_FEATURES_SELECT, 0);
    return high << 32 | mmio_read(device->base + DEVICE_FEATURES);
}

static void write_features(struct virtio_device *device, uint64_t features)
{
    mmio_write(device->base + DRIVER_FEATURES_SELECT, 1);
    mmio_write(device->base + DRIVER_FEATURES, (uint32_t)(features >> 32));
    mmio_write(device->base + DRIVER_FEATURES_SELECT, 0);
    mmio_write(device->base + DRIVER_FEATURES, (uint32_t)features);
}

static uint8_t read_status(struct virtio_device *device) { return (uint8_t)mmio_read(device->base + STATUS); }

static void write_status(struct virtio_device *device, uint8_t status) { mmio_write(device->base + STATUS, status); }

static uint8_t read_config(struct virtio_device *device, unsigned offset)
{
    return *(volatile uint8_t *)(device->base + CONFIG + offset);
}

static uint16_t queue_size_max(struct virtio_device *device, uint16_t number)
{
    mmio_write(device->base + QUEUE_SELECT, number);
    uint32_t size = mmio_read(device->base + QUEUE_SIZE_MAX);
    return size > 32768 ? 32768 : (uint16_t)size;
}

static void write_address(struct virtio_device *device, unsigned offset, const volatile void *address)
{
    mmio_write(device->base + offset, (uint32_t)(uintptr_t)address);
    mmio_write(device->base + offset + 4, (uint32_t)((uintptr_t)address >> 32));
}

static void enable_queue(struct virtio_device *device, const struct virtqueue *queue)
{
    mmio_write(device->base + QUEUE_SELECT, queue->number);
    mmio_write(device->base + QUEUE_SIZE, queue->size);
    if (device->legacy) {
        mmio_write(device->base + LEGACY_PAGE_SIZE, 4096);
        mmio_write(device->base + LEGACY_QUEUE_ALIGNMENT, 4096);
        mmio_write(device->base + LEGACY_QUEUE_PAGE, (uint32_t)((uintptr_t)queue->descriptors / 4096));
        return;
    }
    write_address(device, QUEUE_DESCRIPTORS, queue->descriptors);
    write_address(device, QUEUE_AVAILABLE, queue->available);
    write_address(device, QUEUE_USED, queue->used);
    mmio_write(device->base + QUEUE_READY, 1);
}

static void notify(struct virtio_device *device, uint16_t number) { mmio_write(device->base + QUEUE_NOTIFY, number); }

static void acknowledge(void *context)
{
    struct virtio_device *device = context;
    mmio_write(device->base + INTERRUPT_ACKNOWLEDGE, mmio_read(device->base + INTERRUPT_STATUS));
}

static const struct virtio_transport transport = {
    .read_features = read_features,
    .write_features = write_features,
    .read_status = read_status,
    .write_status = write_status,
    .read_config = read_config,
    .queue_size_max = queue_size_max,
    .enable_queue = enable_queue,
    .notify = notify,
    .acknowledge = acknowledge,
};

bool virtio_mmio_find(const char *command_line, struct virtio_device *device)
{
    struct slice value;
    struct mmio_window window;
    for (unsigned i = 0; command_line_word(command_line, "virtio_mmio.device", i, &value); i++) {
        /* Only the range that boot.S maps without caching. */
        if (!parse_mmio_window(value, &window) || window.size < CONFIG + 8 || window.address < 0xc0000000 ||
            window.address + window.size > 0x100000000) {
            continue;
        }
        uint32_t version = mmio_read(window.address + VERSION);
        if (mmio_read(window.address + MAGIC) == 0x74726976 && (version == 1 || version == 2) &&
            mmio_read(window.address + DEVICE_ID) == VIRTIO_ID_NETWORK) {
            *device = (struct virtio_device){&transport, window.address, window.irq, version == 1};
            return true;
        }
    }
    return false;
}
