/* A test is a function; CHECK records the first thing that is wrong and ends the function. Each guest's own test/test.h lists its tests as TESTS(X). */
#ifndef PLEIAD_CHECK_H
#define PLEIAD_CHECK_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

extern bool test_failed;

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            printf("    %s:%d: not true: %s\n", __FILE__, __LINE__, #condition);                                       \
            test_failed = true;                                                                                        \
            return;                                                                                                    \
        }                                                                                                              \
    } while (0)

#endif
