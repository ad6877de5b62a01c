#include "words.h"

#include "test.h"

void words_are_parted_by_blanks(void)
{
    const char *text = "  one\ttwo=2\n", *word;
    size_t at = 0, length;
    CHECK(words_next(text, &at, &word, &length) && length == 3 && memcmp(word, "one", 3) == 0);
    CHECK(words_next(text, &at, &word, &length) && length == 5 && memcmp(word, "two=2", 5) == 0);
    CHECK(!words_next(text, &at, &word, &length));
    at = 0;
    CHECK(!words_next("", &at, &word, &length));
}

void values_belong_to_the_whole_key(void)
{
    size_t length;
    CHECK(strcmp(words_value("ip=1", 4, "ip", &length), "1") == 0 && length == 1);
    CHECK(words_value("ip=", 3, "ip", &length) != NULL && length == 0);
    CHECK(words_value("zip=1", 5, "ip", &length) == NULL);
    CHECK(words_value("ipx=1", 5, "ip", &length) == NULL);
    CHECK(words_value("ip", 2, "ip", &length) == NULL);
}

static bool number(const char *text, uint64_t maximum, uint64_t expected)
{
    uint64_t value = 77;
    return words_number(text, strlen(text), maximum, &value) && value == expected;
}

static bool no_number(const char *text, uint64_t maximum)
{
    uint64_t value = 77;
    return !words_number(text, strlen(text), maximum, &value) && value == 77;
}

void numbers_keep_their_bounds(void)
{
    CHECK(number("0", 0, 0) && number("255", 255, 255) && number("007", 9, 7));
    CHECK(number("18446744073709551615", UINT64_MAX, UINT64_MAX));
    CHECK(no_number("256", 255) && no_number("", 9) && no_number("1", 0) && no_number("18446744073709551616", UINT64_MAX));
    CHECK(no_number("-1", 9) && no_number("1x", 99) && no_number("99999999999999999999999", UINT64_MAX));
}

static bool no_address(const char *text)
{
    uint32_t address = 77;
    return !words_ipv4(text, strlen(text), &address) && address == 77;
}

void addresses_are_dotted_quads_and_nothing_else(void)
{
    uint32_t address;
    CHECK(words_ipv4("10.77.0.5", 9, &address) && address == 0x0a4d0005);
    CHECK(words_ipv4("255.255.255.255", 15, &address) && address == 0xffffffff);
    CHECK(no_address("10.77.0") && no_address("10.77.0.5.") && no_address("10.77.0.5.6") && no_address("10.77.0.256"));
    CHECK(no_address("10.77..5") && no_address("") && no_address("10.077.0.5") && no_address("a.b.c.d") && no_address("10.77.0.5 "));
}

void cards_have_addresses_of_their_own(void)
{
    uint8_t mac[6] = {0};
    const uint8_t expected[6] = {0x02, 0x50, 0x0a, 0x4d, 0x00, 0xF5};
    CHECK(words_mac("02:50:0a:4D:00:f5", 17, mac) && memcmp(mac, expected, 6) == 0);
    CHECK(!words_mac("03:50:0a:4d:00:05", 17, mac)); /* a group's address */
    CHECK(!words_mac("02:50:0a:4d:00", 14, mac) && !words_mac("02-50-0a-4d-00-05", 17, mac));
    CHECK(!words_mac("02:50:0a:4d:00:0g", 17, mac) && memcmp(mac, expected, 6) == 0);
}

void escapes_are_decoded_within_the_room_there_is(void)
{
    char to[6];
    CHECK(words_decode("a%20b%3d", 8, to, sizeof to) && strcmp(to, "a b=") == 0);
    CHECK(words_decode("", 0, to, sizeof to) && strcmp(to, "") == 0);
    CHECK(words_decode("12345", 5, to, sizeof to) && !words_decode("123456", 6, to, sizeof to));
    CHECK(!words_decode("%2", 2, to, sizeof to) && !words_decode("%", 1, to, sizeof to));
    CHECK(!words_decode("%zz", 3, to, sizeof to) && !words_decode("%00", 3, to, sizeof to) && !words_decode("", 0, to, 0));
}
