// What a fork server has open, mapped and running would be its children's too. It is looked through before the server
// serves: each child gets event counters and epoll sets of its own in place of the server's, and a QEMU that has
// anything else open, maps writable memory for sharing, or has other threads than QEMU renews, is no fork server.

#include "fork_server.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { RENEWED_MAX = 16 };

static struct {
    int descriptor;
    bool counts; // an event counter; else an epoll set
    long id;     // of a counter
} renewed[RENEWED_MAX];
static uint32_t renewed_count;

_Noreturn void give_up(const char *why)
{
    fprintf(stderr, "fork server: %s%s%s\n", why, errno != 0 ? ": " : "", errno != 0 ? strerror(errno) : "");
    _exit(1);
}

_Noreturn void refuse(const char *what)
{
    errno = 0;
    give_up(what);
}

// The number in the line of a descriptor's fdinfo that begins so; -1 for none.
static long information(int descriptor, const char *label)
{
    char path[40], line[128];
    long found = -1;
    snprintf(path, sizeof path, "/proc/self/fdinfo/%d", descriptor);
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        give_up(path);
    }
    while (fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, label, strlen(label)) == 0) {
            found = strtol(line + strlen(label), NULL, 10);
        }
    }
    fclose(file);
    return found;
}

static void look_at_descriptor(int descriptor)
{
    char path[32], kind[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(path, kind, sizeof kind - 1);
    if (length < 0) {
        give_up(path);
    }
    kind[length] = '\0';
    bool counts = strcmp(kind, "anon_inode:[eventfd]") == 0;
    if ((!counts && strcmp(kind, "anon_inode:[eventpoll]") != 0) || renewed_count == RENEWED_MAX) {
        refuse(kind);
    }
    if (!counts && information(descriptor, "tfd:") >= 0) {
        refuse("an epoll set that is in use");
    }
    for (uint32_t i = 0; i < renewed_count && counts; i++) {
        if (renewed[i].counts && renewed[i].id == information(descriptor, "eventfd-id:")) {
            refuse("an event counter with two descriptors");
        }
    }
    renewed[renewed_count].descriptor = descriptor;
    renewed[renewed_count].id = information(descriptor, "eventfd-id:");
    renewed[renewed_count++].counts = counts;
}

static void look_at_descriptors(int first, int known)
{
    DIR *directory = opendir("/proc/self/fd");
    struct dirent *entry;
    if (directory == NULL) {
        give_up("/proc/self/fd");
    }
    while ((entry = readdir(directory)) != NULL) {
        int descriptor = atoi(entry->d_name); // 0 for . and ..
        if (descriptor >= first && descriptor != known && descriptor != dirfd(directory)) {
            look_at_descriptor(descriptor);
        }
    }
    closedir(directory);
}

static void look_at_memory(void)
{
    FILE *maps = fopen("/proc/self/maps", "re");
    char line[512], permissions[8];
    if (maps == NULL) {
        give_up("/proc/self/maps");
    }
    while (fgets(line, sizeof line, maps) != NULL) {
        if (sscanf(line, "%*s %7s", permissions) == 1 && permissions[1] == 'w' && permissions[3] == 's') {
            refuse(line);
        }
    }
    fclose(maps);
}

// QEMU renews one thread after a fork, that of RCU; others would be missing in its children.
static void look_at_threads(void)
{
    DIR *directory = opendir("/proc/self/task");
    struct dirent *entry;
    int threads = 0;
    if (directory == NULL) {
        give_up("/proc/self/task");
    }
    while ((entry = readdir(directory)) != NULL) {
        threads += entry->d_name[0] != '.';
    }
    closedir(directory);
    if (threads > 2) {
        refuse("there are more than two threads");
    }
}

void look_at_what_is_shared(int first, int known)
{
    look_at_descriptors(first, known);
    look_at_memory();
    look_at_threads();
}

// A counter begins at one: to be woken for nothing does no harm, not to be woken would.
bool renew_what_is_shared(void)
{
    for (uint32_t i = 0; i < renewed_count; i++) {
        int fresh = renewed[i].counts ? eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK) : epoll_create1(EPOLL_CLOEXEC);
        if (fresh < 0 || dup3(fresh, renewed[i].descriptor, O_CLOEXEC) < 0) {
            return false;
        }
        close(fresh);
    }
    return true;
}
