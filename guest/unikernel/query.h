/* Query parameters: `n=1000&name=a%20b`. No dependency on the kernel. */
#ifndef PLEIAD_QUERY_H
#define PLEIAD_QUERY_H

#include "text.h"

enum query_result {
    QUERY_FOUND,
    QUERY_MISSING,
    QUERY_BAD, /* a '%' without two hexadecimal digits, or longer than the buffer */
};

/* Decodes the first parameter of that name into `buffer`: %XX and '+' for a blank. A parameter without '=' is empty.
   Names are compared as sent. `value` points into `buffer` and is not terminated. */
enum query_result query_parameter(struct slice query, const char *name, char *buffer, size_t capacity,
                                  struct slice *value);

#endif
