// Preloaded into QEMU, makes it a fork server: a process that has done what every QEMU of the same arguments does
// alike (its libraries are linked, its options read, its classes of devices made), then waits, and forks one machine
// for each request. Pages that a machine does not write to are there once for all of them.
//
// The fork happens where QEMU is about to set up its seccomp filter. Until then it has next to nothing open and no
// threads but the one that it renews itself after a fork (it may fork there for -daemonize, too); all that makes a
// machine this one comes after: the filter, descriptors, memory, devices.
//
// It becomes a user of its own (PLEIAD_FORK_USER) and its children those of their machines; without, they keep what
// rights it has.
//
// A request comes over a socket (PLEIAD_FORK_SERVER holds its number): a struct request, with descriptors. The first
// is the child's own socket: over it the child says that it has become what the request says (struct birth) and
// waits for one byte; without it, it ends. On the request socket the server tells how its children ended (struct
// ending). It ends with that socket.
//
// Machines must share nothing that one of them could change for another: see shared.c.

#include "fork_server.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    LIMITS_MAX = 8,
    DESCRIPTORS_MAX = 32,
    NAME_BYTES = 128,
    STEP_BYTES = 24,
    FIRST_INHERITED = 3, // the number of the first descriptor that a machine inherits
    AFTER_INHERITED = FIRST_INHERITED + DESCRIPTORS_MAX,
};

// The same structures are in ForkMessages.cs.
struct request {
    uint32_t user; // and group; 0 leaves both
    uint32_t limits;
    uint32_t groups;    // control groups: the files by which to enter, then those by which to come back
    uint32_t inherited; // the descriptors after those
    struct {
        uint64_t resource, value;
    } limit[LIMITS_MAX];
    char name[NAME_BYTES]; // takes the place of the value of -name, as others see the command line
};

struct birth {
    int32_t process;
    int32_t error; // 0: born; else errno of the step
    char step[STEP_BYTES];
};

struct ending {
    int32_t process; // 0: none, the server is ready
    int32_t status;  // as waitpid has it
};

static int requests = -1;
static char *name; // the value of -name on the command line
static size_t name_room;

// Takes the numbers that a machine's descriptors are to have, so that nothing else gets them. The first two are this
// library's file and the socket of requests, which has another number by now.
static void reserve(void)
{
    for (int descriptor = FIRST_INHERITED; descriptor < AFTER_INHERITED; descriptor++) {
        if (descriptor >= FIRST_INHERITED + 2 && fcntl(descriptor, F_GETFD) >= 0) {
            refuse("a library has opened a descriptor already");
        }
        if (dup3(STDIN_FILENO, descriptor, O_CLOEXEC) < 0) {
            give_up("dup3");
        }
    }
}

static int set_capabilities(uint32_t kept)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct sets[2] = {{.permitted = kept, .effective = kept}};
    return (int)syscall(SYS_capset, &header, sets);
}

static bool become_user(uid_t user) { return setresgid(user, user, user) == 0 && setresuid(user, user, user) == 0; }

// What no machine may have is given up before there is a second thread: root's name, and all privileges but to become
// another user.
static void drop_privileges(uid_t user)
{
    for (int capability = 0; prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0; capability++) {
    }
    if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0 || !become_user(user) || prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) < 0) {
        give_up("another user");
    }
    if (set_capabilities(1U << CAP_SETUID | 1U << CAP_SETGID) < 0) {
        give_up("capset");
    }
}

// The request whose child is being forked, and what failed in the child so far.
static const struct request *unborn;
static int unborn_error;

// In a child, before QEMU's own handlers make threads there: rights are a thread's, and from one user who is not root
// to another the kernel leaves them as they are.
static void give_up_rights(void)
{
    if (unborn != NULL && unborn->user != 0 && (!become_user(unborn->user) || set_capabilities(0) < 0)) {
        unborn_error = errno;
    }
}

__attribute__((constructor)) static void begin(int count, char **arguments)
{
    const char *number = getenv("PLEIAD_FORK_SERVER"), *user = getenv("PLEIAD_FORK_USER");
    if (number == NULL) {
        return;
    }
    requests = fcntl(atoi(number), F_DUPFD_CLOEXEC, AFTER_INHERITED);
    if (requests < 0) {
        give_up("PLEIAD_FORK_SERVER");
    }
    reserve();
    unsetenv("PLEIAD_FORK_SERVER");
    unsetenv("PLEIAD_FORK_USER");
    unsetenv("LD_PRELOAD");
    for (int i = 1; i + 1 < count; i++) {
        if (strcmp(arguments[i], "-name") == 0) {
            name = arguments[i + 1];
            name_room = strlen(name);
        }
    }
    if (user != NULL) {
        drop_privileges((uid_t)strtoul(user, NULL, 10));
    }
    // The handlers of children run in the order in which they were set; the program's own constructors come later.
    if ((errno = pthread_atfork(NULL, NULL, give_up_rights)) != 0) {
        give_up("pthread_atfork");
    }
    if (setrlimit(RLIMIT_CORE, &(struct rlimit){0}) < 0) {
        give_up("setrlimit");
    }
    // Huge pages would be whole pages of each machine's own (docs/density.md). Of the whole process, inherited by fork.
    prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
}

static _Noreturn void stillborn(int socket, const char *step)
{
    struct birth birth = {.error = errno};
    strncpy(birth.step, step, sizeof birth.step - 1);
    (void)!send(socket, &birth, sizeof birth, MSG_NOSIGNAL);
    _exit(0);
}

static void must(bool done, int socket, const char *step)
{
    if (!done) {
        stillborn(socket, step);
    }
}

// The child becomes what the request says.
static void become(const struct request *request, const int *descriptors, uint32_t count)
{
    struct birth birth = {.process = getpid()};
    const int *inherited = descriptors + 2 + 2 * request->groups;
    int socket = descriptors[0], log = descriptors[1];
    sigset_t none;
    char go;
    errno = unborn_error;
    must(errno == 0, socket, "another user");
    must(renew_what_is_shared(), socket, "eventfd");
    must(setsid() >= 0, socket, "setsid");
    for (uint32_t i = 0; i < request->limits; i++) {
        struct rlimit limit = {request->limit[i].value, request->limit[i].value};
        must(setrlimit((int)request->limit[i].resource, &limit) == 0, socket, "setrlimit");
    }
    must(dup2(log, STDOUT_FILENO) >= 0 && dup2(log, STDERR_FILENO) >= 0, socket, "dup2");
    for (int i = 0; i < DESCRIPTORS_MAX; i++) {
        if ((uint32_t)i < request->inherited) {
            must(dup2(inherited[i], FIRST_INHERITED + i) >= 0, socket, "dup2");
        } else {
            close(FIRST_INHERITED + i);
        }
    }
    for (uint32_t i = 1; i < count; i++) {
        close(descriptors[i]);
    }
    if (name != NULL) {
        memcpy(name, request->name, name_room);
    }
    must(send(socket, &birth, sizeof birth, MSG_NOSIGNAL) == sizeof birth, socket, "send");
    if (read(socket, &go, 1) != 1) {
        _exit(0);
    }
    close(socket);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static bool is_sound(const struct request *request, size_t bytes, uint32_t descriptors)
{
    return bytes == sizeof *request && request->limits <= LIMITS_MAX && request->groups <= DESCRIPTORS_MAX &&
           request->inherited <= DESCRIPTORS_MAX && descriptors == 2 + 2 * request->groups + request->inherited &&
           strnlen(request->name, sizeof request->name) == name_room;
}

// Enters control groups, or comes back. A child is where its parent's thread is, and so are all its threads.
static bool enter(const int *files, uint32_t count)
{
    bool entered = true;
    for (uint32_t i = 0; i < count; i++) {
        entered = write(files[i], "0", 1) == 1 && entered;
    }
    return entered;
}

static pid_t fork_in(const struct request *request, const int *groups)
{
    uint32_t count = request->groups;
    pid_t child = -1;
    int error = 0;
    if (enter(groups, count)) {
        unborn = request;
        child = fork();
        if (child == 0) {
            return 0;
        }
        unborn = NULL;
    }
    error = errno;
    if (!enter(groups + count, count)) {
        give_up("cannot leave a machine's control group");
    }
    errno = error;
    return child;
}

// Takes one request. True in the child.
static bool answer(void)
{
    static struct request request;
    int descriptors[DESCRIPTORS_MAX];
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof descriptors)];
    } control;
    struct iovec piece = {&request, sizeof request};
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    ssize_t bytes = recvmsg(requests, &message, MSG_CMSG_CLOEXEC);
    struct cmsghdr *header = bytes > 0 ? CMSG_FIRSTHDR(&message) : NULL;
    uint32_t count = 0;
    if (bytes < 0 && errno == EINTR) {
        return false;
    }
    if (bytes <= 0) {
        _exit(0); // Pleiad is gone, or wants no more.
    }
    if (header != NULL && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS) {
        count = (uint32_t)((header->cmsg_len - CMSG_LEN(0)) / sizeof(int));
        memcpy(descriptors, CMSG_DATA(header), count * sizeof(int));
    }
    if ((message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0 || !is_sound(&request, (size_t)bytes, count)) {
        refuse("a request that is none");
    }
    pid_t child = fork_in(&request, descriptors + 2);
    if (child == 0) {
        close(requests);
        become(&request, descriptors, count);
        return true;
    }
    if (child < 0) {
        struct birth birth = {.error = errno, .step = "fork"};
        (void)!send(descriptors[0], &birth, sizeof birth, MSG_NOSIGNAL);
    }
    for (uint32_t i = 0; i < count; i++) {
        close(descriptors[i]);
    }
    return false;
}

// The reader may be slow or gone: an ending that finds no room is lost, and its asker hears that the status is unknown.
static void tell_endings(int signals)
{
    struct signalfd_siginfo ended;
    struct ending ending;
    (void)!read(signals, &ended, sizeof ended);
    while ((ending.process = waitpid(-1, &ending.status, WNOHANG)) > 0) {
        (void)!send(requests, &ending, sizeof ending, MSG_DONTWAIT | MSG_NOSIGNAL);
    }
}

// Serves requests until there are no more; returns in each child.
static void serve(void)
{
    struct ending ready = {0};
    struct pollfd polled[2] = {{.fd = requests, .events = POLLIN}, {.events = POLLIN}};
    sigset_t children;
    void *(*classes)(const char *, bool) = (void *(*)(const char *, bool))dlsym(RTLD_DEFAULT, "object_class_get_list");
    if (classes != NULL) {
        classes("machine", false); // QEMU does the same a moment later, and makes all its classes by it.
    }
    // Before Linux 5.14 the descriptors' descriptions are root's alone in a process that may not be dumped, as one that changed its user.
    prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
    look_at_what_is_shared(AFTER_INHERITED, requests);
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    sigemptyset(&children);
    sigaddset(&children, SIGCHLD);
    sigprocmask(SIG_BLOCK, &children, NULL);
    polled[1].fd = signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);
    if (polled[1].fd < 0 || send(requests, &ready, sizeof ready, MSG_NOSIGNAL) != sizeof ready) {
        give_up("cannot begin");
    }
    while (true) {
        if (poll(polled, 2, -1) < 0) {
            continue;
        }
        if (polled[1].revents != 0) {
            tell_endings(polled[1].fd);
        }
        if (polled[0].revents != 0 && answer()) {
            close(polled[1].fd);
            return;
        }
    }
}

// Of liburing: a ring would be shared. QEMU does without one, and may have one after the fork.
int io_uring_queue_init(unsigned entries, void *ring, unsigned flags);

__attribute__((visibility("default"))) int io_uring_queue_init(unsigned entries, void *ring, unsigned flags)
{
    int (*real)(unsigned, void *, unsigned) = (int (*)(unsigned, void *, unsigned))dlsym(RTLD_NEXT, "io_uring_queue_init");
    return requests >= 0 || real == NULL ? -ENOSYS : real(entries, ring, flags);
}

// Of libseccomp: QEMU calls it before anything else of the filter.
void *seccomp_init(uint32_t action);

__attribute__((visibility("default"))) void *seccomp_init(uint32_t action)
{
    void *(*real)(uint32_t) = (void *(*)(uint32_t))dlsym(RTLD_NEXT, "seccomp_init");
    if (requests >= 0) {
        serve();
        requests = -1;
    }
    return real == NULL ? NULL : real(action);
}
