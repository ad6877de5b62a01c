/* Files that QEMU hands to the guest: -fw_cfg name=opt/pleiad/...,string=... */
#ifndef PLEIAD_FIRMWARE_H
#define PLEIAD_FIRMWARE_H

#include <stdbool.h>
#include <stddef.h>

/* Reads a file as terminated text. False when there is no such file, or it does not fit. */
bool firmware_read(const char *name, char *text, size_t capacity);

#endif
