/* SPDX-License-Identifier: MIT */
/* Modules that harm their own processes: in a constructor, so that the module
 * is refused, or in a session, which ends.  spd lives, a sibling answers, and
 * nothing is left over (harness_stop() looks). */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/asking.h"
#include "support/family.h"
#include "support/news.h"
#include "support/raw_peer.h"
#include "support/wait.h"
#include "tier.h"

TIER_SUITE(unruly);

/* The unruly module under this name, and an honest one that has a session. */
static struct harness *start(const char *module)
{
    char config[512];
    struct harness *harness;

    snprintf(config, sizeof config,
             "[module kv]\n@TIER@\n"
             "[module %s]\npath = " SP_TEST_UNRULY "\n@TIER@\n"
             "init_timeout = 1s\nstop_timeout = 200ms\nrestart = temporary\n",
             module);
    harness = tier_start(config);
    ask_started(harness, "sibling", "kv", NULL);
    return harness;
}

static void stop(struct harness *harness)
{
    free(session_call(harness, "sibling", "get x"));
    news_expect(harness, "sibling", "start ready");
    harness_stop(harness);
}

/* ---- constructors ---- */

static void expect_refused(const char *module, const char *text,
                           unsigned violations)
{
    struct harness *harness = start(module);

    for (int i = 0; i < 2; i++) /* nor does it harm the next try */
        ask_refused(harness, "a", module, NULL, SP_ELOAD, text);
    cr_expect_eq(ask_counter(harness, "violations"), violations);
    stop(harness);
}

Test(unruly, constructor_that_exits_is_a_module_that_is_refused)
{
    expect_refused("exits", "exit status 0", 0);
}

Test(unruly, constructor_that_hangs_is_a_module_that_is_refused)
{
    expect_refused("hangs", "init_timeout", 0);
}

Test(unruly, constructor_that_closes_all_is_a_module_that_is_refused)
{
    expect_refused("closes", "template ended", 0);
}

Test(unruly, constructor_that_covers_all_is_a_module_that_is_refused)
{
    expect_refused("covers", "template ended", 0);
}

Test(unruly, constructor_that_forges_a_record_is_a_violation)
{
    expect_refused("forges", "broke its contract", 2);
}

Test(unruly, constructor_does_not_get_1_gib)
{
    struct harness *harness = start("grows");

    ask_started(harness, "a", "grows", NULL);
    session_expect(harness, "a", "nothing", "ENOMEM");
    stop(harness);
}

/* ---- sessions ---- */

/* The harmless twin. */
Test(unruly, session_that_is_not_goes_on)
{
    struct harness *harness = start("plain");

    ask_started(harness, "a", "plain", NULL);
    session_expect(harness, "a", "nothing", "done");
    session_expect(harness, "a", "mark", "done");
    cr_expect_eq(ask_stop(harness, "a"), SP_OK);
    news_expect(harness, "a", "start ready stop");
    cr_expect_eq(ask_counter(harness, "violations"), 0);
    stop(harness);
}

/* It ends, with these events. */
static void expect_end(const char *before, const char *request,
                       const char *kinds)
{
    struct harness *harness = start("plain");
    struct raw_peer peer;

    ask_started(harness, "a", "plain", NULL);
    ask_started(harness, "b", "plain", NULL);
    if (before)
        session_expect(harness, "a", before, "done");
    session_send(harness, "a", request, &peer);
    ask_until_gone(harness, "a");
    news_expect(harness, "a", kinds);
    session_expect(harness, "b", "nothing", "done");
    raw_peer_close(&peer);
    stop(harness);
}

Test(unruly, session_that_exits_in_a_handler_has_crashed)
{
    expect_end(NULL, "exit", "start ready crash stop");
}

Test(unruly, session_that_jumps_out_of_a_handler_has_crashed)
{
    expect_end("mark", "jump", "start ready crash stop");
}

Test(unruly, session_that_shuts_its_listener_is_ended_for_that)
{
    expect_end(NULL, "shut-listener", "start ready violation crash stop");
}

/* Clients wait in the listener's queue, which is spd's too. */
Test(unruly, session_that_never_accepts_can_be_stopped)
{
    struct harness *harness = start("plain");
    char path[RUNDIR_PATH_SIZE];
    struct raw_peer peer;

    ask_started(harness, "a", "plain", NULL);
    session_expect(harness, "a", "close-listener", "done");
    harness_session_path(harness, "a", path);
    raw_peer_connect(&peer, path);
    cr_expect_eq(ask_stop(harness, "a"), SP_OK);
    raw_peer_close(&peer);
    ask_started(harness, "a", "plain", NULL);
    session_expect(harness, "a", "nothing", "done");
    stop(harness);
}

Test(unruly, session_that_closes_all_is_gone_once_it_is_stopped)
{
    struct harness *harness = start("plain");
    struct raw_peer peer;

    ask_started(harness, "a", "plain", NULL);
    session_send(harness, "a", "close-all", &peer);
    cr_expect(raw_peer_wait_closed(&peer, WAIT_MS));
    ask_stop(harness, "a"); /* if it has not ended */
    ask_until_gone(harness, "a");
    raw_peer_close(&peer);
    stop(harness);
}

/* Nothing of a module's runs behind its terminate. */
Test(unruly, session_ends_without_what_it_has_left_for_its_exit)
{
    struct harness *harness = start("plain");

    ask_started(harness, "a", "plain", NULL);
    session_expect(harness, "a", "hang-at-exit", "done");
    cr_expect_eq(ask_stop(harness, "a"), SP_OK);
    news_expect_end(harness, "a", "stop", "limit", "");
    cr_expect_eq(ask_counter(harness, "stop_timeouts"), 0);
    stop(harness);
}

/* ---- descriptors that come with messages ---- */

#define SENT 1000
#define A_MESSAGE 250 /* the kernel takes 253 */

/* As long as the other side takes them. */
static void send_descriptors(int fd)
{
    int fds[A_MESSAGE];
    union {
        char bytes[CMSG_SPACE(sizeof fds)];
        struct cmsghdr header;
    } control = {.header = {.cmsg_len = CMSG_LEN(sizeof fds),
                            .cmsg_level = SOL_SOCKET,
                            .cmsg_type = SCM_RIGHTS}};
    char byte = 0;
    struct iovec bytes = {&byte, 1};
    struct msghdr message = {.msg_iov = &bytes,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof control.bytes};

    for (size_t i = 0; i < A_MESSAGE; i++)
        fds[i] = STDIN_FILENO;
    memcpy(CMSG_DATA(&control.header), fds, sizeof fds);
    for (int sent = 0; sent < SENT; sent += A_MESSAGE)
        if (sendmsg(fd, &message, MSG_NOSIGNAL) < 0)
            return;
}

/* Closes the connection for what came with them: zeros are no frame. */
static void expect_closed(struct raw_peer *peer)
{
    send_descriptors(peer->fd);
    cr_expect(raw_peer_wait_closed(peer, WAIT_MS));
    raw_peer_close(peer);
}

Test(unruly, client_that_sends_descriptors_is_left_with_them)
{
    struct harness *harness = start("plain");
    pid_t pid = ask_started(harness, "a", "plain", NULL);
    char path[RUNDIR_PATH_SIZE];
    struct raw_peer peer;
    json_int_t of_spd;
    size_t of_session;

    harness_session_path(harness, "a", path);
    raw_peer_open(&peer, path, WIRE_REQ);
    of_session = family_fds(pid);
    expect_closed(&peer);
    cr_expect_leq(family_fds(pid), of_session);
    harness_control_path(harness, path);
    raw_peer_open(&peer, path, WIRE_REQ);
    of_spd = ask_counter(harness, "descriptors");
    expect_closed(&peer);
    cr_expect_leq(ask_counter(harness, "descriptors"), of_spd);
    session_expect(harness, "a", "nothing", "done");
    stop(harness);
}
