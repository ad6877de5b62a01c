#ifndef PLEIAD_HTTP_SERVER_H
#define PLEIAD_HTTP_SERVER_H

#include <stdbool.h>
#include <stdint.h>

/* Listens on the port. How many connections are served at once follows from the memory: one for each 16 KiB of heap,
   at most 500; the rest is told 503, and beyond that reset. */
void http_server_begin(uint16_t port);

/* Gives one request that is in work its slice; false when there is none to run. */
bool work_run(void);
/* Milliseconds until a sleeping request wakes; UINT32_MAX when none does. */
uint32_t work_due(void);

#endif
