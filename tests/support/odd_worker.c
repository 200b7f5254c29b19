/* SPDX-License-Identifier: MIT */
/* odd_worker: stands in for sp-worker and breaks the contract of
 * wire/template.h in one way, that of the module's name.  Run by spd
 * (worker = PATH); its test is integration/test_orders.c. */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fdpass.h"
#include "wire/sandbox.h"
#include "wire/template.h"

/* ---- what can be said ---- */

static void tell_spd(enum template_message type, uint32_t serial, int value)
{
    struct template_record record = {
        .type = type, .serial = serial, .value = value};

    if (send(WORKER_CONTROL_FD, &record, sizeof record, MSG_NOSIGNAL) < 0)
        _exit(1);
}

static void say(int start, enum hello_message type)
{
    struct hello_record record = {.type = type};

    if (send(start, &record, sizeof record, MSG_NOSIGNAL) < 0)
        _exit(1);
}

static _Noreturn void stay(void)
{
    for (;;)
        pause();
}

static pid_t fork_for_spd(void)
{
    return (pid_t)syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);
}

/* ---- as a session: `start` is its start socket ---- */

static void session_exits_before_hello(int start)
{
    (void)start;
    _exit(9);
}

static void session_is_killed_before_hello(int start)
{
    (void)start;
    raise(SIGKILL);
}

static void session_exits_after_hello(int start)
{
    say(start, HELLO_HELLO);
    _exit(9);
}

static void session_exits_after_ready(int start)
{
    say(start, HELLO_HELLO);
    say(start, HELLO_READY);
    _exit(0);
}

static void session_exits_after_init_error(int start)
{
    struct hello_record record = {.type = HELLO_INIT_ERROR, .text = "no\ngo"};

    say(start, HELLO_HELLO);
    send(start, &record, sizeof record, MSG_NOSIGNAL);
    _exit(WORKER_EXIT_INIT);
}

static void session_stays_after_ignoring(int start)
{
    say(start, HELLO_HELLO);
    say(start, HELLO_IGNORED);
    stay();
}

static void session_is_ready_without_hello(int start)
{
    say(start, HELLO_READY);
    stay();
}

static void session_says_hello_twice(int start)
{
    say(start, HELLO_HELLO);
    say(start, HELLO_HELLO);
    stay();
}

static void session_says_garbage(int start)
{
    say(start, HELLO_HELLO);
    send(start, "garbage", 7, MSG_NOSIGNAL);
    stay();
}

static void session_says_too_much(int start)
{
    char large[8192] = {0};

    say(start, HELLO_HELLO);
    send(start, large, sizeof large, MSG_NOSIGNAL);
    stay();
}

static void session_text_has_no_end(int start)
{
    struct hello_record record = {.type = HELLO_INIT_ERROR};

    memset(record.text, 'x', sizeof record.text);
    say(start, HELLO_HELLO);
    send(start, &record, sizeof record, MSG_NOSIGNAL);
    stay();
}

static void session_closes_its_start_socket(int start)
{
    say(start, HELLO_HELLO);
    close(start);
    stay();
}

/* A child of the session, not of spd. */
static void session_grandchild_says_hello(int start)
{
    if (fork() == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        say(start, HELLO_HELLO);
    }
    stay();
}

static void session_other_process_is_ready(int start)
{
    say(start, HELLO_HELLO);
    if (fork() == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        say(start, HELLO_READY);
    }
    stay();
}

static void session_sends_descriptors(int start)
{
    struct hello_record record = {.type = HELLO_HELLO};
    int fds[2] = {0, 1};

    fdpass_send(start, &record, sizeof record, fds, 2);
    stay();
}

static void session_is_honest(int start)
{
    say(start, HELLO_HELLO);
    say(start, HELLO_READY);
    stay();
}

static void session_says_all_at_once(int start)
{
    say(start, HELLO_AT_ONCE);
    stay();
}

static void session_says_all_at_once_behind_a_hello(int start)
{
    say(start, HELLO_HELLO);
    say(start, HELLO_AT_ONCE);
    stay();
}

static void session_exits_after_all_at_once(int start)
{
    say(start, HELLO_AT_ONCE);
    _exit(0);
}

/* As its ID says. */
static void session_named_mute_says_nothing(int start)
{
    struct start_record record;

    if (recv(start, &record, sizeof record, 0) < (ssize_t)sizeof record)
        _exit(1);
    if (strcmp(record.id, "mute") == 0)
        stay();
    session_is_honest(start);
}

/* ---- as a template ---- */

static void fork_session(const int fds[FORK_FDS], void (*session)(int))
{
    if (fork_for_spd() == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        setsid();
        close(WORKER_CONTROL_FD);
        session(fds[FORK_FD_START]);
        _exit(1);
    }
}

static void answer_before_fork(uint32_t serial, const int fds[FORK_FDS])
{
    tell_spd(TEMPLATE_FORKED, serial, 1);
    fork_session(fds, session_is_honest);
}

static void answer_nothing(uint32_t serial, const int fds[FORK_FDS])
{
    (void)serial;
    fork_session(fds, session_is_honest);
}

static void answer_twice(uint32_t serial, const int fds[FORK_FDS])
{
    fork_session(fds, session_is_honest);
    tell_spd(TEMPLATE_FORKED, serial, 1);
    tell_spd(TEMPLATE_FORKED, serial, 1);
}

static void answer_a_future_request(uint32_t serial, const int fds[FORK_FDS])
{
    (void)fds;
    tell_spd(TEMPLATE_FORKED, serial + 1000, 1);
    stay();
}

static void fork_fails(uint32_t serial, const int fds[FORK_FDS])
{
    (void)fds;
    tell_spd(TEMPLATE_FORK_FAILED, serial, EAGAIN);
}

static void forks_nothing(uint32_t serial, const int fds[FORK_FDS])
{
    (void)fds;
    tell_spd(TEMPLATE_FORKED, serial, 1);
}

static void says_hello_itself(uint32_t serial, const int fds[FORK_FDS])
{
    (void)serial;
    say(fds[FORK_FD_START], HELLO_HELLO);
    say(fds[FORK_FD_START], HELLO_READY);
}

static void forks_unannounced_children(uint32_t serial,
                                       const int fds[FORK_FDS])
{
    for (int i = 0; i < 5; i++)
        if (fork_for_spd() == 0)
            _exit(0);
    fork_session(fds, session_is_honest);
    tell_spd(TEMPLATE_FORKED, serial, 1);
}

/* The first session shares the template's descriptors, and says hello for the
 * second too. */
static void session_of_two_says_hello(uint32_t serial, const int fds[FORK_FDS])
{
    static int orders[2], done[2];
    static bool second;
    char byte;
    int start = fds[FORK_FD_START];

    tell_spd(TEMPLATE_FORKED, serial, 1);
    if (second) {
        if (write(orders[1], &start, sizeof start) < 0 ||
            read(done[0], &byte, 1) < 0)
            _exit(1);
        return;
    }
    second = true;
    if (pipe(orders) < 0 || pipe(done) < 0)
        _exit(1);
    if (syscall(SYS_clone, CLONE_PARENT | CLONE_FILES | SIGCHLD, 0, 0, 0, 0) ==
        0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        setsid();
        say(start, HELLO_HELLO);
        say(start, HELLO_READY);
        if (write(done[1], "", 1) < 0 ||
            read(orders[0], &start, sizeof start) < 0)
            _exit(1);
        say(start, HELLO_HELLO);
        if (write(done[1], "", 1) < 0)
            _exit(1);
        stay();
    }
    /* its start socket is not to be closed before it has used it */
    if (read(done[0], &byte, 1) < 0)
        _exit(1);
}

static void dies_at_a_request(uint32_t serial, const int fds[FORK_FDS])
{
    (void)serial;
    (void)fds;
    raise(SIGKILL);
}

static void hangs_at_a_request(uint32_t serial, const int fds[FORK_FDS])
{
    (void)serial;
    (void)fds;
    stay();
}

/* ---- as a holder ---- */

/* A child of spd that tells it this; back once it has. */
static void fork_for(enum template_message type)
{
    int told[2];
    char byte;

    if (pipe(told) < 0)
        _exit(1);
    if (fork_for_spd() == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        tell_spd(type, 0, 0);
        if (write(told[1], "", 1) < 0)
            _exit(1);
        close(WORKER_CONTROL_FD);
        stay();
    }
    if (read(told[0], &byte, 1) < 0)
        _exit(1);
    close(told[0]);
    close(told[1]);
}

static void fork_holder(void)
{
    fork_for(TEMPLATE_HOLDER);
}

/* ---- which ---- */

static const struct oddity {
    const char *name;
    void (*session)(int start);
    void (*answer)(uint32_t serial, const int fds[FORK_FDS]);
} oddities[] = {
    {"exit-before-hello", session_exits_before_hello, NULL},
    {"kill-before-hello", session_is_killed_before_hello, NULL},
    {"exit-after-hello", session_exits_after_hello, NULL},
    {"exit-after-ready", session_exits_after_ready, NULL},
    {"exit-after-init-error", session_exits_after_init_error, NULL},
    {"stay-after-ignoring", session_stays_after_ignoring, NULL},
    {"ready-without-hello", session_is_ready_without_hello, NULL},
    {"two-hellos", session_says_hello_twice, NULL},
    {"garbage", session_says_garbage, NULL},
    {"too-much", session_says_too_much, NULL},
    {"endless-text", session_text_has_no_end, NULL},
    {"closed-start", session_closes_its_start_socket, NULL},
    {"grandchild-hello", session_grandchild_says_hello, NULL},
    {"other-ready", session_other_process_is_ready, NULL},
    {"descriptors", session_sends_descriptors, NULL},
    {"at-once", session_says_all_at_once, NULL},
    {"late-at-once", session_says_all_at_once_behind_a_hello, NULL},
    {"exit-after-at-once", session_exits_after_all_at_once, NULL},
    {"mute", session_named_mute_says_nothing, NULL},
    {"answer-first", NULL, answer_before_fork},
    {"answer-nothing", NULL, answer_nothing},
    {"answer-twice", NULL, answer_twice},
    {"answer-future", NULL, answer_a_future_request},
    {"fork-fails", NULL, fork_fails},
    {"forks-nothing", NULL, forks_nothing},
    {"hello-itself", NULL, says_hello_itself},
    {"unannounced", NULL, forks_unannounced_children},
    {"borrowed-hello", NULL, session_of_two_says_hello},
    {"dies", NULL, dies_at_a_request},
    {"hangs", NULL, hangs_at_a_request},
};
#define ODDITIES (sizeof oddities / sizeof oddities[0])

static void serve(const struct oddity *oddity)
{
    tell_spd(TEMPLATE_LOADED, 0, 0);
    for (;;) {
        struct fork_record request;
        int fds[FORK_FDS];

        if (fdpass_recv(WORKER_CONTROL_FD, &request, sizeof request, fds,
                        FORK_FDS) != (ssize_t)sizeof request)
            _exit(0);
        if (fds[0] < 0) {
            tell_spd(TEMPLATE_FORKED, request.serial, 0);
            continue;
        }
        if (oddity->answer)
            oddity->answer(request.serial, fds);
        else
            fork_session(fds, oddity->session);
        for (int i = 0; i < FORK_FDS; i++)
            close(fds[i]);
    }
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";

    char orders[sizeof(struct sandbox_record) + SANDBOX_PATHS_MAX];

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setsid(); /* as any template: its children are told by that */
    signal(SIGCHLD, SIG_IGN);
    recv(WORKER_CONTROL_FD, orders, sizeof orders, 0); /* not obeyed */
    if (strcmp(name, "load-garbage") == 0) {
        send(WORKER_CONTROL_FD, "garbage", 7, MSG_NOSIGNAL);
        stay();
    }
    if (strcmp(name, "load-exit") == 0)
        _exit(3);
    if (strcmp(name, "load-hangs") == 0)
        stay();
    if (strcmp(name, "load-twice") == 0)
        tell_spd(TEMPLATE_LOADED, 0, 0);
    if (strcmp(name, "holds-itself") == 0)
        tell_spd(TEMPLATE_HOLDER, 0, 0);
    if (strcmp(name, "holder") == 0 || strcmp(name, "two-holders") == 0)
        fork_holder();
    if (strcmp(name, "two-holders") == 0)
        fork_holder();
    if (strcmp(name, "loaded-by-another") == 0)
        fork_for(TEMPLATE_LOADED);
    if (strcmp(name, "load-answers") == 0)
        tell_spd(TEMPLATE_FORKED, 0, 0);
    for (size_t i = 0; i < ODDITIES; i++)
        if (strcmp(name, oddities[i].name) == 0)
            serve(&oddities[i]);
    tell_spd(TEMPLATE_LOADED, 0, 0);
    stay();
}
