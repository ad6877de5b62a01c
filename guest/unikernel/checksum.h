#ifndef PLEIAD_CHECKSUM_H
#define PLEIAD_CHECKSUM_H

#include <stdint.h>

/* The sum in the byte order of the data, not complemented, as lwIP's LWIP_CHKSUM wants it. */
uint16_t internet_checksum(const void *data, int length);

#endif
