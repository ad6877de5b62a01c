#include "configuration.h"

#include "test.h"

static struct configuration read;

void a_command_line_is_read_whole(void)
{
    CHECK(configuration_read_command_line(
              &read, "console=ttyS0 quiet pleiad.ip=10.77.0.5/16 pleiad.gw=10.77.0.1 pleiad.port=80 pleiad.root=vda "
                     "pleiad.env.MODE=fast pleiad.env.TEXT=two%20words%0Aand=more panic=-1\n") == NULL);
    CHECK(read.has_address && read.address == 0x0a4d0005 && read.prefix == 16);
    CHECK(read.has_gateway && read.gateway == 0x0a4d0001 && read.port == 80);
    CHECK(strcmp(read.root, "vda") == 0 && read.variable_count == 2);
    CHECK(strcmp(read.variables[0], "MODE=fast") == 0);
    CHECK(strcmp(read.variables[1], "TEXT=two words\nand=more") == 0 && read.variables[2] == NULL);
}

void what_is_missing_has_its_default(void)
{
    CHECK(configuration_read_command_line(&read, "quiet") == NULL);
    CHECK(!read.has_address && !read.has_gateway && read.port == 8080 && read.root[0] == '\0');
    CHECK(read.user == 1000 && read.group == 1000 && strcmp(read.directory, "/") == 0 && read.variables[0] == NULL);
}

static bool wrong(const char *line, const char *key)
{
    const char *reason = configuration_read_command_line(&read, line);
    return reason != NULL && strstr(reason, key) != NULL;
}

void a_wrong_word_is_named(void)
{
    CHECK(wrong("pleiad.ip=10.77.0.5", "pleiad.ip=") && wrong("pleiad.ip=10.77.0.5/31", "pleiad.ip="));
    CHECK(wrong("pleiad.ip=10.77.0.5/0", "pleiad.ip=") && wrong("pleiad.ip=/16", "pleiad.ip="));
    CHECK(wrong("pleiad.gw=here", "pleiad.gw=") && wrong("pleiad.port=0", "pleiad.port="));
    CHECK(wrong("pleiad.port=65536", "pleiad.port=") && wrong("pleiad.root=../x", "pleiad.root="));
    CHECK(wrong("pleiad.root=", "pleiad.root=") && wrong("pleiad.env.A", "pleiad.env.") && wrong("pleiad.env.=1", "pleiad.env."));
    CHECK(wrong("pleiad.env.A=%0", "pleiad.env."));
}

void the_first_of_two_variables_stays(void)
{
    CHECK(configuration_read_command_line(&read, "pleiad.env.PATH=/mine pleiad.env.PATHS=x") == NULL);
    CHECK(configuration_add_variable(&read, "PATH", "/other") && configuration_add_variable(&read, "HOME", "/"));
    CHECK(read.variable_count == 3 && strcmp(read.variables[0], "PATH=/mine") == 0 && strcmp(read.variables[2], "HOME=/") == 0);
}

void variables_beyond_the_room_are_refused(void)
{
    static char value[TEXT_MAX];
    char name[16];
    CHECK(configuration_read_command_line(&read, "") == NULL);
    for (int i = 0; i < VARIABLES_MAX; i++) {
        snprintf(name, sizeof name, "V%d", i);
        CHECK(configuration_add_variable(&read, name, "x"));
    }
    CHECK(!configuration_add_variable(&read, "MORE", "x") && read.variables[VARIABLES_MAX] == NULL);
    CHECK(configuration_read_command_line(&read, "") == NULL);
    memset(value, 'x', sizeof value - 1);
    CHECK(!configuration_add_variable(&read, "LARGE", value) && read.text_length == 0);
    value[TEXT_MAX - 8] = '\0'; /* with the name and its '=' and terminators just as much as there is room */
    CHECK(configuration_add_variable(&read, "LARGE", value) && !configuration_add_variable(&read, "A", ""));
}

void the_service_file_is_read_line_by_line(void)
{
    CHECK(configuration_read_command_line(&read, "") == NULL);
    CHECK(configuration_read_service(&read, "user 33 0\ndirectory /srv\nargument /usr/bin/server\nargument two words\nargument \n") == NULL);
    CHECK(read.user == 33 && read.group == 0 && strcmp(read.directory, "/srv") == 0 && read.argument_count == 3);
    CHECK(strcmp(read.arguments[0], "/usr/bin/server") == 0 && strcmp(read.arguments[1], "two words") == 0);
    CHECK(strcmp(read.arguments[2], "") == 0 && read.arguments[3] == NULL);
}

static bool wrong_file(const char *file)
{
    return configuration_read_command_line(&read, "") == NULL && configuration_read_service(&read, file) != NULL;
}

void a_wrong_service_file_is_refused(void)
{
    char many[ARGUMENTS_MAX * 12 + 24] = "";
    CHECK(wrong_file("") && wrong_file("user 1000 1000\n") && wrong_file("argument /x\nuser 1000\n"));
    CHECK(wrong_file("argument /x\nuser 4294967295 0\n") && wrong_file("argument /x\nnonsense\n"));
    for (int i = 0; i <= ARGUMENTS_MAX; i++) {
        strcat(many, "argument x\n");
    }
    CHECK(wrong_file(many));
}
