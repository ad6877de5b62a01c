/* The console is the machine's log. */
#ifndef PLEIAD_SAY_H
#define PLEIAD_SAY_H

/* Writes `pleiad: ` and the text, as by printf, as one line of at most 300 bytes. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same with what errno says behind it. */
void say_errno(const char *what);

#endif
