/* The loopback and the card eth0, by ioctl. */
#ifndef PLEIAD_NETWORK_H
#define PLEIAD_NETWORK_H

#include "configuration.h"
#include "identity.h"

/* Each returns NULL, or the step that failed; errno says why. */
const char *network_begin(const struct configuration *configuration);
/* Replaces address, route and MAC by what the identity has of them; the old ones are gone then. */
const char *network_apply(const struct identity *identity);

#endif
