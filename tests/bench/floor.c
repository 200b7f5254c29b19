/* SPDX-License-Identifier: MIT */
/* The floor: a process for each session with nothing else to it.  fork,
 * socketpair, read and write, no protocol, linked statically.  No library can
 * be cheaper, so scripts/bench.sh shows session.c's figures as ratios to these.
 *
 *   bench-floor call COUNT          p50 p99, in microseconds
 *   bench-floor start COUNT LIVE    the same, beside LIVE other processes
 *   bench-floor memory COUNT        KiB a process: its own, the machine's */
#define _GNU_SOURCE
#include "memory.h"
#include "samples.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define MESSAGE_SIZE 64

struct child {
    pid_t pid;
    int fd;
};

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static void child_serve(int fd)
{
    char message[MESSAGE_SIZE];
    ssize_t size;

    while ((size = read(fd, message, sizeof message)) > 0)
        if (write(fd, message, (size_t)size) != size)
            break;
    _exit(0);
}

static struct child child_start(void)
{
    struct child child;
    int pair[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        fail("socketpair");
    child.pid = fork();
    if (child.pid < 0)
        fail("fork");
    if (child.pid == 0) {
        close(pair[0]);
        child_serve(pair[1]);
    }
    close(pair[1]);
    child.fd = pair[0];
    return child;
}

static void child_call(const struct child *child)
{
    char message[MESSAGE_SIZE] = {'x'};

    if (write(child->fd, message, sizeof message) != sizeof message ||
        read(child->fd, message, sizeof message) != sizeof message)
        fail("call");
}

static void child_end(const struct child *child)
{
    kill(child->pid, SIGKILL);
    close(child->fd);
    if (waitpid(child->pid, NULL, 0) != child->pid)
        fail("waitpid");
}

/* As many children that have each answered once. */
static struct child *children_start(size_t count)
{
    struct child *children = calloc(count + 1, sizeof *children);

    if (!children)
        fail("calloc");
    for (size_t i = 0; i < count; i++) {
        children[i] = child_start();
        child_call(&children[i]);
    }
    return children;
}

static void children_end(struct child *children, size_t count)
{
    for (size_t i = 0; i < count; i++)
        child_end(&children[i]);
    free(children);
}

static void measure_calls(size_t count)
{
    struct child child = child_start();
    struct samples samples;

    samples_init(&samples, count);
    for (size_t i = 0; i < count / 10; i++)
        child_call(&child);
    for (size_t i = 0; i < count; i++) {
        uint64_t start = samples_clock();

        child_call(&child);
        samples_add(&samples, start);
    }
    child_end(&child);
    samples_print(&samples);
    samples_fini(&samples);
}

static void measure_starts(size_t count, size_t live)
{
    struct child *others = children_start(live);
    struct samples samples;

    samples_init(&samples, count);
    for (size_t i = 0; i < count; i++) {
        uint64_t start = samples_clock();
        struct child child = child_start();

        child_call(&child);
        samples_add(&samples, start);
        child_end(&child);
    }
    children_end(others, live);
    samples_print(&samples);
    samples_fini(&samples);
}

static void measure_memory(size_t count)
{
    struct memory_machine before = memory_machine_now();
    struct child *children = children_start(count);
    pid_t *pids = calloc(count, sizeof *pids);

    if (!pids)
        fail("calloc");
    for (size_t i = 0; i < count; i++)
        pids[i] = children[i].pid;
    memory_print(pids, count, &before);
    free(pids);
    children_end(children, count);
}

int main(int argc, char **argv)
{
    size_t count = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;

    if (argc == 3 && count > 0 && strcmp(argv[1], "call") == 0) {
        measure_calls(count);
    } else if (argc == 4 && count > 0 && strcmp(argv[1], "start") == 0) {
        measure_starts(count, strtoul(argv[3], NULL, 10));
    } else if (argc == 3 && count > 0 && strcmp(argv[1], "memory") == 0) {
        measure_memory(count);
    } else {
        fprintf(stderr, "usage: %s call COUNT | start COUNT LIVE | "
                        "memory COUNT\n", argv[0]);
        return 2;
    }
    return 0;
}
