/* lwIP 2.2 includes it and calls nothing from it here. */
#ifndef PLEIAD_STDIO_H
#define PLEIAD_STDIO_H

#include <stddef.h>

#endif
