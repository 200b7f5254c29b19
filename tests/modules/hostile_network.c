/* SPDX-License-Identifier: MIT */
/* Sockets. */
#define _GNU_SOURCE
#include <errno.h>
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

static struct sockaddr_un address_of(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    snprintf(address.sun_path, sizeof address.sun_path, "%.100s", path);
    return address;
}

/* The log's socket, for want of another. */
ATTEMPT(connect)
{
    struct sockaddr_un to = address_of(argument);

    return OUTCOME(connect(STDERR_FILENO, (struct sockaddr *)&to, sizeof to));
}

ATTEMPT(datagram_to)
{
    struct sockaddr_un to = address_of(argument);

    return OUTCOME(sendto(STDERR_FILENO, "hostile", 7, 0,
                          (struct sockaddr *)&to, sizeof to));
}

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
