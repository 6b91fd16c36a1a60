// inject CALL NUMBER ERRNO PROGRAM [ARGUMENT...]: runs a program. When its first thread enters this system call for the
// NUMBERth time, the kernel does not make the call: it fails with this errno, or, if that is 0, the program is killed.
// Ends with the program's status, or with 128 and the signal that has killed it.
// strace(1) can do the same, but stops the program at calls of every name, which takes several times as long.
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

struct shared {
    char **program;
    int call;
    _Atomic int listener; // -1 until the filter is there
};

static void fail(const char *what, int error) {
    fprintf(stderr, "inject: %s: %s\n", what, strerror(error));
    _exit(125);
}

static int start(void *argument) {
    struct shared *shared = argument;
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    if (!filter) fail("seccomp_init", ENOMEM);
    int error = seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, 0); // the program keeps its privileges
    if (!error) error = seccomp_rule_add(filter, SCMP_ACT_NOTIFY, shared->call, 0);
    if (!error && shared->call != SCMP_SYS(execve))
        error = seccomp_rule_add(filter, SCMP_ACT_NOTIFY, SCMP_SYS(execve), 0);
    if (!error) error = seccomp_load(filter);
    if (error) fail("seccomp_load", -error);
    shared->listener = seccomp_notify_fd(filter);
    execvp(shared->program[0], shared->program);
    fail(shared->program[0], errno);
    return 0;
}

int main(int argc, char **argv) {
    static char stack[1 << 16] __attribute__((aligned(16)));
    if (argc < 5) fail("CALL NUMBER ERRNO PROGRAM", EINVAL);
    struct shared *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) fail("mmap", errno);
    shared->program = argv + 4;
    shared->call = seccomp_syscall_resolve_name(argv[1]);
    shared->listener = -1;
    if (shared->call < 0) fail(argv[1], ENOSYS);
    long wanted = atol(argv[2]), count = 0;
    int error = atoi(argv[3]), has_begun = 0, status;

    // Until it executes the program, the child has the same table of descriptors. So the listener is here without a
    // call of the child, which its filter could already stop.
    pid_t child = clone(start, stack + sizeof stack, CLONE_FILES | SIGCHLD, shared);
    if (child < 0) fail("clone", errno);
    int process = pidfd_open(child, 0);
    if (process < 0) fail("pidfd_open", errno);
    struct pollfd fds[] = { { .fd = process, .events = POLLIN }, { .fd = -1, .events = POLLIN } };
    while (shared->listener < 0 && poll(fds, 1, 0) == 0) sched_yield();
    fds[1].fd = shared->listener;

    struct seccomp_notif *request;
    struct seccomp_notif_resp *response;
    if (seccomp_notify_alloc(&request, &response)) fail("seccomp_notify_alloc", ENOMEM);
    while (poll(fds, 2, -1) > 0 && !(fds[0].revents & POLLIN)) {
        memset(request, 0, sizeof *request);
        if (seccomp_notify_receive(fds[1].fd, request)) continue; // the caller has just been killed
        *response = (struct seccomp_notif_resp){ .id = request->id, .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE };
        if (has_begun && request->pid == (unsigned)child && request->data.nr == shared->call && ++count == wanted) {
            if (error == 0) kill(child, SIGKILL);
            response->flags = 0;
            response->error = error ? -error : -EPERM;
        }
        has_begun |= request->data.nr == SCMP_SYS(execve);
        seccomp_notify_respond(fds[1].fd, response); // fails if the caller has been killed
    }
    if (waitpid(child, &status, 0) < 0) fail("waitpid", errno);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
