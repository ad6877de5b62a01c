#include "test.h"

void numbers_are_digits_within_their_limit(void)
{
    uint64_t number;
    CHECK(slice_to_number(slice_of("0"), 9, &number) && number == 0);
    CHECK(slice_to_number(slice_of("0009"), 9, &number) && number == 9);
    CHECK(!slice_to_number(slice_of("10"), 9, &number));
    CHECK(slice_to_number(slice_of("18446744073709551615"), UINT64_MAX, &number) && number == UINT64_MAX);
    CHECK(!slice_to_number(slice_of("18446744073709551616"), UINT64_MAX, &number));
    CHECK(!slice_to_number(slice_of(""), 9, &number) && !slice_to_number(slice_of("-1"), 9, &number));
    CHECK(!slice_to_number(slice_of(" 1"), 9, &number) && !slice_to_number(slice_of("1.0"), 9, &number));
    CHECK(slice_to_number(slice_of("5"), 5, &number) && !slice_to_number(slice_of("6"), 5, &number));
}

static bool wrote(const struct text *text, const char *expected)
{
    return text->length == strlen(expected) && memcmp(text->buffer, expected, text->length) == 0;
}

void text_is_written_and_never_overruns(void)
{
    char buffer[40];
    struct text text = text_in(buffer, sizeof buffer);
    text_add_number(&text, 0);
    text_add_char(&text, ' ');
    text_add_decimal(&text, 31, 3);
    text_add_char(&text, ' ');
    text_add_decimal(&text, 1234, 3);
    text_add_char(&text, ' ');
    text_add_hex(&text, 0xab, 4);
    text_add_char(&text, ' ');
    text_add_ipv4(&text, 0x0a4d0002);
    CHECK(wrote(&text, "0 0.031 1.234 00ab 10.77.0.2") && !text.overflow);
    text_add_number(&text, UINT64_MAX); /* 20 digits do not fit any more */
    CHECK(text.overflow && text.length == 28);
    text_add(&text, "ok");
    CHECK(text.length == 30);
}

void json_strings_are_always_valid(void)
{
    char buffer[64];
    struct text text = text_in(buffer, sizeof buffer);
    text_add_json(&text, (struct slice){"a\"\\\n\0\x7f\xc3z", 8});
    CHECK(wrote(&text, "\"a\\\"\\\\\\u000a\\u0000\\u007f\\u00c3z\""));
}
