/* SPDX-License-Identifier: MIT */
/* Running programs.  posix_spawn, so that it is safe in tests with threads;
 * Criterion hands its tests a blocked SIGCHLD and ignored SIGINT and SIGQUIT,
 * which are put right here for whoever is started. */
#define _GNU_SOURCE
#include "program.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "support/wait.h"

#define FD_SAFE 64 /* above what dup2 writes to in the child */
#define INPUT_MAX (64 * 1024)

extern char **environ;

/* ---- start ---- */

static int fd_lift(int fd)
{
    int lifted = fcntl(fd, F_DUPFD_CLOEXEC, FD_SAFE);

    cr_assert(lifted >= 0, "fcntl: %s", strerror(errno));
    close(fd);
    return lifted;
}

static void pipe_open(int out_ends[2])
{
    cr_assert(pipe2(out_ends, O_CLOEXEC) == 0, "pipe2: %s", strerror(errno));
    out_ends[0] = fd_lift(out_ends[0]);
    out_ends[1] = fd_lift(out_ends[1]);
}

/* A pipe holds 64 KiB, so the input is written before anybody reads. */
static int input_open(const struct program_options *options)
{
    size_t size = options->input_size;
    int ends[2];

    if (options->input_fd > 0)
        return fcntl(options->input_fd, F_DUPFD_CLOEXEC, FD_SAFE);
    if (!options->input)
        return fd_lift(open("/dev/null", O_RDONLY | O_CLOEXEC));
    cr_assert(size <= INPUT_MAX, "input of %zu bytes", size);
    pipe_open(ends);
    cr_assert(write(ends[1], options->input, size) == (ssize_t)size);
    close(ends[1]);
    return ends[0];
}

static void attributes_init(posix_spawnattr_t *attributes)
{
    sigset_t none, all;

    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_init(attributes);
    posix_spawnattr_setflags(attributes,
                             POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setsigmask(attributes, &none);
    posix_spawnattr_setsigdefault(attributes, &all);
}

static bool names_same(const char *one, const char *other)
{
    size_t len = strcspn(one, "=");

    return len == strcspn(other, "=") && strncmp(one, other, len) == 0;
}

static bool environment_has(const char *const *env, const char *entry)
{
    for (; env && *env; env++)
        if (names_same(*env, entry))
            return true;
    return false;
}

/* Our environment, changed by `add`. */
static char **environment_new(const char *const *add)
{
    size_t added = 0, own = 0, count;
    char **env;

    while (add && add[added])
        added++;
    while (environ[own])
        own++;
    env = calloc(added + own + 1, sizeof *env);
    cr_assert_not_null(env);
    for (count = 0; count < added; count++)
        env[count] = (char *)add[count];
    for (size_t i = 0; i < own; i++)
        if (!environment_has(add, environ[i]))
            env[count++] = environ[i];
    return env;
}

/* The words to start it by.  parent: room for a number. */
static const char **words_new(const struct program_options *options,
                              char parent[16])
{
    size_t count = 0, tie = options->tied ? 2 : 0;
    const char **words;

    while (options->argv[count])
        count++;
    words = calloc(tie + count + 1, sizeof *words);
    cr_assert_not_null(words);
    if (options->tied) {
        snprintf(parent, 16, "%d", (int)getpid());
        words[0] = SP_TEST_TIED;
        words[1] = parent;
    }
    memcpy(words + tie, options->argv, count * sizeof *words);
    return words;
}

static pid_t spawn(const struct program_options *options, const int std[3])
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    char parent[16], **env = environment_new(options->env);
    const char **words = words_new(options, parent);
    int error, *lifted = calloc(options->fd_count + 1, sizeof *lifted);
    pid_t pid = 0;

    posix_spawn_file_actions_init(&actions);
    for (int i = 0; i < 3; i++)
        posix_spawn_file_actions_adddup2(&actions, std[i], i);
    for (size_t i = 0; i < options->fd_count; i++) {
        lifted[i] = fcntl(options->fds[i], F_DUPFD_CLOEXEC, FD_SAFE);
        posix_spawn_file_actions_adddup2(&actions, lifted[i], 3 + (int)i);
    }
    posix_spawn_file_actions_addclosefrom_np(&actions,
                                             3 + (int)options->fd_count);
    attributes_init(&attributes);
    error = posix_spawnp(&pid, words[0], &actions, &attributes,
                         (char *const *)words, env);
    for (size_t i = 0; i < options->fd_count; i++)
        close(lifted[i]);
    free(lifted);
    free(words);
    free(env);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    cr_assert(error == 0, "%s: %s", options->argv[0], strerror(error));
    return pid;
}

void program_start(const struct program_options *options,
                   struct program *out_program)
{
    struct program program = {.out = -1, .err = -1};
    int std[3] = {input_open(options), -1, -1};

    if (options->log) {
        std[1] = fd_lift(open(options->log,
                              O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
        std[2] = fcntl(std[1], F_DUPFD_CLOEXEC, FD_SAFE);
    } else {
        int out[2], err[2];

        pipe_open(out);
        pipe_open(err);
        program.out = out[0];
        program.err = err[0];
        std[1] = out[1];
        std[2] = err[1];
    }
    program.pid = spawn(options, std);
    for (int i = 0; i < 3; i++)
        close(std[i]);
    program.pidfd = pidfd_open(program.pid, 0);
    cr_assert(program.pidfd >= 0, "pidfd_open: %s", strerror(errno));
    *out_program = program;
}

/* ---- outputs ---- */

static void output_read(int *fd, struct buf *into)
{
    ssize_t got;

    cr_assert(buf_reserve(into, 65536));
    got = read(*fd, buf_tail(into), buf_room(into));
    if (got > 0) {
        buf_commit(into, (size_t)got);
        return;
    }
    close(*fd);
    *fd = -1;
}

/* Waits for more of either output and takes it.  False: deadline. */
static bool outputs_step(struct program *program, int64_t deadline)
{
    struct pollfd pfds[2] = {{.fd = program->out, .events = POLLIN},
                             {.fd = program->err, .events = POLLIN}};

    if (poll(pfds, 2, deadline_left(deadline)) == 0)
        return false;
    if (pfds[0].revents)
        output_read(&program->out, &program->out_read);
    if (pfds[1].revents)
        output_read(&program->err, &program->err_read);
    return true;
}

static const char *output_text(struct buf *buf)
{
    cr_assert(buf_reserve(buf, 1));
    *buf_tail(buf) = '\0';
    return (const char *)buf_data(buf);
}

const char *program_out(struct program *program)
{
    return output_text(&program->out_read);
}

const char *program_err(struct program *program)
{
    return output_text(&program->err_read);
}

bool program_wait_output(struct program *program, const char *text,
                         int timeout_ms)
{
    int64_t deadline = deadline_after(timeout_ms);

    while (!strstr(program_out(program), text))
        if (program->out < 0 || !outputs_step(program, deadline))
            return false;
    return true;
}

/* ---- end ---- */

static void reap(struct program *program)
{
    pid_t waited;

    do
        waited = waitpid(program->pid, &program->status, 0);
    while (waited < 0 && errno == EINTR);
    cr_assert(waited == program->pid, "waitpid %d: %s", (int)program->pid,
              strerror(errno));
    program->pid = 0;
}

int program_wait(struct program *program, int timeout_ms)
{
    int64_t deadline = deadline_after(timeout_ms);
    bool in_time = true;

    while (in_time && (program->out >= 0 || program->err >= 0))
        in_time = outputs_step(program, deadline);
    in_time = in_time && wait_exit(program->pidfd, deadline_left(deadline));
    if (!in_time)
        kill(program->pid, SIGKILL);
    reap(program);
    cr_assert(in_time, "a program did not end within %d ms: \"%s\" \"%s\"",
              timeout_ms, program_out(program), program_err(program));
    return WIFEXITED(program->status) ? WEXITSTATUS(program->status)
                                      : 128 + WTERMSIG(program->status);
}

void program_fini(struct program *program)
{
    if (program->pid > 0) {
        kill(program->pid, SIGKILL);
        reap(program);
    }
    if (program->out >= 0)
        close(program->out);
    if (program->err >= 0)
        close(program->err);
    close(program->pidfd);
    buf_fini(&program->out_read);
    buf_fini(&program->err_read);
    program->out = program->err = program->pidfd = -1;
}

int program_run(struct program *out_program, const char *const argv[])
{
    program_start(&(struct program_options){.argv = argv}, out_program);
    return program_wait(out_program, WAIT_MS);
}
