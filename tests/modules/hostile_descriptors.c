/* SPDX-License-Identifier: MIT */
/* Descriptors: which there are, and how they pass from hand to hand. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "hostile.h"

/* More than any limit of the tests. */
#define NUMBERS 20000

/* ---- which there are ---- */

/* The call itself: glibc 2.36 has fstat() ask for a path, which is refused. */
static bool is_null_device(int fd)
{
    struct stat status;

    return syscall(SYS_fstat, fd, &status) == 0 && S_ISCHR(status.st_mode) &&
           status.st_rdev == makedev(1, 3);
}

static int socket_option(int fd, int name)
{
    int value = -1;
    socklen_t size = sizeof value;

    return getsockopt(fd, SOL_SOCKET, name, &value, &size) < 0 ? -1 : value;
}

/* 0 is /dev/null, 1 and 2 are the log, 3 listens; behind them are the
 * connection that asks, and what libevent has: an epoll and its signal pipe.
 * EMFILE: there is one more, or one is not what it should be. */
ATTEMPT(descriptors)
{
    int others = 0, connections = 0;

    (void)argument;
    if (!is_null_device(0) || socket_option(1, SO_TYPE) != SOCK_DGRAM ||
        socket_option(2, SO_TYPE) != SOCK_DGRAM ||
        socket_option(3, SO_ACCEPTCONN) != 1)
        return EMFILE;
    for (int fd = 4; fd < NUMBERS; fd++)
        if (socket_option(fd, SO_TYPE) == SOCK_STREAM)
            connections++;
        else if (fcntl(fd, F_GETFD) >= 0)
            others++;
    return connections == 1 && others <= 3 ? 0 : EMFILE;
}

ATTEMPT(descriptor_bomb)
{
    int fds[4096], error = 0, count = 0;

    (void)argument;
    while (error == 0 && count < 4096) {
        fds[count] = dup(STDIN_FILENO);
        if (fds[count] < 0)
            error = errno;
        else
            count++;
    }
    while (count > 0)
        close(fds[--count]);
    return error;
}

/* ---- those of others ---- */

/* What is open in spd under any number that is not open here. */
ATTEMPT(write_elsewhere)
{
    (void)argument;
    for (int fd = 0; fd < NUMBERS; fd++)
        if (fcntl(fd, F_GETFD) < 0 && write(fd, "hostile", 7) >= 0)
            return 0;
    return EBADF;
}

/* O_APPEND besides, which does nothing to a socket: a mark that nobody else
 * makes. */
ATTEMPT(make_all_nonblocking)
{
    (void)argument;
    for (int fd = 0; fd < NUMBERS; fd++) {
        int flags = fcntl(fd, F_GETFL);

        if (flags >= 0 &&
            fcntl(fd, F_SETFL, flags | O_NONBLOCK | O_APPEND) < 0)
            return errno;
    }
    return 0;
}

/* Neither its log nor its listener has the mark. */
ATTEMPT(unmarked)
{
    (void)argument;
    for (int fd = 1; fd <= 3; fd++)
        if (fcntl(fd, F_GETFL) & O_APPEND)
            return EEXIST;
    return 0;
}

/* ---- from hand to hand ---- */

ATTEMPT(pass_descriptors)
{
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr head;
    } room = {.head = {.cmsg_len = CMSG_LEN(sizeof(int)),
                       .cmsg_level = SOL_SOCKET,
                       .cmsg_type = SCM_RIGHTS}};
    struct iovec iov = {"hostile\n", 8};
    struct msghdr message = {.msg_iov = &iov,
                             .msg_iovlen = 1,
                             .msg_control = room.bytes,
                             .msg_controllen = sizeof room.bytes};

    memset(CMSG_DATA(&room.head), 0, sizeof(int));
    return OUTCOME(sendmsg(STDERR_FILENO, &message, MSG_DONTWAIT));
}

/* On every number that it could get: the template's own is out of reach. */
ATTEMPT(take_descriptors)
{
    struct msghdr message = {0};

    (void)argument;
    for (int fd = 0; fd < 20000; fd++)
        if (recvmsg(fd, &message, MSG_DONTWAIT) >= 0 || errno == EAGAIN ||
            errno == ENOTSOCK)
            return 0;
    return EPERM;
}
