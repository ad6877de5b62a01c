#include "serial.h"

#include "identity.h"
#include "network.h"
#include "say.h"
#include "system.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/random.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

/* How many bytes Linux collects before it takes them. */
static const char collect_bytes[] = "/sys/class/tty/ttyS0/rx_trig_bytes";

/*
 * A line is to be read soon. A character in time means nothing to an emulated port, but what did not fill the port's buffer is told only after the time of four; and
 * each turn of filling and reading goes through the host.
 */
int serial_open(void)
{
    struct termios mode;
    system_write(collect_bytes, "14\n");
    int port = open("/dev/ttyS0", O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (port < 0 || tcgetattr(port, &mode) < 0) {
        return -1;
    }
    cfmakeraw(&mode);
    mode.c_cflag |= CLOCAL | CREAD;
    cfsetspeed(&mode, B115200);
    return tcsetattr(port, TCSANOW, &mode) < 0 ? -1 : port;
}

/* Two clones have the same generator: the seed is credited as entropy, and the generator made to use it at once. */
static void reseed(const uint8_t seed[32])
{
    struct {
        struct rand_pool_info head;
        uint8_t bytes[32];
    } pool = {.head = {.entropy_count = 256, .buf_size = 32}};
    memcpy(pool.head.buf, seed, 32);
    int random = open("/dev/urandom", O_RDWR | O_CLOEXEC);
    if (random < 0 || ioctl(random, RNDADDENTROPY, &pool) < 0 || ioctl(random, RNDRESEEDCRNG) < 0) {
        say_errno("the random number generator cannot be seeded");
    }
    close(random);
}

static void set_clock(uint64_t nanoseconds)
{
    const struct timespec now = {(time_t)(nanoseconds / 1000000000), (long)(nanoseconds % 1000000000)};
    if (clock_settime(CLOCK_REALTIME, &now) < 0) {
        say_errno("the clock cannot be set");
    }
}

static void follow(const struct identity *identity)
{
    /* The clock first: it is right for the moment the line was sent. */
    if (identity->has_time) {
        set_clock(identity->time_nanoseconds);
    }
    if (identity->has_seed) {
        reseed(identity->seed);
    }
    const char *wrong = network_apply(identity);
    if (wrong != NULL) {
        say_errno(wrong);
        return;
    }
    if (identity->has_address) {
        char address[INET_ADDRSTRLEN];
        struct in_addr in = {htonl(identity->address)};
        say("identity ip=%s", inet_ntop(AF_INET, &in, address, sizeof address));
    } else {
        say("identity");
    }
}

int serial_follow(int port)
{
    static struct identity_reader reader;
    struct identity identity;
    char bytes[256];
    const char *wrong;
    ssize_t count;
    while ((count = read(port, bytes, sizeof bytes)) > 0) {
        for (ssize_t i = 0; i < count; i++) {
            switch (identity_take(&reader, bytes[i], &identity, &wrong)) {
            case IDENTITY_READ:
                follow(&identity);
                break;
            case IDENTITY_WRONG:
                say("identity refused: %s= is missing or wrong", wrong);
                break;
            case IDENTITY_NONE:
                break;
            }
        }
    }
    return count < 0 && (errno == EAGAIN || errno == EINTR);
}
