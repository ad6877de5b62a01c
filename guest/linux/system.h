/* What a Linux system needs before a service can run: file systems, drivers, the root disk. */
#ifndef PLEIAD_SYSTEM_H
#define PLEIAD_SYSTEM_H

#include <stdbool.h>
#include <stddef.h>

/* Mounts /proc, /sys, /dev, /tmp, /run, and makes the console standard input, output and error. */
void system_mount(void);

/* Reads a whole file as a terminated text. False when it is not there or does not fit. */
bool system_read(const char *path, char *text, size_t capacity);
bool system_write(const char *path, const char *text);

/* Loads what /pleiad/modules lists, one path a line, and gives back the memory that the files take. */
void system_load_modules(void);

/* Makes the file system on /dev/NAME the root; false with the reason said. */
bool system_enter_disk(const char *name);

/* Ends the machine, and with it QEMU. */
_Noreturn void system_power_off(void);

#endif
