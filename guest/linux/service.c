#include "service.h"

#include "say.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static bool become_user(const struct configuration *configuration)
{
    return setgroups(0, NULL) == 0 && setgid(configuration->group) == 0 && setuid(configuration->user) == 0 &&
           (configuration->user == 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
}

static _Noreturn void run(struct configuration *configuration, int output)
{
    sigset_t none;
    int nothing = open("/dev/null", O_RDONLY);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setsid();
    if (nothing < 0 || dup2(nothing, STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0 ||
        dup2(output, STDERR_FILENO) < 0) {
        _exit(126);
    }
    if (!become_user(configuration)) {
        say_errno("the service's user cannot be set");
    } else if (chdir(configuration->directory) < 0) {
        say_errno(configuration->directory);
    } else {
        execve(configuration->arguments[0], configuration->arguments, configuration->variables);
        say_errno(configuration->arguments[0]);
    }
    _exit(127);
}

bool service_start(struct service *service, struct configuration *configuration)
{
    int ends[2];
    char port[8];
    snprintf(port, sizeof port, "%u", (unsigned)configuration->port);
    if (!configuration_add_variable(configuration, "PORT", port) ||
        !configuration_add_variable(configuration, "PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin") ||
        !configuration_add_variable(configuration, "HOME", configuration->directory)) {
        say("no room for the service's environment");
        return false;
    }
    if (pipe2(ends, O_CLOEXEC) < 0) {
        say_errno("the service's output");
        return false;
    }
    service->process = fork();
    if (service->process == 0) {
        run(configuration, ends[1]);
    }
    close(ends[1]);
    service->output = ends[0];
    if (service->process < 0) {
        say_errno("the service's process");
        return false;
    }
    return fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0;
}

void service_reap(struct service *service)
{
    int status;
    pid_t process;
    while ((process = waitpid(-1, &status, WNOHANG)) > 0) {
        if (process == service->process) {
            service->ended = true;
            service->status = status;
        }
    }
}

bool service_copy_output(const struct service *service)
{
    char buffer[4096];
    for (int round = 0; round < 16; round++) { /* then the others have their turn */
        ssize_t count = read(service->output, buffer, sizeof buffer);
        if (count <= 0) {
            return count < 0 && (errno == EAGAIN || errno == EINTR);
        }
        for (ssize_t at = 0, written; at < count; at += written) {
            written = write(STDOUT_FILENO, buffer + at, (size_t)(count - at));
            if (written < 0 && errno != EINTR) {
                break;
            }
            written = written < 0 ? 0 : written;
        }
    }
    return true;
}

void service_tell_end(const struct service *service)
{
    if (WIFSIGNALED(service->status)) {
        int signal = WTERMSIG(service->status);
        say("service exited status=%d signal=%d", 128 + signal, signal);
    } else {
        say("service exited status=%d", WEXITSTATUS(service->status));
    }
}
