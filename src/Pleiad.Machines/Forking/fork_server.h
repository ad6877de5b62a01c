#ifndef PLEIAD_FORK_SERVER_H
#define PLEIAD_FORK_SERVER_H

#include <stdbool.h>

// Ends the process, saying why: with errno's text, or without.
_Noreturn void give_up(const char *why);
_Noreturn void refuse(const char *what);

// Ends the process if its children would share something that cannot be renewed. Descriptors below the first are not
// looked at, nor the known one.
void look_at_what_is_shared(int first, int known);

// In a child: makes its own what was found.
bool renew_what_is_shared(void);

#endif
