#include "identity.h"
#include "test.h"

static const char whole[] = "pleiad-identity 1 ip=10.77.0.5 prefix=16 gateway=10.77.0.1 mac=02:50:0a:4d:00:05 "
                            "seed=000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1eFF time=1700000000123456789";

void an_identity_is_read_whole(void)
{
    struct identity identity;
    CHECK(identity_is(whole));
    CHECK(identity_parse(whole, &identity) == NULL);
    CHECK(identity.has_address && identity.configuration.address == 0x0a4d0005 && identity.configuration.prefix == 16);
    CHECK(identity.configuration.gateway == 0x0a4d0001);
    CHECK(identity.has_mac && identity.mac[1] == 0x50 && identity.mac[5] == 5);
    CHECK(identity.has_seed && identity.seed[1] == 1 && identity.seed[31] == 0xff);
    CHECK(identity.has_time && identity.unix_nanoseconds == 1700000000123456789ull);
}

void each_part_of_an_identity_may_be_missing(void)
{
    struct identity identity;
    CHECK(identity_parse("pleiad-identity 1 time=5", &identity) == NULL);
    CHECK(identity.has_time && !identity.has_address && !identity.has_mac && !identity.has_seed);
    CHECK(identity_parse("pleiad-identity 1 ", &identity) == NULL);
    CHECK(!identity.has_time);
}

void a_wrong_part_of_an_identity_is_named(void)
{
    static const char *const lines[] = {
        "pleiad-identity 1 ip=10.77.0.5",           "pleiad-identity 1 ip=10.77.0 prefix=16",
        "pleiad-identity 1 ip=10.77.0.5 prefix=40", "pleiad-identity 1 mac=01:50:0a:4d:00:05",
        "pleiad-identity 1 mac=02:50:0a:4d:00",     "pleiad-identity 1 mac=02:50:0a:4d:00:0g",
        "pleiad-identity 1 mac=02-50-0a-4d-00-05",  "pleiad-identity 1 seed=00",
        "pleiad-identity 1 time=-1",                "pleiad-identity 1 time=99999999999999999999",
    };
    struct identity identity;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        CHECK(identity_parse(lines[i], &identity) != NULL);
    }
}

void only_lines_of_the_known_version_are_identities(void)
{
    CHECK(!identity_is("pleiad-identity 2 ip=10.77.0.5"));
    CHECK(!identity_is("pleiad-identity 1"));
    CHECK(!identity_is(""));
}
