#include "system.h"

#include "say.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static void mount_at(const char *type, const char *path, unsigned long flags, const char *options)
{
    mkdir(path, 0755); /* most are there already */
    if (mount(type, path, type, flags, options) < 0 && errno != EBUSY) {
        say_errno(path);
    }
}

void system_mount(void)
{
    mount_at("devtmpfs", "/dev", MS_NOSUID, "mode=0755");
    int console = open("/dev/console", O_RDWR | O_NOCTTY);
    for (int descriptor = STDIN_FILENO; console >= 0 && descriptor <= STDERR_FILENO; descriptor++) {
        dup2(console, descriptor);
    }
    if (console > STDERR_FILENO) {
        close(console);
    }
    mount_at("proc", "/proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, "");
    mount_at("sysfs", "/sys", MS_NOSUID | MS_NODEV | MS_NOEXEC, "");
    mount_at("devpts", "/dev/pts", MS_NOSUID | MS_NOEXEC, "mode=0620,ptmxmode=0666");
    mount_at("tmpfs", "/dev/shm", MS_NOSUID | MS_NODEV, "mode=1777");
    mount_at("tmpfs", "/tmp", MS_NOSUID | MS_NODEV, "mode=1777");
    mount_at("tmpfs", "/run", MS_NOSUID | MS_NODEV, "mode=0755");
}

bool system_read(const char *path, char *text, size_t capacity)
{
    size_t length = 0;
    ssize_t count = -1;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return false;
    }
    while (length < capacity && (count = read(file, text + length, capacity - length)) > 0) {
        length += (size_t)count;
    }
    close(file);
    if (count < 0 || length == capacity) {
        return false;
    }
    text[length] = '\0';
    return true;
}

bool system_write(const char *path, const char *text)
{
    int file = open(path, O_WRONLY | O_CLOEXEC);
    bool done = file >= 0 && write(file, text, strlen(text)) == (ssize_t)strlen(text);
    close(file);
    return done;
}

static void load_module(const char *path)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0 || (syscall(SYS_finit_module, file, "", 0) < 0 && errno != EEXIST)) {
        say_errno(path);
    }
    close(file);
    unlink(path);
}

void system_load_modules(void)
{
    static char list[8192];
    if (!system_read("/pleiad/modules", list, sizeof list)) {
        return; /* a kernel that has everything built in needs none */
    }
    for (char *path = strtok(list, "\n"); path != NULL; path = strtok(NULL, "\n")) {
        load_module(path);
    }
}

/* A disk appears when its driver has looked at it: within milliseconds, or not at all. */
static bool wait_for(const char *device)
{
    const struct timespec pause = {0, 5000000};
    for (int attempt = 0; attempt < 600; attempt++) {
        if (access(device, F_OK) == 0) {
            return true;
        }
        nanosleep(&pause, NULL);
    }
    return false;
}

/* Tries each type of file system that this kernel has, as the kernel itself does for root=. */
static bool mount_disk(const char *device, const char *at)
{
    static char types[4096];
    if (!system_read("/proc/filesystems", types, sizeof types)) {
        return false;
    }
    errno = EINVAL;
    for (char *line = strtok(types, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        if (*line == '\t' && mount(device, at, line + 1, MS_NOATIME, NULL) == 0) {
            return true;
        }
    }
    return false;
}

bool system_enter_disk(const char *name)
{
    static const char *const moved[] = {"/dev", "/proc", "/sys", "/tmp", "/run"};
    char device[64], to[64];
    snprintf(device, sizeof device, "/dev/%s", name);
    mkdir("/root", 0755);
    if (!wait_for(device)) {
        say("%s does not appear", device);
        return false;
    }
    if (!mount_disk(device, "/root")) {
        say_errno(device);
        return false;
    }
    for (size_t i = 0; i < sizeof moved / sizeof *moved; i++) {
        snprintf(to, sizeof to, "/root%s", moved[i]);
        mkdir(to, 0755);
        if (mount(moved[i], to, NULL, MS_MOVE, NULL) < 0) {
            say_errno(to);
            return false;
        }
    }
    if (chdir("/root") < 0 || mount(".", "/", NULL, MS_MOVE, NULL) < 0 || chroot(".") < 0 || chdir("/") < 0) {
        say_errno("the root file system");
        return false;
    }
    return true;
}

_Noreturn void system_power_off(void)
{
    /* Or the kernel's farewell would stand where the log's last line has the service's status. */
    system_write("/proc/sys/kernel/printk", "0\n");
    reboot(RB_POWER_OFF);
    reboot(RB_AUTOBOOT); /* QEMU runs with -no-reboot */
    for (;;) {
        pause();
    }
}
