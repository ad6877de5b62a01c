#include "query.h"
#include "test.h"

static char buffer[16];
static struct slice value;

static enum query_result look(const char *query, const char *name)
{
    return query_parameter(slice_of(query), name, buffer, sizeof buffer, &value);
}

void query_parameters_are_decoded(void)
{
    CHECK(look("n=1000", "n") == QUERY_FOUND && slice_equals(value, "1000"));
    CHECK(look("a=1&n=2&n=3", "n") == QUERY_FOUND && slice_equals(value, "2"));
    CHECK(look("nn=1&n", "n") == QUERY_FOUND && value.length == 0);
    CHECK(look("n=", "n") == QUERY_FOUND && value.length == 0);
    CHECK(look("n=a%20b+c%3D%3d", "n") == QUERY_FOUND && slice_equals(value, "a b c=="));
    CHECK(look("n==", "n") == QUERY_FOUND && slice_equals(value, "="));
    CHECK(look("n=%00", "n") == QUERY_FOUND && value.length == 1 && value.at[0] == '\0');
    CHECK(look("", "n") == QUERY_MISSING);
    CHECK(look("&&=&m=1", "n") == QUERY_MISSING);
}

void broken_or_long_parameters_are_told(void)
{
    CHECK(look("n=%", "n") == QUERY_BAD);
    CHECK(look("n=%2", "n") == QUERY_BAD);
    CHECK(look("n=%2&x", "n") == QUERY_BAD);
    CHECK(look("n=%g0", "n") == QUERY_BAD);
    CHECK(look("n=0123456789abcdef", "n") == QUERY_FOUND);
    CHECK(look("n=0123456789abcdefg", "n") == QUERY_BAD);
}

void mutated_queries_never_break_the_decoder(void)
{
    static const char alphabet[] = "n=&%+0aF\xff";
    uint64_t state = 7;
    for (int round = 0; round < 40000; round++) {
        char text[24];
        size_t length = next_random(&state) % sizeof text;
        for (size_t i = 0; i < length; i++) {
            text[i] = alphabet[next_random(&state) % (sizeof alphabet - 1)];
        }
        enum query_result result =
            query_parameter((struct slice){text, length}, "n", buffer, sizeof buffer, &value);
        CHECK(result != QUERY_FOUND || (value.at == buffer && value.length <= sizeof buffer));
    }
}
