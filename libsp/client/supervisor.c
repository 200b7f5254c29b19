/* SPDX-License-Identifier: MIT */
/* Runs spd as a child of this process.  Two pipes tie them: on one spd says
 * that it is ready; of the other it holds the reading end and stops in order at
 * its end of file, which comes when this process ends in any way.  (A signal at
 * the parent's death would be tied to the thread that forked.)
 *
 * This process may have threads, so the child only makes system calls before
 * it runs spd.  spd is waited for and signalled by pidfd, since a program may
 * reap its children on its own. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "result.h"
#include "spd_path.h"

/* spd gives its sessions 5 s to stop; when this has passed it is killed, and
 * its sessions end with it. */
#define STOP_MS 15000

/* What spd finds its ends of the pipes at. */
#define SPD_READY_FD 3
#define SPD_LIFE_FD 4
#define SPD_FREE_FD 5 /* the first that it must not inherit */

/* spd says "\n" on the ready pipe; the child before it, that it cannot run it:
 * this byte, and errno in the next. */
#define EXEC_FAILED 'E'

struct sp_supervisor {
    pid_t pid;
    int pidfd;
    int life_fd; /* closed: spd stops */
};

struct pipes {
    int ready[2];
    int life[2];
};

static void pipes_close_end(int pipe[2], int end)
{
    if (pipe[end] >= 0)
        close(pipe[end]);
    pipe[end] = -1;
}

static void pipes_close(struct pipes *pipes)
{
    for (int end = 0; end < 2; end++) {
        pipes_close_end(pipes->ready, end);
        pipes_close_end(pipes->life, end);
    }
}

static bool pipes_open(struct pipes *pipes)
{
    *pipes = (struct pipes){{-1, -1}, {-1, -1}};
    return pipe2(pipes->ready, O_CLOEXEC) == 0 &&
           pipe2(pipes->life, O_CLOEXEC) == 0;
}

/* ---- the child: async-signal-safe calls only ---- */

static void reset_signals(void)
{
    struct sigaction standard = {.sa_handler = SIG_DFL};
    sigset_t none;

    for (int sig = 1; sig <= SIGRTMAX; sig++)
        sigaction(sig, &standard, NULL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Out of the way of the numbers that the ends get in the end. */
static int move_up(int fd)
{
    return fcntl(fd, F_DUPFD_CLOEXEC, SPD_FREE_FD);
}

static bool place_descriptors(int ready, int life)
{
    int null = open("/dev/null", O_RDWR);

    return null >= 0 && dup2(null, STDIN_FILENO) >= 0 &&
           dup2(ready, SPD_READY_FD) >= 0 && dup2(life, SPD_LIFE_FD) >= 0;
}

__attribute__((noreturn)) static void run_spd(const struct pipes *pipes,
                                              char *const argv[])
{
    unsigned char failure[2] = {EXEC_FAILED};
    int ready = move_up(pipes->ready[1]);
    int life = move_up(pipes->life[0]);

    reset_signals();
    if (ready >= 0 && life >= 0 && place_descriptors(ready, life)) {
        close_range(SPD_FREE_FD, ~0u, CLOSE_RANGE_CLOEXEC);
        execv(argv[0], argv);
    }
    failure[1] = (unsigned char)errno;
    if (write(ready >= 0 ? ready : pipes->ready[1], failure, 2) < 0) {
        /* the parent sees that the pipe ends */
    }
    _exit(127);
}

/* With all signals blocked, so that no handler of this program runs in the
 * child.  Returns its pid, or -1 and errno. */
static pid_t fork_spd(const struct pipes *pipes, char *const argv[])
{
    sigset_t all, before;
    pid_t pid;
    int saved;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid = fork();
    if (pid == 0)
        run_spd(pipes, argv);
    saved = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = saved;
    return pid;
}

/* ---- waiting for it ---- */

/* Waits until the descriptor is readable.  False: the deadline has passed. */
static bool wait_readable(int fd, int64_t deadline)
{
    struct pollfd poller = {.fd = fd, .events = POLLIN};
    int ready;

    do
        ready = poll(&poller, 1, deadline_left(deadline));
    while (ready < 0 && errno == EINTR);
    return ready > 0;
}

/* Waits until spd is gone, kills it at the deadline, and reaps it.  False: its
 * exit status is somebody else's. */
static bool wait_gone(const struct sp_supervisor *supervisor, int64_t deadline,
                      siginfo_t *out_status)
{
    int got;

    if (!wait_readable(supervisor->pidfd, deadline))
        pidfd_send_signal(supervisor->pidfd, SIGKILL, NULL, 0);
    do
        got = waitid(P_PIDFD, (id_t)supervisor->pidfd, out_status, WEXITED);
    while (got < 0 && errno == EINTR);
    return got == 0;
}

static enum sp_error explain_exit(const struct sp_supervisor *supervisor,
                                  const char *spd, struct sp_result *result)
{
    siginfo_t status = {0};

    if (!wait_gone(supervisor, deadline_after(STOP_MS), &status))
        return result_fail(result, SP_ESYSTEM, SP_PROGRESS_NOT_SENT,
                           "%s ended before it was ready; see standard error",
                           spd);
    if (status.si_code == CLD_EXITED)
        return result_fail(result, SP_ESYSTEM, SP_PROGRESS_NOT_SENT,
                           "%s ended with status %d before it was ready; see "
                           "standard error",
                           spd, status.si_status);
    return result_fail(result, SP_ESYSTEM, SP_PROGRESS_NOT_SENT,
                       "%s was ended by SIG%s before it was ready", spd,
                       sigabbrev_np(status.si_status));
}

static enum sp_error wait_ready(const struct sp_supervisor *supervisor,
                                int ready_fd, const char *spd,
                                struct sp_result *result)
{
    unsigned char said[2] = {0};
    siginfo_t status;
    ssize_t got;

    if (!wait_readable(ready_fd, deadline_after(SP_TIMEOUT_DEFAULT))) {
        wait_gone(supervisor, clock_now_ms(), &status);
        return result_fail(result, SP_ESYSTEM, SP_PROGRESS_NOT_SENT,
                           "%s was not ready within %d s", spd,
                           SP_TIMEOUT_DEFAULT / 1000);
    }
    do
        got = read(ready_fd, said, sizeof said);
    while (got < 0 && errno == EINTR);
    if (got >= 1 && said[0] == '\n')
        return result_set(result, SP_OK, SP_PROGRESS_ANSWERED);
    explain_exit(supervisor, spd, result);
    if (got == 2 && said[0] == EXEC_FAILED)
        return result_fail(result, SP_ESYSTEM, SP_PROGRESS_NOT_SENT, "%s: %s",
                           spd, strerrordesc_np(said[1]));
    return result->error;
}

static enum sp_error system_error(struct sp_result *result, const char *what)
{
    return result_fail(result, SP_ESYSTEM, SP_PROGRESS_NOT_SENT, "%s: %s", what,
                       strerrordesc_np(errno));
}

/* ---- public ---- */

static enum sp_error start(struct sp_supervisor *supervisor, char *const argv[],
                           struct sp_result *result)
{
    struct pipes pipes;
    enum sp_error error;

    if (!pipes_open(&pipes)) {
        error = system_error(result, "pipe");
        goto out;
    }
    supervisor->pid = fork_spd(&pipes, argv);
    if (supervisor->pid < 0) {
        error = system_error(result, "fork");
        goto out;
    }
    pipes_close_end(pipes.ready, 1);
    supervisor->pidfd = pidfd_open(supervisor->pid, 0);
    if (supervisor->pidfd < 0) {
        /* its life pipe closes: it ends by itself */
        error = system_error(result, "pidfd_open");
        goto out;
    }
    error = wait_ready(supervisor, pipes.ready[0], argv[0], result);
    if (error == SP_OK) {
        supervisor->life_fd = pipes.life[1];
        pipes.life[1] = -1;
    } else {
        close(supervisor->pidfd);
    }
out:
    pipes_close(&pipes);
    return error;
}

static enum sp_error start_with(const char *runtime_dir, const char *config,
                                const char *spd,
                                struct sp_supervisor **out_supervisor,
                                struct sp_result *result)
{
    struct sp_supervisor *supervisor = malloc(sizeof *supervisor);
    char installed[PATH_MAX];
    char ready_fd[12], life_fd[12];
    char *argv[12];
    size_t argc = 0;
    enum sp_error error;

    if (!supervisor)
        return result_set(result, SP_ENOMEM, SP_PROGRESS_NOT_SENT);
    spd_path(installed);
    snprintf(ready_fd, sizeof ready_fd, "%d", SPD_READY_FD);
    snprintf(life_fd, sizeof life_fd, "%d", SPD_LIFE_FD);
    argv[argc++] = spd ? (char *)spd : installed;
    argv[argc++] = "--foreground";
    argv[argc++] = "--ready-fd";
    argv[argc++] = ready_fd;
    argv[argc++] = "--life-fd";
    argv[argc++] = life_fd;
    if (runtime_dir) {
        argv[argc++] = "--runtime-dir";
        argv[argc++] = (char *)runtime_dir;
    }
    if (config) {
        argv[argc++] = "--config";
        argv[argc++] = (char *)config;
    }
    argv[argc] = NULL;
    error = start(supervisor, argv, result);
    if (error == SP_OK)
        *out_supervisor = supervisor;
    else
        free(supervisor);
    return error;
}

enum sp_error sp_supervisor_start(const char *runtime_dir, const char *config,
                                  const char *spd,
                                  struct sp_supervisor **out_supervisor,
                                  struct sp_result *result)
{
    struct sp_result own;
    enum sp_error error;

    result_init(&own);
    if (out_supervisor)
        error = start_with(runtime_dir, config, spd, out_supervisor, &own);
    else
        error = result_set(&own, SP_EINVAL, SP_PROGRESS_NOT_SENT);
    if (result) {
        result_reset(result);
        result_copy(result, &own);
        if (error == SP_OK)
            result->pid = (*out_supervisor)->pid;
    }
    result_fini(&own);
    return error;
}

void sp_supervisor_stop(struct sp_supervisor *supervisor)
{
    siginfo_t status;

    if (!supervisor)
        return;
    close(supervisor->life_fd);
    wait_gone(supervisor, deadline_after(STOP_MS), &status);
    close(supervisor->pidfd);
    free(supervisor);
}

pid_t sp_supervisor_pid(const struct sp_supervisor *supervisor)
{
    return supervisor->pid;
}
