#include "command_line.h"
#include "test.h"

static struct configuration read;

void an_address_a_gateway_and_a_port_are_read(void)
{
    CHECK(command_line_configuration("ip=10.77.0.2/24 gw=10.77.0.1 port=81", &read) == NULL);
    CHECK(read.address == 0x0a4d0002 && read.prefix == 24);
    CHECK(read.gateway == 0x0a4d0001 && read.port == 81);
}

void port_8080_and_no_gateway_are_assumed(void)
{
    CHECK(command_line_configuration("ip=192.168.1.9/30", &read) == NULL);
    CHECK(read.gateway == 0 && read.port == 8080);
    CHECK(command_line_configuration("ip=192.168.1.9/30 gw=", &read) == NULL);
    CHECK(read.gateway == 0);
}

void unknown_words_are_ignored_and_the_last_of_two_counts(void)
{
    CHECK(command_line_configuration("  console=ttyS0 ip=10.0.0.9/8\tquiet ip ==x zip=1 ip=10.0.0.7/8 \n", &read) == NULL);
    CHECK(read.address == 0x0a000007 && read.prefix == 8);
}

void a_missing_or_bad_address_is_told(void)
{
    static const char *const bad[] = {
        "",           "gw=10.0.0.1",    "ip=",           "ip=10.0.0.2",     "ip=10.0.0.2/",   "ip=10.0.0.2/31",
        "ip=/24",     "ip=10.0.0/24",   "ip=10.0.0.2/0", "ip=10.0.0.2/x",   "ip=10.0.0.256/24", "ip=10.0.0.0/24",
        "ip=10.0.0.255/24", "ip=127.0.0.1/8", "ip=0.0.0.1/8",  "ip=224.0.0.1/24", "ip=10.0.0.2/-1", "ip=10.0.0.2/24x",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const char *fault = command_line_configuration(bad[i], &read);
        if (fault == NULL) {
            printf("    taken: %s\n", bad[i]);
        }
        CHECK(fault != NULL && strstr(fault, "ip=") != NULL);
    }
}

void a_gateway_outside_the_network_is_told(void)
{
    const char *fault = command_line_configuration("ip=10.0.0.2/24 gw=10.0.1.1", &read);
    CHECK(fault != NULL && strstr(fault, "gw=") != NULL);
    CHECK(command_line_configuration("ip=10.0.0.2/24 gw=10.0.0", &read) != NULL);
}

void ports_outside_their_range_are_told(void)
{
    CHECK(command_line_configuration("ip=10.0.0.2/24 port=0", &read) != NULL);
    CHECK(command_line_configuration("ip=10.0.0.2/24 port=65536", &read) != NULL);
    CHECK(command_line_configuration("ip=10.0.0.2/24 port=http", &read) != NULL);
    CHECK(command_line_configuration("ip=10.0.0.2/24 port=65535", &read) == NULL && read.port == 65535);
}

void addresses_are_dotted_quads_and_nothing_else(void)
{
    static const char *const bad[] = {"", ".", "1.2.3", "1.2.3.4.5", "1..2.3", "1.2.3.", ".1.2.3", "01.2.3.4",
                                      "1.2.3.4 ", "1.2.3.-4", "1.2.3.0x4", "1.2.3.4294967297"};
    uint32_t address;
    CHECK(parse_ipv4(slice_of("255.1.0.9"), &address) && address == 0xff010009);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CHECK(!parse_ipv4(slice_of(bad[i]), &address));
    }
}

void device_windows_are_read_as_linux_writes_them(void)
{
    struct mmio_window window;
    CHECK(parse_mmio_window(slice_of("512@0xfeb00e00:12"), &window));
    CHECK(window.size == 512 && window.address == 0xfeb00e00 && window.irq == 12);
    CHECK(parse_mmio_window(slice_of("4K@0xFEB00000:5:1"), &window) && window.size == 4096 && window.irq == 5);
    CHECK(parse_mmio_window(slice_of("0x200@4273995776:7"), &window) && window.address == 0xfec00000);
    static const char *const bad[] = {"", "512", "512@", "512@0x", "512@0x1", "512@0x1:", "@0x1:1", "512@0xg:1",
                                      "512@0x1:256", "512@0x11111111111111111:1", "99999999999@0x1:1"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CHECK(!parse_mmio_window(slice_of(bad[i]), &window));
    }
}

void words_are_found_by_index(void)
{
    struct slice value;
    const char *line = "a=1 aa=2 a=3  b= a=";
    CHECK(command_line_word(line, "a", 0, &value) && slice_equals(value, "1"));
    CHECK(command_line_word(line, "a", 1, &value) && slice_equals(value, "3"));
    CHECK(command_line_word(line, "a", 2, &value) && value.length == 0);
    CHECK(!command_line_word(line, "a", 3, &value));
    CHECK(!command_line_word(line, "c", 0, &value));
}
