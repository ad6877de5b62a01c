/* The guest's memory functions under other names, held to the host's. */
#include "test.h"

#pragma GCC diagnostic ignored "-Wmissing-prototypes" /* their prototypes have the plain names */
#define memcpy guest_memcpy
#define memmove guest_memmove
#define memset guest_memset
#define memcmp guest_memcmp
#define memchr guest_memchr
#define strlen guest_strlen
#define strchr guest_strchr
#define strcmp guest_strcmp
#define strncmp guest_strncmp
#include "../string.c"
#undef memcpy
#undef memmove
#undef memset
#undef memcmp
#undef memchr
#undef strlen
#undef strchr
#undef strcmp
#undef strncmp

static int sign(int number) { return (number > 0) - (number < 0); }

void memory_functions_equal_the_host_s(void)
{
    uint64_t state = 11;
    for (int round = 0; round < 20000; round++) {
        unsigned char ours[160], theirs[160];
        for (size_t i = 0; i < sizeof ours; i++) {
            ours[i] = theirs[i] = (unsigned char)(1 + next_random(&state) % 3);
        }
        size_t from = next_random(&state) % 80, to = next_random(&state) % 80, length = next_random(&state) % 80;
        guest_memmove(ours + to, ours + from, length);
        memmove(theirs + to, theirs + from, length);
        CHECK(memcmp(ours, theirs, sizeof ours) == 0);
        guest_memset(ours + to, (int)(round & 3), length);
        memset(theirs + to, round & 3, length);
        CHECK(memcmp(ours, theirs, sizeof ours) == 0);
        guest_memcpy(ours, theirs + to, length);
        CHECK(memcmp(ours, theirs + to, length) == 0);
        CHECK(sign(guest_memcmp(ours, theirs, 80)) == sign(memcmp(ours, theirs, 80)));
        CHECK(guest_memchr(theirs + to, 3, length) == memchr(theirs + to, 3, length));
        theirs[159] = '\0';
        CHECK(guest_strlen((char *)theirs + from) == strlen((char *)theirs + from));
        CHECK(guest_strchr((char *)theirs, 2) == strchr((char *)theirs, 2));
    }
    CHECK(guest_strcmp("a", "a") == 0 && guest_strcmp("a", "b") < 0 && guest_strcmp("ab", "a") > 0);
    CHECK(guest_strncmp("ab", "ac", 1) == 0 && guest_strncmp("ab", "ac", 2) < 0);
}
