/* The first serial port's input: lines from the host. */
#ifndef PLEIAD_SERIAL_H
#define PLEIAD_SERIAL_H

/* Opens it for reading bytes as they come, without an echo into the log. A negative number when there is none. */
int serial_open(void);

/* Reads what has come and follows each identity in it. False when the port is gone. */
int serial_follow(int port);

#endif
