/* Runs all tests, or those whose names contain the argument. The last line is `N passed, N failed`. */
#include "test.h"

bool test_failed;

int main(int count, char **arguments)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } tests[] = {
#define ENTRY(name) {#name, name},
        TESTS(ENTRY)
#undef ENTRY
    };
    unsigned passed = 0, failed = 0;
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
        if (count > 1 && strstr(tests[i].name, arguments[1]) == NULL) {
            continue;
        }
        test_failed = false;
        tests[i].run();
        printf("%s %s\n", test_failed ? "FAIL" : "ok  ", tests[i].name);
        passed += !test_failed;
        failed += test_failed;
    }
    printf("%u passed, %u failed\n", passed, failed);
    return failed > 0;
}
