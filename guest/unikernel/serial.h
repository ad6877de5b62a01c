/* The first serial port (16550 at 0x3f8): the log, and lines from the host. */
#ifndef PLEIAD_SERIAL_H
#define PLEIAD_SERIAL_H

#include "text.h"

void serial_begin(void);
void serial_write(const char *bytes, size_t length);

/* From now on bytes from the host interrupt; see interrupts_take_serial(). */
void serial_listen(void);
/* The next byte from the host; false when there is none just now. */
bool serial_read(char *byte);

/* Writes one line `pleiad: TEXT`. Long lines are cut, control characters become '?'. At most LOG_LINES_PER_SECOND
   lines leave in a second; the next line after that says how many were dropped. */
void log_line(const char *text);

enum { LOG_LINE_BYTES_MAX = 200, LOG_LINES_PER_SECOND = 10 };

#endif
