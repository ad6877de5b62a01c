#include "serial.h"

#include "clock.h"
#include "cpu.h"
#include "interrupts.h"

enum { PORT = 0x3f8, LINE_STATUS = PORT + 5, DATA_READY = 0x01, TRANSMITTER_EMPTY = 0x20, IRQ = 4 };

void serial_begin(void)
{
    out8(PORT + 1, 0x00); /* no interrupts */
    out8(PORT + 3, 0x80); /* divisor latch: 115200 baud */
    out8(PORT + 0, 0x01);
    out8(PORT + 1, 0x00);
    out8(PORT + 3, 0x03); /* 8 data bits, no parity, 1 stop bit */
    out8(PORT + 2, 0xc7); /* FIFO on, emptied */
}

void serial_listen(void)
{
    interrupts_route_serial(IRQ);
    out8(PORT + 4, 0x0b); /* DTR, RTS, and OUT2, which lets the interrupt through */
    out8(PORT + 1, 0x01); /* an interrupt when data have come */
}

bool serial_read(char *byte)
{
    if (!(in8(LINE_STATUS) & DATA_READY)) {
        return false;
    }
    *byte = (char)in8(PORT);
    return true;
}

void serial_write(const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        /* Bounded: a port that nobody reads, or that is not there, must not stop the guest. */
        for (int tries = 0; tries < 10000 && !(in8(LINE_STATUS) & TRANSMITTER_EMPTY); tries++) {
        }
        out8(PORT, (uint8_t)bytes[i]);
    }
}

void log_line(const char *message)
{
    static uint64_t second;
    static unsigned lines;
    static uint64_t dropped;

    uint64_t now = clock_nanoseconds() / 1000000000;
    if (now != second) {
        second = now;
        lines = 0;
    }
    if (lines == LOG_LINES_PER_SECOND) {
        dropped++;
        return;
    }
    lines++;

    char buffer[LOG_LINE_BYTES_MAX + 64];
    struct text text = text_in(buffer, sizeof buffer - 2);
    text_add(&text, "pleiad: ");
    for (size_t i = 0; message[i] != '\0' && i < LOG_LINE_BYTES_MAX; i++) {
        text_add_char(&text, message[i] >= 0x20 && message[i] < 0x7f ? message[i] : '?');
    }
    if (dropped > 0) {
        text_add(&text, " (");
        text_add_number(&text, dropped);
        text_add(&text, " lines dropped)");
        dropped = 0;
    }
    text.capacity += 2;
    text_add(&text, "\r\n");
    serial_write(buffer, text.length);
}
