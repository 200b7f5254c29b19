/* SPDX-License-Identifier: MIT */
/* fork and exec of a template: descriptors by list, signals reset, no
 * environment. */
#define _GNU_SOURCE
#include "spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "wire/template.h"

#define SPAWN_EXIT_NO_EXEC 127

static void reset_signals(void)
{
    sigset_t none;

    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* dup2() onto itself would leave it close-on-exec. */
static int become(int fd, int number)
{
    return fd == number ? fcntl(fd, F_SETFD, 0) : dup2(fd, number);
}

/* In the child: only async-signal-safe calls, and no descriptor more than
 * there are: spd may have as many as it may.  0, 1 and 2 are open in spd, so
 * that none of the three is one of them. */
static _Noreturn void run(const char *worker, char *const argv[], int control,
                          int slots, int log_fd)
{
    static char *const no_environment[] = {NULL};

    reset_signals();
    if (dup2(log_fd, STDOUT_FILENO) < 0 || dup2(log_fd, STDERR_FILENO) < 0 ||
        close(log_fd) < 0 || close(STDIN_FILENO) < 0 ||
        open("/dev/null", O_RDWR) != STDIN_FILENO)
        _exit(SPAWN_EXIT_NO_EXEC);
    if (slots == WORKER_CONTROL_FD)
        slots = fcntl(slots, F_DUPFD, WORKER_SLOTS_FD + 1); /* log_fd is free */
    if (become(control, WORKER_CONTROL_FD) < 0 ||
        become(slots, WORKER_SLOTS_FD) < 0)
        _exit(SPAWN_EXIT_NO_EXEC);
    if (close_range(WORKER_SLOTS_FD + 1, ~0U, 0) == 0)
        execve(worker, argv, no_environment);
    _exit(SPAWN_EXIT_NO_EXEC);
}

int spawn_worker(const char *worker, const char *name, const char *path,
                 int log_fd, int slots_fd, struct spawned *out_spawned)
{
    char *const argv[] = {"sp-worker", (char *)name, (char *)path, NULL};
    int on = 1, ends[2];
    pid_t pid;
    int pidfd;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        return -1;
    /* every record is stamped: before the other end is handed over */
    if (fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0 ||
        setsockopt(ends[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof on) < 0) {
        close(ends[0]);
        close(ends[1]);
        return -1;
    }
    pid = fork();
    if (pid == 0)
        run(worker, argv, ends[1], slots_fd, log_fd);
    close(ends[1]);
    pidfd = pid > 0 ? pidfd_open(pid, 0) : -1;
    if (pidfd < 0) {
        int saved = errno;

        if (pid > 0) {
            kill(pid, SIGKILL);
            waitpid(pid, NULL, 0);
        }
        close(ends[0]);
        errno = saved;
        return -1;
    }
    *out_spawned = (struct spawned){pid, pidfd, ends[0]};
    return 0;
}
