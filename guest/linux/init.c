/* PID 1 of a Linux machine: makes the system, runs the service, ends the machine with it. */
#include "configuration.h"
#include "network.h"
#include "say.h"
#include "serial.h"
#include "service.h"
#include "system.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

static struct configuration configuration;

static bool read_configuration(void)
{
    static char text[TEXT_MAX];
    const char *wrong = !system_read("/proc/cmdline", text, sizeof text) ? "/proc/cmdline cannot be read"
                                                                        : configuration_read_command_line(&configuration, text);
    if (wrong == NULL) {
        wrong = !system_read("/pleiad/service", text, sizeof text) ? "/pleiad/service cannot be read"
                                                                   : configuration_read_service(&configuration, text);
    }
    if (wrong != NULL) {
        say("%s", wrong);
    }
    return wrong == NULL;
}

/* Clears /pleiad as well: it is not the service's business, and its memory is worth having back. */
static bool prepare(void)
{
    system_load_modules();
    if (!read_configuration()) {
        return false;
    }
    unlink("/init");
    const char *wrong = network_begin(&configuration);
    if (wrong != NULL) {
        say_errno(wrong);
    }
    /* An unprivileged service may serve on port 80. */
    system_write("/proc/sys/net/ipv4/ip_unprivileged_port_start", "0\n");
    sethostname("pleiad", strlen("pleiad"));
    return configuration.root[0] == '\0' || system_enter_disk(configuration.root);
}

static int watch_children(void)
{
    sigset_t children;
    sigemptyset(&children);
    sigaddset(&children, SIGCHLD);
    sigprocmask(SIG_BLOCK, &children, NULL);
    return signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void supervise(struct service *service, int port, int children)
{
    struct pollfd waits[] = {{children, POLLIN, 0}, {service->output, POLLIN, 0}, {port, POLLIN, 0}};
    struct signalfd_siginfo seen;
    while (!service->ended) {
        if (poll(waits, sizeof waits / sizeof *waits, -1) <= 0) {
            continue;
        }
        if (waits[0].revents != 0) {
            while (read(children, &seen, sizeof seen) > 0) {
                continue;
            }
            service_reap(service);
        }
        if (waits[1].revents != 0 && !service_copy_output(service)) {
            waits[1].fd = -1;
        }
        if (waits[2].revents != 0 && !serial_follow(port)) {
            waits[2].fd = -1;
        }
    }
    service_copy_output(service); /* its last words */
}

int main(void)
{
    struct service service = {0};
    system_mount();
    int children = watch_children();
    int port = serial_open();
    if (prepare() && service_start(&service, &configuration)) {
        supervise(&service, port, children);
        service_tell_end(&service);
    }
    system_power_off();
}
