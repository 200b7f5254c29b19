/* SPDX-License-Identifier: MIT */
/* Sockets. */
#define _GNU_SOURCE
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "hostile.h"

static int try_socket(int family, int type)
{
    int fd = socket(family, type | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return errno;
    close(fd);
    return 0;
}

#define SOCKET(name, family, type)                                             \
    ATTEMPT(name)                                                              \
    {                                                                          \
        (void)argument;                                                        \
        return try_socket(family, type);                                       \
    }

SOCKET(socket_inet, AF_INET, SOCK_STREAM)
SOCKET(socket_inet6, AF_INET6, SOCK_DGRAM)
SOCKET(socket_netlink, AF_NETLINK, SOCK_RAW)
SOCKET(socket_packet, AF_PACKET, SOCK_RAW)
SOCKET(socket_vsock, AF_VSOCK, SOCK_STREAM)
SOCKET(socket_unix, AF_UNIX, SOCK_STREAM)

ATTEMPT(socket_pair)
{
    int ends[2];

    (void)argument;
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) < 0)
        return errno;
    close(ends[0]);
    close(ends[1]);
    return 0;
}

/* Of a path, or of a name that begins with '@'. */
static socklen_t address_of(const char *name, struct sockaddr_un *out)
{
    *out = (struct sockaddr_un){.sun_family = AF_UNIX};
    snprintf(out->sun_path, sizeof out->sun_path, "%.100s", name);
    if (name[0] != '@')
        return sizeof *out;
    out->sun_path[0] = '\0';
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));
}

/* The log's socket, for want of another. */
ATTEMPT(connect)
{
    struct sockaddr_un to;
    socklen_t size = address_of(argument, &to);

    return OUTCOME(connect(STDERR_FILENO, (struct sockaddr *)&to, size));
}

ATTEMPT(datagram_to)
{
    struct sockaddr_un to;
    socklen_t size = address_of(argument, &to);

    return OUTCOME(sendto(STDERR_FILENO, "hostile", 7, 0,
                          (struct sockaddr *)&to, size));
}
