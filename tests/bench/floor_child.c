/* SPDX-License-Identifier: MIT */
/* fork, socketpair, read and write.  Used by floor.c and floor_stream.c. */
#define _GNU_SOURCE
#include "floor_child.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "measure.h"
#include "stamp.h"

/* What one read takes: many small messages, or a part of a large one. */
#define READ_SIZE (64 * 1024)

child_serve *child_server = child_echo;

/* ---- the child ---- */

void child_echo(int fd)
{
    static char bytes[READ_SIZE];
    ssize_t size;

    while ((size = read(fd, bytes, sizeof bytes)) > 0)
        child_write(fd, bytes, (size_t)size);
}

void child_echo_epoll(int fd)
{
    struct epoll_event event = {.events = EPOLLIN};
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    static char bytes[READ_SIZE];
    ssize_t size = 1;

    if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0)
        measure_fail("epoll");
    while (size > 0 && epoll_wait(epoll, &event, 1, -1) == 1) {
        size = read(fd, bytes, sizeof bytes);
        if (size > 0)
            child_write(fd, bytes, (size_t)size);
    }
}

/* ---- its parent ---- */

struct child child_start(void)
{
    struct child child;
    int pair[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        measure_fail("socketpair");
    child.pid = fork();
    if (child.pid < 0)
        measure_fail("fork");
    if (child.pid == 0) {
        close(pair[0]);
        child_server(pair[1]);
        _exit(0);
    }
    close(pair[1]);
    child.fd = pair[0];
    return child;
}

void child_read(int fd, char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t part = read(fd, bytes, size);

        if (part <= 0)
            measure_fail("read");
        bytes += part;
        size -= (size_t)part;
    }
}

void child_write(int fd, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t part = write(fd, bytes, size);

        if (part < 0)
            measure_fail("write");
        bytes += part;
        size -= (size_t)part;
    }
}

void child_call(const struct child *child)
{
    char message[STAMP_SIZE] = {'x'};

    if (write(child->fd, message, sizeof message) != sizeof message ||
        read(child->fd, message, sizeof message) != sizeof message)
        measure_fail("call");
}

void child_kill(const struct child *child)
{
    siginfo_t how;

    kill(child->pid, SIGKILL);
    if (waitid(P_PID, (id_t)child->pid, &how, WEXITED) != 0)
        measure_fail("waitid");
}

void child_end(const struct child *child)
{
    child_kill(child);
    close(child->fd);
}

struct child *children_start(size_t count)
{
    struct child *children = calloc(count + 1, sizeof *children);

    if (!children)
        measure_fail("calloc");
    for (size_t i = 0; i < count; i++) {
        children[i] = child_start();
        child_call(&children[i]);
    }
    return children;
}

void children_end(struct child *children, size_t count)
{
    for (size_t i = 0; i < count; i++)
        child_end(&children[i]);
    free(children);
}
