#include "identity.h"

#include "test.h"

static struct identity_reader reader;
static struct identity identity;
static const char *wrong;

/* What the last byte of the text gave. */
static enum identity_result take(const char *text)
{
    enum identity_result result = IDENTITY_NONE;
    wrong = NULL;
    for (size_t i = 0; text[i] != '\0'; i++) {
        result = identity_take(&reader, text[i], &identity, &wrong);
    }
    return result;
}

#define SEED "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

void an_identity_is_read_whole(void)
{
    CHECK(take("pleiad-identity 1 ip=10.77.0.5 prefix=16 gateway=10.77.0.1 mac=02:50:0a:4d:00:05 seed=" SEED
               " time=1795323787092000000 later=x\n") == IDENTITY_READ);
    CHECK(identity.has_address && identity.address == 0x0a4d0005 && identity.prefix == 16);
    CHECK(identity.has_gateway && identity.gateway == 0x0a4d0001);
    CHECK(identity.has_mac && identity.mac[0] == 2 && identity.mac[5] == 5);
    CHECK(identity.has_seed && identity.seed[0] == 0 && identity.seed[31] == 31);
    CHECK(identity.has_time && identity.time_nanoseconds == 1795323787092000000u);
}

void each_field_of_an_identity_may_be_missing(void)
{
    CHECK(take("pleiad-identity 1\n") == IDENTITY_READ);
    CHECK(!identity.has_address && !identity.has_gateway && !identity.has_mac && !identity.has_seed && !identity.has_time);
    CHECK(take("pleiad-identity 1 time=5\r\n") == IDENTITY_NONE && identity.has_time && identity.time_nanoseconds == 5);
    CHECK(take("pleiad-identity 1 ip=10.77.0.5 prefix=30\n") == IDENTITY_READ && identity.has_address && !identity.has_time);
}

void a_wrong_field_is_named_and_nothing_counts(void)
{
    static const char *const fields[][2] = {{"ip=10.77.0 prefix=16", "ip"},         {"ip=10.77.0.5", "prefix"},
                                            {"prefix=16", "ip"},                    {"ip=10.77.0.5 prefix=31", "prefix"},
                                            {"gateway=", "gateway"},                {"mac=01:50:0a:4d:00:05", "mac"},
                                            {"seed=00", "seed"},                    {"time=-1", "time"},
                                            {"time=9223372036854775808", "time"}};
    char line[128];
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        snprintf(line, sizeof line, "pleiad-identity 1 %s\n", fields[i][0]);
        CHECK(take(line) == IDENTITY_WRONG);
        CHECK(strcmp(wrong, fields[i][1]) == 0);
    }
}

void other_lines_are_passed_over(void)
{
    CHECK(take("\n") == IDENTITY_NONE && take("hello\n") == IDENTITY_NONE && take("pleiad-identity\n") == IDENTITY_NONE);
    CHECK(take("pleiad-identity 2 time=5\n") == IDENTITY_NONE && take("pleiad-identity1 time=5\n") == IDENTITY_NONE);
    CHECK(take("xpleiad-identity 1 time=5\n") == IDENTITY_NONE && take("pleiad-identity 1 time=5") == IDENTITY_NONE);
    CHECK(take("\n") == IDENTITY_READ);
}

void a_long_line_is_dropped_and_the_next_one_read(void)
{
    CHECK(take("pleiad-identity 1 time=5 ") == IDENTITY_NONE);
    for (int i = 0; i < 2 * IDENTITY_LINE_MAX; i++) {
        CHECK(take("x") == IDENTITY_NONE);
    }
    CHECK(take("\n") == IDENTITY_NONE);
    CHECK(take("pleiad-identity 1 time=6\n") == IDENTITY_READ && identity.time_nanoseconds == 6);
}

void bytes_at_random_do_no_harm(void)
{
    static const char alphabet[] = "pleiad-identity 1=.:xyz0123456789abcdef\n\r ipmacseedtime\xff\x01";
    uint64_t state = 42;
    for (int i = 0; i < 200000; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        identity_take(&reader, alphabet[(state >> 33) % (sizeof alphabet - 1)], &identity, &wrong);
    }
    CHECK(take("\npleiad-identity 1 time=7\n") == IDENTITY_READ && identity.time_nanoseconds == 7);
}
