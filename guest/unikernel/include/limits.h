/* The compiler's own one wants the host's C library after it. */
#ifndef PLEIAD_LIMITS_H
#define PLEIAD_LIMITS_H

#define INT_MAX __INT_MAX__
#define LONG_MAX __LONG_MAX__

#endif
