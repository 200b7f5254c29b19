/* SPDX-License-Identifier: MIT */
/* clone, confine, exec.  What kept it from that is told by one more pipe, which
 * the exec closes. */
#define _GNU_SOURCE
#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox/death.h"
#include "sandbox/sandbox.h"

#define EXIT_NO_EXEC 127

/* Ours and its end of each pipe.  Its own must block: what it reads and writes
 * is not made for anything else. */
enum { INPUT, OUTPUT, ERRORS, FAILURE, PIPES };

struct pipes {
    int ours[PIPES];
    int its[PIPES];
};

static void close_all(const int fds[PIPES])
{
    for (int i = 0; i < PIPES; i++)
        if (fds[i] >= 0)
            close(fds[i]);
}

/* -1 and errno; nothing is open then. */
static int open_pipes(struct pipes *pipes)
{
    memset(pipes, -1, sizeof *pipes);
    for (int i = 0; i < PIPES; i++) {
        int ends[2], ours = i == INPUT;

        if (pipe2(ends, O_CLOEXEC) < 0)
            goto fail;
        pipes->ours[i] = ends[ours];
        pipes->its[i] = ends[!ours];
        if (i != FAILURE && fcntl(ends[ours], F_SETFL, O_NONBLOCK) < 0)
            goto fail;
    }
    return 0;
fail:
    close_all(pipes->ours);
    close_all(pipes->its);
    return -1;
}

/* ---- what keeps it from running ---- */

/* X(NAME, words) */
#define STEP_TABLE(X)                                                          \
    X(PIPES, "pipes for the program")                                          \
    X(CLONE, "a process for the program")                                      \
    X(NAMESPACE, "a user namespace for the program (max_user_namespaces)")     \
    X(DESCRIPTORS, "the program's descriptors")                                \
    X(DEATH_LINK, "PR_SET_PDEATHSIG of the program")                           \
    X(SANDBOX, "the program's sandbox (its limit of threads, its filter)")     \
    X(EXEC, NULL) /* its path stands for that */

enum step {
#define STEP_ENUM_(NAME, words) STEP_##NAME,
    STEP_TABLE(STEP_ENUM_)
#undef STEP_ENUM_
        STEPS
};

struct failure {
    int error; /* 0: none */
    enum step step;
};

static int describe(const struct failure *failure, const char *path, char *out,
                    size_t size)
{
    static const char *const words[] = {
#define WORDS(NAME, words) words,
        STEP_TABLE(WORDS)
#undef WORDS
    };
    const char *what = failure->step < STEPS ? words[failure->step] : NULL;

    snprintf(out, size, "%.300s: %s", what ? what : path,
             strerrordesc_np(failure->error));
    return -1;
}

/* ---- in the child ---- */

/* Numbers 0 to 3.  The pipes are above them: this process has those open. */
static int arrange_fds(const int its[PIPES])
{
    for (int i = 0; i < FAILURE; i++)
        if (dup2(its[i], i) < 0)
            return -1;
    if (dup3(its[FAILURE], FAILURE, O_CLOEXEC) < 0)
        return -1;
    return close_range(PIPES, ~0U, 0);
}

static void reset_signals(void)
{
    sigset_t none;

    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL); /* fails where it cannot be changed anyway */
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static enum step become(char *const argv[], char *const envp[],
                        struct sandbox *sandbox, pid_t parent)
{
    if (death_link(parent) < 0)
        return STEP_DEATH_LINK;
    if (sandbox_enter_program(sandbox) < 0)
        return STEP_SANDBOX;
    reset_signals();
    execve(argv[0], argv, envp);
    return STEP_EXEC;
}

static _Noreturn void run(char *const argv[], char *const envp[],
                          struct sandbox *sandbox, const int its[PIPES],
                          pid_t parent)
{
    struct failure failure = {.step = STEP_DESCRIPTORS};
    int told = its[FAILURE];

    if (arrange_fds(its) == 0) {
        told = FAILURE;
        failure.step = become(argv, envp, sandbox, parent);
    }
    failure.error = errno;
    if (write(told, &failure, sizeof failure) < 0)
        _exit(EXIT_NO_EXEC + 1);
    _exit(EXIT_NO_EXEC);
}

/* ---- in the runtime ---- */

/* The raw call: glibc has no fork with these flags.  One thread, no handlers
 * that the child would run: all signals are blocked around it. */
static pid_t fork_program(unsigned long flags, int *out_pidfd)
{
    return (pid_t)syscall(SYS_clone, flags | CLONE_PIDFD | SIGCHLD, 0,
                          out_pidfd, 0, 0);
}

/* Without an error it runs. */
static struct failure await_exec(int fd)
{
    struct failure failure = {0};
    ssize_t got;

    do
        got = read(fd, &failure, sizeof failure);
    while (got < 0 && errno == EINTR);
    if (got != 0 && got != (ssize_t)sizeof failure)
        return (struct failure){EIO, STEP_EXEC};
    return failure;
}

static void take(struct program *program, const struct pipes *pipes, pid_t pid,
                 int pidfd)
{
    *program = (struct program){.pid = pid,
                                .pidfd = pidfd,
                                .input = pipes->ours[INPUT],
                                .output = pipes->ours[OUTPUT],
                                .errors = pipes->ours[ERRORS]};
}

/* Makes its process, and waits until that is the program. */
static struct failure launch(struct program *program, char *const argv[],
                             char *const envp[], struct sandbox *sandbox,
                             struct pipes *pipes)
{
    unsigned long flags = sandbox_program_flags(sandbox);
    struct failure failure = {.step = flags ? STEP_NAMESPACE : STEP_CLONE};
    sigset_t all, before;
    pid_t own = getpid();
    pid_t pid;
    int pidfd = -1;

    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    pid = fork_program(flags, &pidfd);
    if (pid == 0)
        run(argv, envp, sandbox, pipes->its, own);
    failure.error = errno;
    sigprocmask(SIG_SETMASK, &before, NULL);
    close_all(pipes->its);
    if (pid < 0)
        return failure;
    take(program, pipes, pid, pidfd);
    failure = await_exec(pipes->ours[FAILURE]);
    if (failure.error != 0)
        program_kill(program);
    return failure;
}

int program_start(struct program *program, char *const argv[],
                  char *const envp[], struct sandbox *sandbox, char *out_text,
                  size_t text_size)
{
    struct failure failure;
    struct pipes pipes;

    if (open_pipes(&pipes) < 0) {
        failure = (struct failure){errno, STEP_PIPES};
        return describe(&failure, argv[0], out_text, text_size);
    }
    failure = launch(program, argv, envp, sandbox, &pipes);
    if (failure.error == 0) {
        close(pipes.ours[FAILURE]);
        return 0;
    }
    close_all(pipes.ours);
    return describe(&failure, argv[0], out_text, text_size);
}

/* ---- its end ---- */

static void note_end(struct program *program, const siginfo_t *info)
{
    program->ended = true;
    if (info->si_code == CLD_EXITED)
        program->status = info->si_status;
    else
        program->signal = info->si_status;
}

bool program_reap(struct program *program)
{
    siginfo_t info = {0};

    while (waitid(P_ALL, 0, &info, WEXITED | WNOHANG) == 0 &&
           info.si_pid != 0) {
        if (info.si_pid == program->pid)
            note_end(program, &info);
        info.si_pid = 0;
    }
    return program->ended;
}

bool program_wait(struct program *program, int timeout_ms)
{
    struct pollfd ended = {.fd = program->pidfd, .events = POLLIN};

    while (!program->ended && poll(&ended, 1, timeout_ms) < 0 &&
           errno == EINTR)
        ;
    return program_reap(program);
}

void program_kill(struct program *program)
{
    if (!program->ended)
        pidfd_send_signal(program->pidfd, SIGKILL, NULL, 0);
    program_wait(program, -1);
}

void program_hang_up(struct program *program)
{
    if (program->input >= 0)
        close(program->input);
    program->input = -1;
}

void program_terminate(const struct program *program)
{
    if (!program->ended)
        pidfd_send_signal(program->pidfd, SIGTERM, NULL, 0);
}
