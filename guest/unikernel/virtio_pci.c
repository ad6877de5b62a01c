/* The legacy interface of virtio over PCI: registers in the I/O ports of BAR 0 (virtio 1.1, section 4.1.4.8). */
#include "virtio.h"

#include "cpu.h"
#include "panic.h"

enum {
    /* PCI local bus specification 3.0: configuration mechanism 1 and the header of type 0 */
    CONFIG_ADDRESS = 0xcf8,
    CONFIG_DATA = 0xcfc,
    PCI_ID = 0x00,
    PCI_COMMAND = 0x04,
    PCI_HEADER_TYPE = 0x0c,
    PCI_BAR0 = 0x10,
    PCI_INTERRUPT = 0x3c,
    COMMAND_IO = 1,
    COMMAND_MASTER = 4,
    /* virtio's vendor, and the network card in its transitional and its modern form */
    TRANSITIONAL_NETWORK = 0x1000,
    MODERN_NETWORK = 0x1041,
    /* Registers */
    DEVICE_FEATURES = 0,
    DRIVER_FEATURES = 4,
    QUEUE_PAGE = 8,
    QUEUE_SIZE = 12,
    QUEUE_SELECT = 14,
    QUEUE_NOTIFY = 16,
    STATUS = 18,
    INTERRUPT_STATUS = 19,
    CONFIG = 20, /* MSI-X stays off */
};

static uint16_t port(const struct virtio_device *device, unsigned offset) { return (uint16_t)(device->base + offset); }

static uint64_t read_features(struct virtio_device *device) { return in32(port(device, DEVICE_FEATURES)); }

static void write_features(struct virtio_device *device, uint64_t features)
{
    out32(port(device, DRIVER_FEATURES), (uint32_t)features);
}

static uint8_t read_status(struct virtio_device *device) { return in8(port(device, STATUS)); }

static void write_status(struct virtio_device *device, uint8_t status) { out8(port(device, STATUS), status); }

static uint8_t read_config(struct virtio_device *device, unsigned offset) { return in8(port(device, CONFIG + offset)); }

static uint16_t queue_size_max(struct virtio_device *device, uint16_t number)
{
    out16(port(device, QUEUE_SELECT), number);
    return in16(port(device, QUEUE_SIZE));
}

static void enable_queue(struct virtio_device *device, const struct virtqueue *queue)
{
    out16(port(device, QUEUE_SELECT), queue->number);
    out32(port(device, QUEUE_PAGE), (uint32_t)((uintptr_t)queue->descriptors / 4096));
}

static void notify(struct virtio_device *device, uint16_t number) { out16(port(device, QUEUE_NOTIFY), number); }

static void acknowledge(void *device) { (void)in8(port(device, INTERRUPT_STATUS)); /* reading clears it */ }

static const struct virtio_transport transport = {
    .read_features = read_features,
    .write_features = write_features,
    .read_status = read_status,
    .write_status = write_status,
    .read_config = read_config,
    .queue_size_max = queue_size_max,
    .queue_size_fixed = true,
    .enable_queue = enable_queue,
    .notify = notify,
    .acknowledge = acknowledge,
};

static uint32_t pci_read(unsigned slot, unsigned offset)
{
    out32(CONFIG_ADDRESS, 1u << 31 | slot << 8 | offset);
    return in32(CONFIG_DATA);
}

static void pci_write(unsigned slot, unsigned offset, uint32_t value)
{
    out32(CONFIG_ADDRESS, 1u << 31 | slot << 8 | offset);
    out32(CONFIG_DATA, value);
}

bool virtio_pci_find(struct virtio_device *device)
{
    /* Bus 0 only, where -device without bus= puts the card; a slot is device * 8 + function. */
    for (unsigned slot = 0; slot < 256; slot++) {
        bool single = slot % 8 != 0 && !(pci_read(slot & ~7u, PCI_HEADER_TYPE) & 0x800000);
        uint32_t id = single ? UINT32_MAX : pci_read(slot, PCI_ID);
        if ((id & 0xffff) != 0x1af4) {
            continue;
        }
        if (id >> 16 == MODERN_NETWORK) {
            panic("the network card has no legacy interface: give it disable-legacy=off");
        }
        if (id >> 16 != TRANSITIONAL_NETWORK) {
            continue;
        }
        uint32_t bar = pci_read(slot, PCI_BAR0);
        if (!(bar & 1) || (bar & 0xfffc) == 0) {
            panic("the network card has no I/O ports: the firmware gave it none");
        }
        pci_write(slot, PCI_COMMAND, (pci_read(slot, PCI_COMMAND) & 0xffff) | COMMAND_IO | COMMAND_MASTER);
        *device = (struct virtio_device){&transport, bar & 0xfffc, pci_read(slot, PCI_INTERRUPT) & 0xff, true};
        return true;
    }
    return false;
}
