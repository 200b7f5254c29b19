/* SPDX-License-Identifier: MIT */
/* posix_spawn, since this process may have threads.  Callers: doctor.c. */
#define _GNU_SOURCE
#include "spd_output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sp/client.h>

#include "base/clock.h"
#include "spd_path.h"

#define OUTPUT_MAX 65536

extern char **environ;

/* Its standard output is the pipe; standard error stays this process's. */
static pid_t start(const char *option, int out)
{
    char path[PATH_MAX];
    char *argv[] = {path, (char *)option, NULL};
    posix_spawn_file_actions_t actions;
    pid_t pid = -1;

    spd_path(path);
    if (posix_spawn_file_actions_init(&actions) != 0)
        return -1;
    if (posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO) != 0 ||
        posix_spawn(&pid, path, &actions, NULL, argv, environ) != 0)
        pid = -1;
    posix_spawn_file_actions_destroy(&actions);
    return pid;
}

/* Up to its end.  False: deadline, or too much. */
static bool read_all(int fd, int64_t deadline, char *text, size_t *out_size)
{
    struct pollfd poller = {.fd = fd, .events = POLLIN};
    size_t size = 0;
    ssize_t got;

    for (;;) {
        int ready = poll(&poller, 1, deadline_left(deadline));

        if (ready < 0 && errno == EINTR)
            continue;
        if (ready <= 0 || size == OUTPUT_MAX)
            return false;
        got = read(fd, text + size, OUTPUT_MAX - size);
        if (got < 0 && errno != EINTR)
            return false;
        if (got == 0)
            break;
        size += got > 0 ? (size_t)got : 0;
    }
    *out_size = size;
    return true;
}

/* Whether it ended with 0; killed first if its output did not end. */
static bool finish(pid_t pid, bool read_it)
{
    int status;
    pid_t got;

    if (!read_it)
        kill(pid, SIGKILL);
    do
        got = waitpid(pid, &status, 0);
    while (got < 0 && errno == EINTR);
    return read_it && got == pid && WIFEXITED(status) &&
           WEXITSTATUS(status) == 0;
}

char *spd_output(const char *option, size_t *out_size)
{
    char *text = malloc(OUTPUT_MAX);
    bool done = false;
    int ends[2];
    pid_t pid;

    if (!text || pipe2(ends, O_CLOEXEC) < 0) {
        free(text);
        return NULL;
    }
    pid = start(option, ends[1]);
    close(ends[1]);
    if (pid > 0)
        done = finish(pid, read_all(ends[0],
                                    deadline_after(SP_TIMEOUT_DEFAULT), text,
                                    out_size));
    close(ends[0]);
    if (done)
        return text;
    free(text);
    return NULL;
}
