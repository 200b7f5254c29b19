/* SPDX-License-Identifier: MIT */
/* A supervisor that only makes the system calls of the contract.  Used by
 * floor_contract.c. */
#define _GNU_SOURCE
#include "contract.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "measure.h"

/* What an event of epoll is about; the rest of its data is a number. */
enum { OF_CLIENT, OF_HELLO, OF_EXIT, OF_KINDS };

struct session {
    int listener, hello, pidfd;
    pid_t pid;
    bool starting, lasting;
    bool asked; /* someone has to be answered */
};

static struct session sessions[CONTRACT_SESSIONS];
/* Processes that wait for a socket. */
static struct session pool[CONTRACT_SESSIONS];
static size_t pool_count;
static int epoll, client, template;
char contract_directory[CONTRACT_ROUTE];

void contract_route(char route[CONTRACT_ROUTE], uint32_t number)
{
    snprintf(route, CONTRACT_ROUTE, "%.90s/%u", contract_directory,
             (unsigned)number);
}

static void watch(int fd, uint64_t kind, uint64_t number)
{
    struct epoll_event event = {.events = EPOLLIN,
                                .data.u64 = number * OF_KINDS + kind};

    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0)
        measure_fail("epoll_ctl");
}

static void answer(uint32_t number)
{
    struct contract_answer is = {number, sessions[number].pid};

    if (write(client, &is, sizeof is) != sizeof is)
        measure_fail("answer");
}

/* ---- starts ---- */

/* The path is what a crash does not take away. */
static int bound(uint32_t number)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    contract_route(address.sun_path, number);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) < 0 ||
        listen(fd, 128) < 0)
        measure_fail("bind");
    return fd;
}

/* Has the template make a process.  Returns the end of the pair on which it
 * says hello. */
static int begin(const int *listener)
{
    int pair[2], given[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        measure_fail("socketpair");
    given[0] = listener ? *listener : pair[1];
    given[1] = pair[1];
    contract_give(template, given, listener ? 2 : 1);
    close(pair[1]);
    return pair[0];
}

static void begin_session(uint32_t number)
{
    struct session *session = &sessions[number];

    session->starting = true;
    session->hello = begin(&session->listener);
    watch(session->hello, OF_HELLO, number);
}

static pid_t read_hello(int fd)
{
    pid_t pid;

    if (read(fd, &pid, sizeof pid) != sizeof pid)
        measure_fail("hello");
    return pid;
}

static void begun(uint32_t number)
{
    struct session *session = &sessions[number];
    pid_t pid = read_hello(session->hello);

    session->starting = false;
    close(session->hello);
    if (session->pid != pid) { /* not from the pool, where it is watched */
        session->pid = pid;
        session->pidfd = pidfd_open(pid, 0);
        watch(session->pidfd, OF_EXIT, number);
    }
    if (session->asked)
        answer(number);
    session->asked = false;
}

/* Waits for it, as nobody does for one of a pool. */
static void fill_pool(void)
{
    struct session *session = &pool[pool_count++];

    session->hello = begin(NULL);
    session->pid = read_hello(session->hello);
    session->pidfd = pidfd_open(session->pid, 0);
    answer(0);
}

static void take_from_pool(uint32_t number)
{
    struct session *session = &sessions[number];

    if (pool_count == 0)
        measure_wrong("pool");
    *session = pool[--pool_count];
    session->asked = true;
    session->listener = bound(number);
    contract_give(session->hello, &session->listener, 1);
    watch(session->hello, OF_HELLO, number);
    watch(session->pidfd, OF_EXIT, number);
}

/* ---- ends ---- */

static void ended(uint32_t number)
{
    struct session *session = &sessions[number];
    char route[CONTRACT_ROUTE];
    siginfo_t how;

    if (waitid(P_PIDFD, (id_t)session->pidfd, &how, WEXITED) < 0)
        measure_fail("waitid");
    close(session->pidfd);
    if (session->lasting && !session->asked) {
        begin_session(number);
        return;
    }
    contract_route(route, number);
    unlink(route);
    close(session->listener);
    if (session->asked)
        answer(number);
    *session = (struct session){.listener = -1};
}

/* ---- requests ---- */

static void start(uint32_t number, bool lasting)
{
    struct session *session = &sessions[number];

    session->lasting = lasting;
    session->asked = true;
    session->listener = bound(number);
    begin_session(number);
}

static void serve(const struct contract_request *request)
{
    struct session *session = &sessions[request->number];

    switch ((enum contract_verb)request->verb) {
    case CONTRACT_START:
    case CONTRACT_LASTING:
        start(request->number, request->verb == CONTRACT_LASTING);
        break;
    case CONTRACT_POOLED:
        take_from_pool(request->number);
        break;
    case CONTRACT_FILL:
        fill_pool();
        break;
    case CONTRACT_STOP:
        session->asked = true;
        pidfd_send_signal(session->pidfd, SIGTERM, NULL, 0);
        break;
    case CONTRACT_WAIT:
        session->asked = session->listener >= 0;
        if (!session->asked) /* it was faster */
            answer(request->number);
        break;
    case CONTRACT_PID:
        session->asked = session->starting;
        if (!session->starting)
            answer(request->number);
        break;
    }
}

/* False when the client has gone. */
static bool serve_client(void)
{
    static struct contract_request requests[CONTRACT_BATCH];
    ssize_t size = read(client, requests, sizeof requests);

    if (size <= 0)
        return false;
    for (size_t i = 0; i < (size_t)size / sizeof *requests; i++)
        serve(&requests[i]);
    return true;
}

static bool serve_event(uint64_t data)
{
    if (data % OF_KINDS == OF_CLIENT)
        return serve_client();
    if (data % OF_KINDS == OF_HELLO)
        begun((uint32_t)(data / OF_KINDS));
    else
        ended((uint32_t)(data / OF_KINDS));
    return true;
}

static void make_template(void)
{
    int pair[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        measure_fail("socketpair");
    if (fork() == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        close(pair[0]);
        close(client);
        contract_template(pair[1]);
        _exit(0);
    }
    close(pair[1]);
    template = pair[0];
}

void contract_supervise(int client_fd)
{
    struct epoll_event events[32];
    bool there = true;
    int count;

    client = client_fd;
    make_template();
    epoll = epoll_create1(EPOLL_CLOEXEC);
    watch(client, OF_CLIENT, 0);
    while (there && (count = epoll_wait(epoll, events, 32, -1)) > 0)
        for (int i = 0; i < count; i++)
            there = serve_event(events[i].data.u64) && there;
}
