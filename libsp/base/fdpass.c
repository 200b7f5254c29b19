/* SPDX-License-Identifier: MIT */
/* SCM_RIGHTS and SCM_CREDENTIALS, the only place that builds control messages.
 * Callers: spd and sp-worker. */
#define _GNU_SOURCE
#include "fdpass.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union rights_room {
    char bytes[CMSG_SPACE(FDPASS_MAX * sizeof(int))];
    struct cmsghdr align;
};

int fdpass_send(int fd, const void *record, size_t size, const int *fds,
                size_t count)
{
    union rights_room room = {0};
    struct iovec iov = {.iov_base = (void *)record, .iov_len = size};
    struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
    ssize_t sent;

    assert(count <= FDPASS_MAX);
    if (count > 0) {
        struct cmsghdr *cmsg;

        msg.msg_control = room.bytes;
        msg.msg_controllen = CMSG_SPACE(count * sizeof(int));
        cmsg = CMSG_FIRSTHDR(&msg);
        cmsg->cmsg_level = SOL_SOCKET;
        cmsg->cmsg_type = SCM_RIGHTS;
        cmsg->cmsg_len = CMSG_LEN(count * sizeof(int));
        memcpy(CMSG_DATA(cmsg), fds, count * sizeof(int));
    }
    do
        sent = sendmsg(fd, &msg, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent == (ssize_t)size ? 0 : -1;
}

/* Moves the descriptors of a message to fds (at most max); the rest is closed.
 * Returns how many came. */
static size_t take_rights(struct msghdr *msg, int *fds, size_t max)
{
    size_t came = 0;

    for (struct cmsghdr *cmsg = CMSG_FIRSTHDR(msg); cmsg;
         cmsg = CMSG_NXTHDR(msg, cmsg)) {
        size_t count;

        if (cmsg->cmsg_level != SOL_SOCKET || cmsg->cmsg_type != SCM_RIGHTS)
            continue;
        count = (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count; i++) {
            int fd;

            memcpy(&fd, CMSG_DATA(cmsg) + i * sizeof(int), sizeof fd);
            if (came < max)
                fds[came] = fd;
            else
                close(fd);
            came++;
        }
    }
    return came;
}

ssize_t fdpass_recv(int fd, void *record, size_t size, int *fds, size_t count)
{
    union rights_room room;
    struct iovec iov = {.iov_base = record, .iov_len = size};
    struct msghdr msg = {.msg_iov = &iov,
                         .msg_iovlen = 1,
                         .msg_control = room.bytes,
                         .msg_controllen = sizeof room.bytes};
    int got[FDPASS_MAX];
    size_t came;
    ssize_t len;

    do
        len = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC);
    while (len < 0 && errno == EINTR);
    if (len < 0)
        return -1;
    came = take_rights(&msg, got, FDPASS_MAX);
    if (len == 0 && came == 0)
        return 0;
    if (came == 0 && count > 0 &&
        !(msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC))) {
        fds[0] = -1;
        return len;
    }
    if (came != count || (msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC))) {
        bool full = came < count && (msg.msg_flags & MSG_CTRUNC) &&
                    !(msg.msg_flags & MSG_TRUNC) && len == (ssize_t)size;

        for (size_t i = 0; i < came && i < FDPASS_MAX; i++)
            close(got[i]);
        errno = full ? EMFILE : EPROTO;
        return -1;
    }
    memcpy(fds, got, count * sizeof(int));
    return len;
}

ssize_t fdpass_recv_stamped(int fd, void *record, size_t size, pid_t *out_pid)
{
    union {
        char bytes[CMSG_SPACE(sizeof(struct ucred))];
        struct cmsghdr align;
    } room;
    struct iovec iov = {.iov_base = record, .iov_len = size};
    struct msghdr msg = {.msg_iov = &iov,
                         .msg_iovlen = 1,
                         .msg_control = room.bytes,
                         .msg_controllen = sizeof room.bytes};
    pid_t pid = 0;
    ssize_t len;

    do
        len = recvmsg(fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    while (len < 0 && errno == EINTR);
    if (len < 0)
        return -1;
    for (struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg); cmsg;
         cmsg = CMSG_NXTHDR(&msg, cmsg)) {
        struct ucred stamp;

        if (cmsg->cmsg_level != SOL_SOCKET ||
            cmsg->cmsg_type != SCM_CREDENTIALS)
            continue;
        memcpy(&stamp, CMSG_DATA(cmsg), sizeof stamp);
        pid = stamp.pid;
    }
    *out_pid = pid;
    if (msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) {
        errno = EPROTO;
        return -1;
    }
    return len;
}
