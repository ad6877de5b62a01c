#include "say.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void say(const char *format, ...)
{
    char line[300] = "pleiad: ";
    size_t length = strlen(line);
    va_list arguments;
    va_start(arguments, format);
    int written = vsnprintf(line + length, sizeof line - length - 1, format, arguments);
    va_end(arguments);
    if (written < 0) {
        return;
    }
    length = strlen(line);
    line[length++] = '\n';
    /* Nobody is there to be told that the log cannot be written. */
    if (write(STDERR_FILENO, line, length) < 0) {
        return;
    }
}

void say_errno(const char *what) { say("%s: %s", what, strerror(errno)); }
