/* SPDX-License-Identifier: MIT */
/* Command modules (worker/COMMAND.md): a program behind a session's socket.  The
 * programs are talker (../modules/talker.c), and scripts of this file. */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sp/client.h>

#include "support/asking.h"
#include "support/balance.h"
#include "support/family.h"
#include "support/leaks.h"
#include "support/leftovers.h"
#include "support/news.h"
#include "support/raw_peer.h"
#include "support/wait.h"

static char dir[LEFTOVERS_DIRECTORY_SIZE]; /* of scripts */

static void make_directory(void)
{
    leftovers_directory(dir);
    chmod(dir, 0755); /* others run what is in it */
}

static void remove_directory(void)
{
    leftovers_remove(dir);
    leaks_check();
}

TestSuite(command, .init = make_directory, .fini = remove_directory,
          .timeout = 120);

#define TALKER "[module talker]\ncommand = " SP_TEST_TALKER "\n"
#define BY_LENGTH                                                              \
    "[module talker]\ncommand = " SP_TEST_TALKER " length\nframing = length\n"

/* With a session "a". */
static struct harness *start(const char *config)
{
    struct harness *harness = harness_start(config);

    ask_started(harness, "a", "talker", NULL);
    return harness;
}

/* Of a session. */
static pid_t program_of(const struct harness *harness, const char *id)
{
    struct session_facts facts;
    pid_t pid;

    cr_assert_eq(ask_info(harness, id, &facts), SP_OK);
    pid = family_child(facts.pid);
    cr_assert_gt(pid, 1);
    return pid;
}

/* ---- messages ---- */

Test(command, answers_what_it_is_asked)
{
    struct harness *harness = start(TALKER);

    session_expect(harness, "a", "hello", "hello");
    session_expect(harness, "a", "", "");
    session_expect(harness, "a", "again", "again");
    cr_expect_eq(ask_stop(harness, "a"), SP_OK);
    news_expect(harness, "a", "start ready stop");
    harness_stop(harness);
}

/* Its reply to a cast is nobody's. */
Test(command, takes_casts_in_their_turn)
{
    struct harness *harness = start(TALKER);

    for (int i = 0; i < 20; i++)
        session_cast(harness, "a", "complain of a cast");
    session_expect(harness, "a", "hello", "hello");
    cr_expect(harness_wait_log(harness, "): of a cast", WAIT_MS));
    session_expect(harness, "a", "hello again", "hello again");
    harness_stop(harness);
}

static void expect_bytes(struct sp_client *client, const void *bytes,
                         size_t size)
{
    struct sp_result *result = sp_result_new();
    enum sp_error error = sp_call(client, "a", bytes, size, WAIT_MS, result);

    cr_assert_eq(error, SP_OK, "%s", sp_result_text(result));
    cr_expect_eq(sp_result_size(result), size);
    cr_expect_eq(memcmp(sp_result_data(result), bytes, size), 0);
    sp_result_free(result);
}

static struct sp_client *open_client(const struct harness *harness)
{
    struct sp_client *client;

    cr_assert_eq(sp_client_open(harness_runtime_dir(harness), &client), SP_OK);
    return client;
}

/* Neither of the two reads while the other one writes. */
static void exchange_large(const char *config, char newline)
{
    const size_t size = 4 << 20;
    struct harness *harness = start(config);
    struct sp_client *client = open_client(harness);
    char *bytes = malloc(size);

    cr_assert_not_null(bytes);
    for (size_t i = 0; i < size; i++)
        bytes[i] = (char)(i % 253 == '\n' ? newline : (char)(i % 253));
    expect_bytes(client, bytes, size);
    expect_bytes(client, bytes, 1);
    expect_bytes(client, bytes, 65536);
    free(bytes);
    sp_client_close(client);
    harness_stop(harness);
}

Test(command, exchanges_large_lines)
{
    exchange_large(TALKER, 'x');
}

Test(command, exchanges_any_bytes_by_length)
{
    exchange_large(BY_LENGTH, '\n');
}

/* A line that has two in it would be answered twice. */
Test(command, refuses_a_newline_and_goes_on)
{
    struct harness *harness = start(TALKER);
    struct sp_client *client = open_client(harness);
    struct sp_result *result = sp_result_new();

    cr_expect_eq(sp_call(client, "a", "one\ntwo", 7, WAIT_MS, result),
                 SP_EREPLY);
    cr_expect_not_null(strstr(sp_result_text(result), "framing = length"));
    session_cast(harness, "a", "one\ntwo");
    cr_expect(harness_wait_log(harness, "a cast was dropped", WAIT_MS));
    session_expect(harness, "a", "hello", "hello");
    sp_result_free(result);
    sp_client_close(client);
    harness_stop(harness);
}

/* ---- what it is told ---- */

#define ENVIRONMENT(argument)                                                  \
    "PATH=/usr/local/bin:/usr/bin:/bin;HOME=/;LANG=C.UTF-8;SP_SESSION_ID=a;"   \
    "SP_ARGUMENT=" argument ";"

Test(command, is_told_its_session_and_argument_and_nothing_else)
{
    struct harness *harness = harness_start(TALKER);

    ask_started(harness, "a", "talker", "two words");
    session_expect(harness, "a", "environment", ENVIRONMENT("two words"));
    session_expect(harness, "a", "descriptors", "0 1 2 ");
    session_expect(harness, "a", "signals", "0 blocked, 0 ignored");
    harness_stop(harness);
}

Test(command, keeps_its_argument_over_a_restart)
{
    struct harness *harness = harness_start(TALKER);

    ask_started(harness, "a", "talker", "same");
    session_end_by(harness, "a", "exit 1");
    ask_until_restarted(harness, "a", 1);
    session_expect(harness, "a", "environment", ENVIRONMENT("same"));
    harness_stop(harness);
}

Test(command, is_not_started_with_a_nul_byte)
{
    struct harness *harness = harness_start(TALKER);
    struct sp_client *client = open_client(harness);
    struct sp_result *result = sp_result_new();

    cr_expect_eq(sp_start(client, "a", "talker", "a\0b", 3, result), SP_EINIT);
    cr_expect_not_null(strstr(sp_result_text(result), "a NUL byte"));
    sp_result_free(result);
    sp_client_close(client);
    harness_stop(harness);
}

Test(command, writes_lines_of_its_session_s_log)
{
    struct harness *harness = start(TALKER);

    session_expect(harness, "a", "complain of this", "done");
    cr_expect(harness_wait_log(harness, "session a (talker, pid ", WAIT_MS));
    cr_expect(harness_wait_log(harness, "): of this", WAIT_MS));
    harness_stop(harness);
}

/* ---- scripts ---- */

static void write_script(const char *name, mode_t mode, const char *text,
                         char out_path[64])
{
    FILE *file;

    snprintf(out_path, 64, "%s/%s", dir, name);
    file = fopen(out_path, "we");
    cr_assert_not_null(file);
    fputs(text, file);
    fclose(file);
    cr_assert_eq(chmod(out_path, mode), 0);
}

#define ECHO "while read -r line; do echo \"$1$line\"; done\n"

static void expect_script(const char *name, const char *text,
                          const char *words, const char *reply)
{
    struct harness *harness;
    char config[256], path[64];

    write_script(name, 0755, text, path);
    snprintf(config, sizeof config, "[module script]\ncommand = %s %s\n", path,
             words);
    harness = harness_start(config);
    ask_started(harness, "a", "script", NULL);
    session_expect(harness, "a", "hello", reply);
    harness_stop(harness);
}

Test(command, may_be_a_script)
{
    expect_script("plain", "#!/bin/sh\n" ECHO, "", "hello");
    expect_script("spaces", "#! /bin/sh -e\n" ECHO, "x y", "xhello");
}

Test(command, may_be_a_script_by_env)
{
    expect_script("env", "#!/usr/bin/env sh\n" ECHO, "", "hello");
    expect_script("env-S", "#!/usr/bin/env -S sh -e\n" ECHO, "", "hello");
}

/* How a session's start fails. */
static void expect_no_start(const char *name, mode_t mode, const char *text,
                            enum sp_error error, const char *why)
{
    struct harness *harness;
    char config[256], path[64];

    write_script(name, mode, text, path);
    snprintf(config, sizeof config, "[module script]\ncommand = %s\n", path);
    harness = harness_start(config);
    ask_refused(harness, "a", "script", NULL, error, why);
    harness_stop(harness);
}

Test(command, that_cannot_be_run_says_why)
{
    expect_no_start("lost", 0755, "#!/no/such/shell\n", SP_ELOAD,
                    "its interpreter /no/such/shell: No such file");
    expect_no_start("env-lost", 0755, "#!/usr/bin/env no-such-shell\n",
                    SP_ELOAD, "env: no-such-shell: not found in");
    expect_no_start("nothing", 0755, "no program\n", SP_EINIT,
                    "Exec format error");
}

/* ---- ends ---- */

/* A request ends it, and this is what is known of that. */
static void expect_crash(const char *config, const char *request,
                         const char *key, const char *value)
{
    struct harness *harness = start(config);

    session_end_by(harness, "a", request);
    news_expect_end(harness, "a", "crash", key, value);
    ask_until_restarted(harness, "a", 1);
    session_expect(harness, "a", "hello", "hello");
    harness_stop(harness);
}

Test(command, that_exits_in_a_call_has_crashed)
{
    expect_crash(TALKER, "exit 0", "reason",
                 "the program exited with status 0");
    expect_crash(TALKER, "exit 3", "reason",
                 "the program exited with status 3");
}

Test(command, that_is_killed_by_a_signal_is_told_by_it)
{
    expect_crash(TALKER, "fault", "signal", "SIGSEGV");
    expect_crash(TALKER, "fault", "doing", "a call");
}

/* The request that ended it is not run again, whoever sends it. */
Test(command, does_not_get_again_what_it_died_of)
{
    struct harness *harness = start(TALKER);
    char path[RUNDIR_PATH_SIZE];
    struct raw_message reply;
    struct raw_peer peer;
    uint32_t number = session_send(harness, "a", "exit 1", &peer);

    ask_until_restarted(harness, "a", 1);
    raw_peer_close(&peer);
    harness_session_path(harness, "a", path);
    raw_peer_open(&peer, path, WIRE_REQ);
    raw_peer_send_request(&peer, number, "exit 1", 6);
    raw_peer_recv_reply(&peer, number, &reply);
    cr_assert_geq(reply.size, 7);
    cr_expect_arr_eq(reply.bytes, "\0SP!21 ", 7);
    raw_message_fini(&reply);
    raw_peer_close(&peer);
    session_expect(harness, "a", "hello", "hello");
    harness_stop(harness);
}

Test(command, that_exits_with_0_between_calls_has_ended)
{
    struct harness *harness = start(TALKER);

    session_expect(harness, "a", "last 0", "bye");
    ask_until_gone(harness, "a");
    news_expect(harness, "a", "start ready stop");
    harness_stop(harness);
}

Test(command, that_ends_otherwise_between_calls_has_crashed)
{
    struct harness *harness = start(TALKER);

    session_expect(harness, "a", "last 5", "bye");
    ask_until_restarted(harness, "a", 1);
    news_expect_end(harness, "a", "crash", "reason",
                    "the program exited with status 5");
    session_expect(harness, "a", "fault-last", "bye");
    ask_until_restarted(harness, "a", 2);
    news_expect_end(harness, "a", "crash", "signal", "SIGSEGV");
    news_expect_end(harness, "a", "crash", "doing", "");
    harness_stop(harness);
}

/* ---- what breaks the exchange ---- */

Test(command, that_answers_too_much_has_crashed)
{
    expect_crash(TALKER "max_message = 64K\n", "much 1", "reason",
                 "the program's reply is longer than max_message, 65536 bytes");
    expect_crash(TALKER, "twice x", "reason",
                 "the program wrote more than one reply");
}

Test(command, that_announces_too_much_has_crashed)
{
    expect_crash(BY_LENGTH, "claim 0x1000001", "reason",
                 "the program's reply is longer than max_message, 16777216 "
                 "bytes");
    expect_crash(BY_LENGTH, "claim 0xffffffff", "doing", "a call");
}

Test(command, that_writes_unasked_has_crashed)
{
    struct harness *harness = start(TALKER);
    json_t *event;
    const char *reason;

    session_expect(harness, "a", "unasked x", "done");
    ask_until_restarted(harness, "a", 1);
    event = news_latest(harness, "a", "crash");
    reason = json_string_value(
        json_object_get(json_object_get(event, "end"), "reason"));
    cr_expect(strcmp(reason, "the program wrote without being asked") == 0 ||
                  strcmp(reason, "the program wrote more than one reply") == 0,
              "%s", reason);
    json_decref(event);
    harness_stop(harness);
}

Test(command, that_closes_its_output_or_input_has_crashed)
{
    static const char reason[] =
        "the program closed its standard input or output";
    struct harness *harness = start(TALKER);

    session_end_by(harness, "a", "close 1");
    news_expect_end(harness, "a", "crash", "reason", reason);
    ask_until_restarted(harness, "a", 1);
    session_expect(harness, "a", "close 0", "done");
    session_end_by(harness, "a", "hello");
    news_expect_end(harness, "a", "crash", "reason", reason);
    harness_stop(harness);
}

Test(command, may_answer_any_bytes)
{
    struct harness *harness = start(TALKER);
    struct sp_client *client = open_client(harness);
    struct sp_result *result = sp_result_new();
    const unsigned char *reply;

    cr_expect_eq(sp_call(client, "a", "garbage", 7, WAIT_MS, result), SP_OK);
    cr_assert_eq(sp_result_size(result), 256);
    reply = sp_result_data(result);
    for (int i = 0; i < 256; i++)
        cr_expect_eq(reply[i], i == '\n' ? 0 : i);
    sp_result_free(result);
    sp_client_close(client);
    harness_stop(harness);
}

Test(command, that_never_answers_is_ended_by_call_limit)
{
    struct harness *harness = start(TALKER "call_limit = 200ms\n");
    pid_t program = program_of(harness, "a");

    session_end_by(harness, "a", "silent");
    news_expect_end(harness, "a", "crash", "limit", "call_limit");
    cr_expect(wait_pid_gone(program, WAIT_MS));
    harness_stop(harness);
}

/* ---- its end ---- */

Test(command, reads_the_end_of_its_input_when_it_is_stopped)
{
    struct harness *harness = start(TALKER);

    session_expect(harness, "a", "hello", "hello");
    cr_expect_eq(ask_stop(harness, "a"), SP_OK);
    cr_expect(harness_wait_log(harness, "): goodbye", WAIT_MS));
    news_expect(harness, "a", "start ready stop");
    harness_stop(harness);
}

Test(command, that_does_not_end_hears_sigterm_and_is_killed)
{
    struct harness *harness = start(TALKER "stop_timeout = 1500ms\n");
    pid_t program = program_of(harness, "a");

    session_expect(harness, "a", "stubborn", "done");
    cr_expect_eq(ask_stop(harness, "a"), SP_OK);
    cr_expect(harness_wait_log(harness, "): goodbye, but", WAIT_MS));
    cr_expect(harness_wait_log(harness, "): heard SIGTERM", WAIT_MS));
    cr_expect(wait_pid_gone(program, WAIT_MS));
    news_expect_end(harness, "a", "stop", "limit", "stop_timeout");
    harness_stop(harness);
}

/* Whatever its runtime dies of. */
Test(command, ends_with_its_session_s_process)
{
    struct harness *harness = start(TALKER);
    pid_t program = program_of(harness, "a");
    struct session_facts facts;

    cr_assert_eq(ask_info(harness, "a", &facts), SP_OK);
    cr_assert_eq(kill(facts.pid, SIGKILL), 0);
    cr_expect(wait_pid_gone(program, WAIT_MS));
    ask_until_restarted(harness, "a", 1);
    session_expect(harness, "a", "hello", "hello");
    cr_expect_eq(ask_counter(harness, "violations"), 0);
    harness_stop(harness);
}

Test(command, ends_with_spd)
{
    struct harness *harness = start(TALKER);
    pid_t program = program_of(harness, "a");

    harness_kill_spd(harness);
    cr_expect(wait_pid_gone(program, WAIT_MS));
    harness_start_spd(harness);
    harness_stop(harness);
}

/* 200 ends of a program in all ways: nothing is left of any, and no one is taken
 * for a stranger. */
Test(command, leaves_nothing_behind)
{
    static const char *const ends[] = {"exit 1", "fault", "twice x", "exit 0"};
    struct harness *harness =
        start(TALKER "stable_time = 1ms\nrestart_delay = 1ms\n"
                     "max_restart_delay = 1ms\n");
    struct balance balance = balance_note(harness);

    for (unsigned i = 0; i < 200; i++) {
        session_end_by(harness, "a", ends[i % 4]);
        ask_until_restarted(harness, "a", i + 1);
    }
    session_expect(harness, "a", "hello", "hello");
    balance_check(harness, &balance);
    cr_expect_eq(ask_counter(harness, "violations"), 0);
    harness_stop(harness);
}

/* ---- seeing it ---- */

Test(command, is_what_info_tells_the_tier_of)
{
    struct harness *harness = start(TALKER);
    struct answer answer = ask(harness, "{\"op\":\"info\",\"id\":\"a\"}");
    const char *tier = json_string_value(json_object_get(
        json_object_get(answer.object, "session"), "sandbox"));

    cr_assert_not_null(tier);
#ifdef SP_TEST_SANDBOX
    cr_expect_eq(strncmp(tier, "none: ", 6), 0, "%s", tier);
#else
    cr_expect_eq(strncmp(tier, "default: filters 2, ", 20), 0, "%s", tier);
#endif
    answer_fini(&answer);
    harness_stop(harness);
}
