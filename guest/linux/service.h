/* The service: one program, in a process group and session of its own, as an unprivileged user. */
#ifndef PLEIAD_SERVICE_H
#define PLEIAD_SERVICE_H

#include "configuration.h"

#include <stdbool.h>
#include <sys/types.h>

struct service {
    pid_t process;
    int output; /* what it and its children write; not blocking */
    bool ended;
    int status; /* as waitpid() gives it, once it has ended */
};

/* False when there is no process for it. A program that cannot be run ends with status 127 and says why. */
bool service_start(struct service *service, struct configuration *configuration);

/* Takes every child that has ended: those of the service become ours when their parents end. */
void service_reap(struct service *service);

/* Copies what has been written to the console. False when nobody can write any more. */
bool service_copy_output(const struct service *service);

/* Says how it ended, as the last line of the log. */
void service_tell_end(const struct service *service);

#endif
