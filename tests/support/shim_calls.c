/* SPDX-License-Identifier: MIT */
/* Put before libc (LD_PRELOAD), this makes system calls answer as the kernel
 * seldom does: every third call on a socket, and every third wait, is
 * interrupted (EINTR), and a stream socket takes and gives 1 to 7 bytes at a
 * time.  Sockets that keep records are left whole.  Started by preload.c. */
#define _GNU_SOURCE
#undef _FORTIFY_SOURCE /* it has definitions of its own for some of these */
#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define PUBLIC __attribute__((visibility("default")))
#define INTERRUPTED_EACH 3
#define BYTES_MAX 7

static unsigned turn;

/* The function behind this one. */
#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static bool interrupted(void)
{
    if (++turn % INTERRUPTED_EACH != 0)
        return false;
    errno = EINTR;
    return true;
}

/* SOCK_STREAM and so on; -1: not a socket. */
static int socket_type(int fd)
{
    socklen_t size = sizeof(int);
    int saved = errno;
    int type;

    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) < 0)
        type = -1;
    errno = saved;
    return type;
}

static size_t shorten(int type, size_t size)
{
    size_t most = 1 + turn % BYTES_MAX;

    return type == SOCK_STREAM && size > most ? most : size;
}

/* ---- bytes ---- */

PUBLIC ssize_t read(int fd, void *bytes, size_t size)
{
    int type = socket_type(fd);

    if (type >= 0 && interrupted())
        return -1;
    return NEXT(read)(fd, bytes, shorten(type, size));
}

PUBLIC ssize_t write(int fd, const void *bytes, size_t size)
{
    int type = socket_type(fd);

    if (type >= 0 && interrupted())
        return -1;
    return NEXT(write)(fd, bytes, shorten(type, size));
}

PUBLIC ssize_t recv(int fd, void *bytes, size_t size, int flags)
{
    if (interrupted())
        return -1;
    return NEXT(recv)(fd, bytes, shorten(socket_type(fd), size), flags);
}

PUBLIC ssize_t send(int fd, const void *bytes, size_t size, int flags)
{
    if (interrupted())
        return -1;
    return NEXT(send)(fd, bytes, shorten(socket_type(fd), size), flags);
}

/* ---- messages ---- */

/* The first part that is not empty, cut; all else of the message is kept. */
static void shorten_message(struct msghdr *message, struct iovec *part)
{
    for (size_t i = 0; i < message->msg_iovlen; i++) {
        if (message->msg_iov[i].iov_len == 0)
            continue;
        *part = message->msg_iov[i];
        part->iov_len = shorten(SOCK_STREAM, part->iov_len);
        message->msg_iov = part;
        message->msg_iovlen = 1;
        return;
    }
}

PUBLIC ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    struct msghdr copy = *message;
    struct iovec part;

    if (interrupted())
        return -1;
    if (socket_type(fd) == SOCK_STREAM)
        shorten_message(&copy, &part);
    return NEXT(sendmsg)(fd, &copy, flags);
}

PUBLIC ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
    struct msghdr copy = *message;
    struct iovec part;
    ssize_t got;

    if (interrupted())
        return -1;
    if (socket_type(fd) == SOCK_STREAM)
        shorten_message(&copy, &part);
    got = NEXT(recvmsg)(fd, &copy, flags);
    message->msg_namelen = copy.msg_namelen;
    message->msg_controllen = copy.msg_controllen;
    message->msg_flags = copy.msg_flags;
    return got;
}

/* ---- waits ---- */

PUBLIC int accept4(int fd, struct sockaddr *address, socklen_t *size,
                   int flags)
{
    if (interrupted())
        return -1;
    return NEXT(accept4)(fd, address, size, flags);
}

PUBLIC int epoll_wait(int fd, struct epoll_event *events, int most, int ms)
{
    if (ms != 0 && interrupted())
        return -1;
    return NEXT(epoll_wait)(fd, events, most, ms);
}

PUBLIC int waitid(idtype_t type, id_t id, siginfo_t *info, int options)
{
    if (!(options & WNOHANG) && interrupted())
        return -1;
    return NEXT(waitid)(type, id, info, options);
}
