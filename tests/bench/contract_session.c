/* SPDX-License-Identifier: MIT */
/* A template and the sessions that it makes.  Used by contract_supervisor.c. */
#define _GNU_SOURCE
#include "contract.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "floor_child.h"
#include "measure.h"

/* What a session has been given. */
enum { LISTENER, PARENT, GIVEN };

union fds_room {
    struct cmsghdr align;
    char bytes[CMSG_SPACE(GIVEN * sizeof(int))];
};

void contract_give(int to, const int *fds, size_t count)
{
    union fds_room room = {0};
    struct iovec byte = {"x", 1};
    struct msghdr message = {.msg_iov = &byte,
                             .msg_iovlen = 1,
                             .msg_control = room.bytes,
                             .msg_controllen = CMSG_SPACE(count * sizeof *fds)};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);

    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(count * sizeof *fds);
    memcpy(CMSG_DATA(header), fds, count * sizeof *fds);
    if (sendmsg(to, &message, MSG_NOSIGNAL) != 1)
        measure_fail("sendmsg");
}

size_t contract_take(int from, int *fds, size_t room_count)
{
    union fds_room room = {0};
    char byte;
    struct iovec part = {&byte, 1};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = room.bytes,
                             .msg_controllen = sizeof room.bytes};
    struct cmsghdr *header;
    size_t count;

    if (recvmsg(from, &message, MSG_CMSG_CLOEXEC) <= 0)
        return 0;
    header = CMSG_FIRSTHDR(&message);
    if (!header)
        return 0;
    count = (header->cmsg_len - CMSG_LEN(0)) / sizeof *fds;
    if (count > room_count)
        return 0;
    memcpy(fds, CMSG_DATA(header), count * sizeof *fds);
    return count;
}

/* ---- the session ---- */

static void session_add(int epoll, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0)
        measure_fail("epoll_ctl");
}

static void session_answer(int fd)
{
    static char bytes[64 * 1024];
    ssize_t size = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);

    if (size > 0)
        child_write(fd, bytes, (size_t)size);
    else if (size == 0 || errno != EAGAIN)
        close(fd);
}

static void session_accept(int epoll, int listener)
{
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

    if (fd < 0)
        measure_fail("accept");
    session_add(epoll, fd);
    session_answer(fd); /* whoever connects has most often written, too */
}

/* Until SIGTERM, which is let in only while it waits. */
static void session_serve(int epoll, int listener)
{
    struct epoll_event events[32];
    sigset_t none;
    int count;

    sigemptyset(&none);
    while ((count = epoll_pwait(epoll, events, 32, -1, &none)) >= 0)
        for (int i = 0; i < count; i++) {
            if (events[i].data.fd == listener)
                session_accept(epoll, listener);
            else
                session_answer(events[i].data.fd);
        }
}

static void session_hello(int parent)
{
    pid_t pid = getpid();

    child_write(parent, (char *)&pid, sizeof pid);
}

/* A pooled process says that it is there, and gets its socket later. */
static void session_run(pid_t supervisor, int *given, size_t count)
{
    int parent = given[count - 1], epoll;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != supervisor)
        return;
    setsid(); /* what it forks is ended with it */
    epoll = epoll_create1(EPOLL_CLOEXEC);
    if (count < GIVEN) {
        session_hello(parent);
        if (contract_take(parent, given, 1) != 1)
            return;
    }
    session_add(epoll, given[LISTENER]);
    session_hello(parent);
    close(parent);
    session_serve(epoll, given[LISTENER]);
}

/* ---- the template ---- */

static void template_interrupt(int signal)
{
    (void)signal;
}

/* As a child of its own parent, which therefore reaps it. */
static pid_t template_clone(void)
{
    return (pid_t)syscall(SYS_clone, CLONE_PARENT | SIGCHLD, NULL, NULL, NULL,
                          NULL);
}

void contract_template(int control)
{
    struct sigaction interrupt = {.sa_handler = template_interrupt};
    pid_t supervisor = getppid();
    int given[GIVEN];
    sigset_t term;
    size_t count;

    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    sigprocmask(SIG_BLOCK, &term, NULL);
    sigaction(SIGTERM, &interrupt, NULL);
    while ((count = contract_take(control, given, GIVEN)) > 0) {
        pid_t pid = template_clone();

        if (pid < 0)
            measure_fail("clone");
        if (pid == 0) {
            close(control);
            session_run(supervisor, given, count);
            _exit(0);
        }
        for (size_t i = 0; i < count; i++)
            close(given[i]);
    }
}
