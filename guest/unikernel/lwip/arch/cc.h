/* lwIP's view of this compiler and machine (lwIP: doc/sys_arch.txt). */
#ifndef PLEIAD_LWIP_CC_H
#define PLEIAD_LWIP_CC_H

#include <limits.h>
#include <stddef.h>
#include <stdint.h>

typedef long ssize_t;
#define SSIZE_MAX LONG_MAX
#define LWIP_NO_INTTYPES_H 1
#define LWIP_NO_CTYPE_H 1
#define LWIP_NO_UNISTD_H 1
#define X8_F "02x"
#define U16_F "u"
#define S16_F "d"
#define X16_F "x"
#define U32_F "u"
#define S32_F "d"
#define X32_F "x"
#define SZT_F "zu"

#define BYTE_ORDER LITTLE_ENDIAN
#define LWIP_PLATFORM_BYTESWAP 1
#define LWIP_PLATFORM_HTONS(x) __builtin_bswap16(x)
#define LWIP_PLATFORM_HTONL(x) __builtin_bswap32(x)

#include "checksum.h"
#define LWIP_CHKSUM internet_checksum

#include "random.h"
#define LWIP_RAND() random_number()

/* A broken invariant inside the stack ends the machine: the controller starts another. */
#include "panic.h"
#define LWIP_PLATFORM_ASSERT(message) panic("lwip: " message)
#define LWIP_PLATFORM_DIAG(arguments)

#endif
