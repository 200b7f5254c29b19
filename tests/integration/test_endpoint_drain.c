/* SPDX-License-Identifier: MIT */
/* libsp/endpoint: its end that loses nothing (drain), what is not admitted,
 * and the load that it tells. */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/bare.h"
#include "support/leaks.h"
#include "support/raw_peer.h"
#include "support/wait.h"

/* Long enough not to run out in a test that does not want it to. */
#define PATIENT "handshake_ms=60000", "frame_ms=60000"

static struct bare bare;

static void stop(void)
{
    bare_stop(&bare);
    leaks_check();
}

TestSuite(endpoint_drain, .fini = stop);

static void expect_drained(void)
{
    cr_expect(program_wait_output(&bare.program, "drained", WAIT_MS));
}

static bool is_stopped(void *context)
{
    char path[64], state = 0;
    FILE *file;

    (void)context;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)bare.program.pid);
    file = fopen(path, "re");
    cr_assert_not_null(file);
    cr_assert_eq(fscanf(file, "%*d (%*[^)]) %c", &state), 1);
    fclose(file);
    return state == 'T';
}

/* What is sent between these two has arrived, and is unread, when the program
 * goes on. */
static void hold(void)
{
    cr_assert_eq(kill(bare.program.pid, SIGSTOP), 0);
    cr_assert(wait_for(is_stopped, NULL, WAIT_MS));
}

static void go_on(void)
{
    cr_assert_eq(kill(bare.program.pid, SIGCONT), 0);
}

static void send_drain(struct raw_peer *peer, const char *how)
{
    raw_peer_send_request(peer, 99, how, 5);
}

static void expect_reply(struct raw_peer *peer, uint32_t id, const char *body)
{
    struct raw_message reply;

    raw_peer_recv_reply(peer, id, &reply);
    cr_expect_str_eq((char *)reply.bytes, body);
    raw_message_fini(&reply);
}

/* What a client that has sent nothing unread sees. */
static void expect_end_of_file(struct raw_peer *peer)
{
    char byte;

    cr_assert(wait_readable(peer->fd, WAIT_MS));
    cr_expect_eq(read(peer->fd, &byte, 1), 0);
}

/* ---- what has arrived ---- */

Test(endpoint_drain, with_no_connection_is_done_at_once)
{
    struct raw_peer peer;

    bare_start(&bare, PATIENT);
    raw_peer_open(&peer, bare.path, WIRE_REQ);
    send_drain(&peer, "drain");
    expect_reply(&peer, 99, "drain");
    expect_end_of_file(&peer);
    raw_peer_close(&peer);
    expect_drained();
}

Test(endpoint_drain, answers_all_that_has_arrived_on_every_connection)
{
    struct raw_peer first, peers[5];

    bare_start(&bare, PATIENT);
    raw_peer_open(&first, bare.path, WIRE_REQ);
    for (int i = 0; i < 5; i++)
        raw_peer_open(&peers[i], bare.path, WIRE_REQ);
    hold();
    send_drain(&first, "drain");
    for (int i = 0; i < 5; i++)
        for (uint32_t id = 1; id <= 200; id++)
            raw_peer_send_request(&peers[i], id, "hello", 5);
    go_on();
    for (int i = 0; i < 5; i++) {
        for (uint32_t id = 1; id <= 200; id++)
            expect_reply(&peers[i], id, "hello");
        expect_end_of_file(&peers[i]);
        raw_peer_close(&peers[i]);
    }
    raw_peer_close(&first);
    expect_drained();
}

Test(endpoint_drain, hands_on_every_cast_that_has_arrived)
{
    struct raw_peer first, push, sub;

    bare_start(&bare, PATIENT);
    raw_peer_open(&sub, bare.path, WIRE_SUB);
    raw_peer_open(&first, bare.path, WIRE_REQ);
    raw_peer_open(&push, bare.path, WIRE_PUSH);
    hold();
    send_drain(&first, "drain");
    for (int i = 0; i < 200; i++)
        raw_peer_send_frame(&push, "a cast", 6);
    go_on();
    for (int i = 0; i < 200; i++) {
        struct raw_message event;

        raw_peer_recv(&sub, &event);
        cr_expect_str_eq((char *)event.bytes, "a cast");
        raw_message_fini(&event);
    }
    expect_drained();
    raw_peer_close(&first);
    raw_peer_close(&push);
    raw_peer_close(&sub);
}

/* More of them than there may be connections. */
Test(endpoint_drain, serves_those_that_wait_to_be_accepted)
{
    struct raw_peer first, late[20];
    uint8_t handshake[8];

    bare_start(&bare, PATIENT, "max_connections=4");
    wire_handshake_put(handshake, WIRE_REQ);
    raw_peer_open(&first, bare.path, WIRE_REQ);
    raw_peer_send_request(&first, 1, "keep", 4);
    raw_peer_expect(&first, 2, "kept?", "kept?");
    hold();
    send_drain(&first, "drain");
    for (int i = 0; i < 20; i++) {
        raw_peer_connect(&late[i], bare.path);
        raw_peer_send(&late[i], handshake, sizeof handshake);
        raw_peer_send_request(&late[i], 7, "late", 4);
    }
    go_on();
    for (int i = 0; i < 20; i++) {
        struct raw_message reply;

        cr_assert(wait_readable(late[i].fd, WAIT_MS));
        cr_assert_eq(read(late[i].fd, handshake, 8), 8);
        raw_peer_recv(&late[i], &reply);
        cr_expect_arr_eq(reply.bytes, "\x80\0\0\x07late", 8);
        raw_message_fini(&reply);
        raw_peer_close(&late[i]);
    }
    cr_assert_eq(kill(bare.program.pid, SIGUSR1), 0);
    expect_drained();
    raw_peer_close(&first);
}

Test(endpoint_drain, that_leaves_the_backlog_accepts_nobody)
{
    struct raw_peer first, late;
    uint8_t handshake[8];

    bare_start(&bare, PATIENT);
    raw_peer_open(&first, bare.path, WIRE_REQ);
    hold();
    send_drain(&first, "leave");
    raw_peer_send_request(&first, 1, "keep", 4);
    go_on();
    expect_reply(&first, 99, "leave");
    wire_handshake_put(handshake, WIRE_REQ);
    raw_peer_connect(&late, bare.path);
    raw_peer_send(&late, handshake, sizeof handshake);
    cr_expect(raw_peer_silent(&late, 50));
    cr_assert_eq(kill(bare.program.pid, SIGUSR1), 0);
    expect_reply(&first, 1, "released");
    expect_drained();
    cr_expect(raw_peer_wait_closed(&late, WAIT_MS));
    raw_peer_close(&late);
    raw_peer_close(&first);
}

/* ---- what comes later ---- */

Test(endpoint_drain, refuses_what_comes_later_at_its_sender)
{
    struct raw_peer first, req, push;

    bare_start(&bare, PATIENT);
    raw_peer_open(&first, bare.path, WIRE_REQ);
    raw_peer_open(&req, bare.path, WIRE_REQ);
    raw_peer_open(&push, bare.path, WIRE_PUSH);
    raw_peer_send_request(&req, 1, "keep", 4);
    raw_peer_expect(&req, 2, "kept?", "kept?");
    send_drain(&first, "drain");
    expect_reply(&first, 99, "drain");
    cr_expect_eq(send(req.fd, "x", 1, MSG_NOSIGNAL), -1);
    cr_expect_eq(errno, EPIPE);
    cr_expect_eq(send(push.fd, "x", 1, MSG_NOSIGNAL), -1);
    cr_expect_eq(errno, EPIPE);
    raw_peer_close(&first);
    raw_peer_close(&push);
    cr_assert_eq(kill(bare.program.pid, SIGUSR1), 0);
    expect_reply(&req, 1, "released");
    expect_end_of_file(&req);
    raw_peer_close(&req);
    expect_drained();
}

Test(endpoint_drain, drops_a_frame_that_has_only_begun)
{
    struct raw_peer first, half, silent;

    bare_start(&bare, PATIENT);
    raw_peer_open(&first, bare.path, WIRE_REQ);
    raw_peer_open(&half, bare.path, WIRE_REQ);
    raw_peer_connect(&silent, bare.path);
    raw_peer_send(&half, "\1\0\0\0\0\0\0\0\x08\x80\0", 11);
    raw_peer_send(&silent, "\0SP", 3);
    cr_expect_eq(bare_counter(&bare, "refused"), 0); /* both are accepted */
    send_drain(&first, "drain");
    expect_drained();
    cr_expect(raw_peer_wait_closed(&half, WAIT_MS));
    cr_expect(raw_peer_wait_closed(&silent, WAIT_MS));
    raw_peer_close(&silent);
    raw_peer_close(&half);
    raw_peer_close(&first);
}

/* ---- replies ---- */

Test(endpoint_drain, waits_for_late_replies_and_delivers_them)
{
    struct raw_peer first, peers[3];

    bare_start(&bare, PATIENT);
    raw_peer_open(&first, bare.path, WIRE_REQ);
    for (int i = 0; i < 3; i++) {
        raw_peer_open(&peers[i], bare.path, WIRE_REQ);
        raw_peer_send_request(&peers[i], 1, "keep", 4);
        raw_peer_send_request(&peers[i], 2, "keep", 4);
        raw_peer_expect(&peers[i], 3, "kept?", "kept?");
    }
    send_drain(&first, "drain");
    expect_reply(&first, 99, "drain");
    expect_end_of_file(&first);
    cr_expect(raw_peer_silent(&peers[0], 50));
    cr_assert_eq(kill(bare.program.pid, SIGUSR1), 0);
    for (int i = 0; i < 3; i++) {
        expect_reply(&peers[i], 1, "released");
        expect_reply(&peers[i], 2, "released");
        expect_end_of_file(&peers[i]);
        raw_peer_close(&peers[i]);
    }
    raw_peer_close(&first);
    expect_drained();
}

Test(endpoint_drain, waits_until_a_large_reply_has_been_read)
{
    struct raw_peer peer;
    struct raw_message reply;

    bare_start(&bare, PATIENT);
    raw_peer_open(&peer, bare.path, WIRE_REQ);
    hold();
    send_drain(&peer, "drain");
    raw_peer_send_request(&peer, 1, "zeros 8000000", 13);
    raw_peer_send_request(&peer, 2, "zeros 8000000", 13);
    go_on();
    expect_reply(&peer, 99, "drain");
    for (uint32_t id = 1; id <= 2; id++) {
        raw_peer_recv_reply(&peer, id, &reply);
        cr_expect_eq(reply.size, 8000000);
        raw_message_fini(&reply);
    }
    expect_end_of_file(&peer);
    raw_peer_close(&peer);
    expect_drained();
}

/* At its bound of calls a connection is not read: it is again, later. */
Test(endpoint_drain, reads_what_a_connection_at_its_bound_has_sent)
{
    struct raw_peer peer;

    bare_start(&bare, PATIENT, "max_calls=2");
    raw_peer_open(&peer, bare.path, WIRE_REQ);
    hold();
    send_drain(&peer, "drain");
    raw_peer_send_request(&peer, 1, "keep", 4);
    raw_peer_send_request(&peer, 2, "keep", 4);
    raw_peer_send_request(&peer, 3, "third", 5);
    go_on();
    expect_reply(&peer, 99, "drain");
    cr_expect(raw_peer_silent(&peer, 0));
    cr_assert_eq(kill(bare.program.pid, SIGUSR1), 0);
    expect_reply(&peer, 1, "released");
    expect_reply(&peer, 2, "released");
    expect_reply(&peer, 3, "third");
    expect_end_of_file(&peer);
    raw_peer_close(&peer);
    expect_drained();
}

Test(endpoint_drain, is_not_held_up_by_a_client_that_has_gone)
{
    struct raw_peer first, gone;

    bare_start(&bare, PATIENT);
    raw_peer_open(&first, bare.path, WIRE_REQ);
    raw_peer_open(&gone, bare.path, WIRE_REQ);
    raw_peer_send_request(&gone, 1, "keep", 4);
    raw_peer_expect(&gone, 2, "kept?", "kept?");
    send_drain(&first, "drain");
    expect_reply(&first, 99, "drain");
    expect_end_of_file(&first);
    raw_peer_close(&gone);
    expect_drained();
    raw_peer_close(&first);
}

Test(endpoint_drain, is_not_held_up_by_subscribers)
{
    struct raw_peer first, sub;
    struct raw_message event;

    bare_start(&bare, PATIENT);
    raw_peer_open(&first, bare.path, WIRE_REQ);
    raw_peer_open(&sub, bare.path, WIRE_SUB);
    hold();
    send_drain(&first, "drain");
    raw_peer_send_request(&first, 1, "\0SP>still", 9);
    go_on();
    raw_peer_recv(&sub, &event);
    cr_expect_str_eq((char *)event.bytes, "still");
    raw_message_fini(&event);
    expect_drained();
    raw_peer_close(&sub);
    raw_peer_close(&first);
}

/* ---- what is not admitted ---- */

static void expect_error_21(struct raw_peer *peer, uint32_t id)
{
    struct raw_message reply;

    raw_peer_recv_reply(peer, id, &reply);
    cr_expect_geq(reply.size, 7);
    cr_expect_arr_eq(reply.bytes, "\0SP!21 ", 7);
    raw_message_fini(&reply);
}

Test(endpoint_drain, a_request_that_is_not_admitted_is_answered_and_not_run)
{
    struct raw_peer peer, push, sub;
    struct raw_message event;

    bare_start(&bare, PATIENT);
    raw_peer_open(&sub, bare.path, WIRE_SUB);
    raw_peer_open(&peer, bare.path, WIRE_REQ);
    raw_peer_open(&push, bare.path, WIRE_PUSH);
    raw_peer_send_request(&peer, 1, "ended", 5);
    expect_error_21(&peer, 1);
    raw_peer_send_request(&peer, 2, "\0SP&ended", 9);
    expect_error_21(&peer, 2);
    raw_peer_send_request(&peer, 3, "\0SP>ended", 9);
    raw_peer_expect(&peer, 4, "hello", "hello"); /* not 3 */
    raw_peer_send_frame(&push, "ended", 5);
    raw_peer_send_frame(&push, "and now", 7);
    raw_peer_recv(&sub, &event);
    cr_expect_str_eq((char *)event.bytes, "and now");
    raw_message_fini(&event);
    cr_expect_eq(bare_counter(&bare, "not_admitted"), 4);
    cr_expect_eq(bare_counter(&bare, "casts"), 1);
    raw_peer_close(&push);
    raw_peer_close(&peer);
    raw_peer_close(&sub);
}

/* ---- load ---- */

/* bare_counter()'s own call waits while it asks. */
Test(endpoint_drain, the_load_counts_calls_whose_clients_wait_and_subscribers)
{
    struct raw_peer peer, sub[2];

    bare_start(&bare, PATIENT);
    cr_expect_eq(bare_counter(&bare, "waiting"), 1);
    raw_peer_open(&peer, bare.path, WIRE_REQ);
    for (int i = 0; i < 2; i++)
        raw_peer_open(&sub[i], bare.path, WIRE_SUB);
    raw_peer_send_request(&peer, 1, "keep", 4);
    raw_peer_send_request(&peer, 2, "keep", 4);
    raw_peer_expect(&peer, 3, "kept?", "kept?");
    cr_expect_eq(bare_counter(&bare, "waiting"), 3);
    cr_expect_eq(bare_counter(&bare, "subscribers"), 2);
    raw_peer_send_request(&peer, 4, "release", 7);
    expect_reply(&peer, 1, "released");
    expect_reply(&peer, 2, "released");
    expect_reply(&peer, 4, "released");
    cr_expect_eq(bare_counter(&bare, "waiting"), 1);
    for (int i = 0; i < 2; i++)
        raw_peer_close(&sub[i]);
    raw_peer_close(&peer);
}

static bool one_waits(void *context)
{
    (void)context;
    return bare_counter(&bare, "waiting") == 1 &&
           bare_counter(&bare, "subscribers") == 0;
}

Test(endpoint_drain, the_load_forgets_clients_that_have_gone)
{
    struct raw_peer peer, sub;

    bare_start(&bare, PATIENT);
    raw_peer_open(&sub, bare.path, WIRE_SUB);
    raw_peer_open(&peer, bare.path, WIRE_REQ);
    raw_peer_send_request(&peer, 1, "keep", 4);
    raw_peer_expect(&peer, 2, "kept?", "kept?");
    raw_peer_close(&peer);
    raw_peer_close(&sub);
    cr_expect(wait_for(one_waits, NULL, WAIT_MS));
    cr_assert_eq(kill(bare.program.pid, SIGUSR1), 0);
    cr_expect(wait_for(one_waits, NULL, WAIT_MS));
}
