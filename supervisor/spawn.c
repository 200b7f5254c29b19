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

#include "base/fdkeep.h"
#include "wire/template.h"

#define SPAWN_EXIT_NO_EXEC 127

void spawn_reset_signals(void)
{
    sigset_t none;

    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Standard output and error, and what takes the numbers of wire/template.h. */
static int set_output(int log_fd)
{
    if (dup2(log_fd, STDOUT_FILENO) < 0 || dup2(log_fd, STDERR_FILENO) < 0 ||
        close(STDIN_FILENO) < 0)
        return -1;
    return open("/dev/null", O_RDWR) == STDIN_FILENO ? 0 : -1;
}

/* The first of them becomes number WORKER_CONTROL_FD, and so on.  Above all of
 * these numbers first, where none can take another's place. */
static int take_numbers(int *fds, int count)
{
    for (int i = 0; i < count; i++)
        fds[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, WORKER_FDS_END);
    for (int i = 0; i < count; i++)
        if (fds[i] < 0 || dup2(fds[i], WORKER_CONTROL_FD + i) < 0)
            return -1;
    return close_range((unsigned)(WORKER_CONTROL_FD + count), ~0U, 0);
}

/* In the child: only async-signal-safe calls.  0, 1 and 2 are open in spd, so
 * that none of the others is one of them. */
static _Noreturn void run(const char *worker, char *const argv[], int control,
                          const struct spawn_fds *fds)
{
    static char *const no_environment[] = {NULL};
    int taken[] = {control, fds->slots, fds->filters};
    int kept[] = {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO, fds->log,
                  control,      fds->slots,    fds->filters};
    int missing = fds->filters < 0;

    spawn_reset_signals();
    /* spd may have as many as it may: room is made before any more is asked
     * for */
    if (fdkeep(kept, sizeof kept / sizeof kept[0] - (size_t)missing) == 0 &&
        set_output(fds->log) == 0 && take_numbers(taken, 3 - missing) == 0)
        execve(worker, argv, no_environment);
    _exit(SPAWN_EXIT_NO_EXEC);
}

int spawn_worker(const char *worker, char *const argv[],
                 const struct spawn_fds *fds, struct spawned *out_spawned)
{
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
        run(worker, argv, ends[1], fds);
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
