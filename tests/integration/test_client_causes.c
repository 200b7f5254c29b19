/* SPDX-License-Identifier: MIT */
/* What libsp tells of sessions that are no more: it asks the supervisor, which
 * the test plays, as it plays the sessions. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "client_fake.h"
#include "support/leaks.h"
#include "support/wait.h"

TestSuite(client_causes, .fini = leaks_check, .timeout = 120);

#define CAUSE "{\"op\":\"cause\",\"id\":\"x\",\"since_ms\":"
#define UNKNOWN "the session died; the request may have run"

/* What libsp gives spd to explain itself.  On a machine that is too slow for
 * that it goes without, as it should, and so do we. */
#define PATIENCE_MS 200

static bool too_slow(int64_t begun)
{
    return clock_now_ms() - begun >= PATIENCE_MS;
}

/* Ends a call whose session has died at this time. */
static void expect_told(struct caller *caller, int64_t died, const char *text,
                        const char *cause)
{
    pthread_join(caller->thread, NULL);
    cr_expect_eq(sp_result_error(caller->result), SP_EDIED);
    if (!too_slow(died) || *sp_result_cause(caller->result)) {
        cr_expect_str_eq(sp_result_text(caller->result), text);
        cr_expect_str_eq(sp_result_cause(caller->result), cause);
    }
    sp_result_free(caller->result);
}

/* A call to a session that dies of it. */
static void die_in_call(const struct fake *fake, struct caller *out_caller)
{
    int listener = fake_listen(fake, "x", 8);
    int session;

    caller_start(out_caller, fake, "die", LONG_MS);
    session = fake_accept(listener);
    free(fake_hear(session).body);
    close(session);
    close(listener);
}

/* The same, with a supervisor that answers so (NULL: it does not). */
static void expect_cause(const struct fake *fake, const char *answer,
                         const char *text, const char *cause)
{
    const struct fake_row rows[] = {{CAUSE, answer}};
    int64_t begun = clock_now_ms();
    struct fake_spd spd;
    struct caller caller;

    FAKE_SPD_START(&spd, fake, rows);
    die_in_call(fake, &caller);
    pthread_join(caller.thread, NULL);
    spd.late = too_slow(begun);
    cr_expect_eq(sp_result_error(caller.result), SP_EDIED);
    if (!spd.late || *sp_result_cause(caller.result)) {
        cr_expect_str_eq(sp_result_text(caller.result), text);
        cr_expect_str_eq(sp_result_cause(caller.result), cause);
    } else {
        cr_expect_str_eq(sp_result_text(caller.result), UNKNOWN);
    }
    sp_result_free(caller.result);
    fake_spd_finish(&spd);
}

FAKE_TEST(client_causes, a_call_tells_what_its_session_died_of)
{
    expect_cause(fake,
                 "{\"ok\":true,\"end\":{\"text\":\"killed by SIGSEGV\"},"
                 "\"text\":\"killed by SIGSEGV in a call after 3 ms\"}",
                 "the session died: killed by SIGSEGV in a call after 3 ms; "
                 "the request may have run",
                 "killed by SIGSEGV in a call after 3 ms");
}

FAKE_TEST(client_causes, a_cause_that_nobody_knows_is_left_out)
{
    static const char *const answers[] = {
        "{\"ok\":true}",
        "{\"ok\":true,\"text\":\"\"}",
        "{\"ok\":true,\"text\":7}",
        "{\"ok\":true,\"text\":null}",
        "[]",
        "",
        FAKE_NO(1, "no such session"),
        FAKE_NO(2, "there is no operation 'cause'"),
    };

    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        struct fake own = *fake;

        own.client = fake_client(fake);
        expect_cause(&own, answers[i], UNKNOWN, "");
        sp_client_close(own.client);
    }
}

FAKE_TEST(client_causes, a_supervisor_that_does_not_answer_is_not_waited_for)
{
    int64_t begun = clock_now_ms();

    expect_cause(fake, NULL, UNKNOWN, "");
    cr_expect_lt(clock_now_ms() - begun, SP_TIMEOUT_DEFAULT);
}

FAKE_TEST(client_causes, nor_is_one_that_is_not_there)
{
    struct caller caller;

    die_in_call(fake, &caller);
    caller_expect_text(&caller, SP_EDIED, UNKNOWN, "");
}

FAKE_TEST(client_causes, control_characters_of_a_cause_are_escaped)
{
    expect_cause(fake, "{\"ok\":true,\"text\":\"\\u001b[2J\"}",
                 "the session died: \\x1b[2J; the request may have run",
                 "\\x1b[2J");
}

/* An end before the call is another's. */
FAKE_TEST(client_causes, how_long_ago_the_call_began_is_told)
{
    int listener = fake_listen(fake, "x", 8);
    int spd = fake_listen(fake, FAKE_CONTROL, 8);
    int64_t begun = clock_now_ms(), heard, died;
    struct fake_request asked;
    struct caller caller;
    int session, control;
    long long since;

    caller_start(&caller, fake, "die", LONG_MS);
    session = fake_accept(listener);
    free(fake_hear(session).body);
    heard = clock_now_ms();
    while (clock_now_ms() < heard + 5)
        continue; /* so that 0 would be wrong */
    died = clock_now_ms();
    close(session);
    control = fake_accept(spd);
    asked = fake_hear(control);
    cr_assert_eq(strncmp((char *)asked.body, CAUSE, strlen(CAUSE)), 0);
    since = atoll((char *)asked.body + strlen(CAUSE));
    cr_expect_geq(since, 5);
    cr_expect_leq(since, clock_now_ms() - begun);
    fake_answer(control, asked.id, "{\"ok\":true,\"text\":\"y\"}");
    free(asked.body);
    expect_told(&caller, died, "the session died: y; the request may have run",
                "y");
    close(control);
    close(spd);
    close(listener);
}

/* The connection of an earlier call ends with the second unread, and so does
 * the next one. */
FAKE_TEST_LOCAL(client_causes, of_a_request_that_has_not_run_it_says_so)
{
    static const struct fake_row rows[] = {
        {CAUSE, "{\"ok\":true,\"text\":\"killed by SIGKILL\"}"}};
    int listener = fake_listen(fake, "x", 8);
    int session;
    struct caller caller;
    struct fake_spd spd;
    int64_t died;

    FAKE_SPD_START(&spd, fake, rows);
    caller_start(&caller, fake, "first", LONG_MS);
    session = fake_accept(listener);
    fake_answer(session, fake_expect(session, "first"), "1");
    caller_expect_reply(&caller, "1");
    caller_start(&caller, fake, "second", LONG_MS);
    died = clock_now_ms();
    for (int i = 0; i < 2; i++) {
        cr_assert(wait_readable(session, WAIT_MS));
        close(session);
        if (i == 0)
            session = fake_accept(listener);
    }
    expect_told(&caller, died,
                "the session died: killed by SIGKILL; the request has "
                "not run",
                "killed by SIGKILL");
    fake_spd_finish(&spd);
    close(listener);
}

/* ---- sessions that are not there ---- */

#define GONE(fate)                                                           \
    "{\"ok\":true,\"session\":{\"id\":\"x\",\"module\":\"kv\",\"state\":"    \
    "\"gone\",\"pid\":0,\"restarts\":3,\"age_ms\":5,\"last_end\":\"\"," fate \
    "\"gone_ms\":12999}}"
#define RUNNING                                                           \
    "{\"ok\":true,\"session\":{\"id\":\"x\",\"module\":\"kv\",\"state\":" \
    "\"running\",\"pid\":7,\"restarts\":0,\"age_ms\":5,\"last_end\":\"\"}}"

/* A request to nobody, of whom the supervisor says this. */
static void expect_absence_of(const struct fake *fake, bool cast,
                              const char *answer, const char *text)
{
    const struct fake_row rows[] = {{"{\"op\":\"info\",\"id\":\"x\"}", answer}};
    struct sp_result *result = sp_result_new();
    struct sp_client *client = fake_client(fake);
    struct fake_spd spd;
    int64_t begun;

    FAKE_SPD_START(&spd, fake, rows);
    begun = clock_now_ms();
    cr_expect_eq(cast ? sp_cast(client, "x", "?", 1, result)
                      : sp_call(client, "x", "?", 1, LONG_MS, result),
                 SP_ENOENT);
    spd.late = too_slow(begun);
    if (!spd.late)
        cr_expect_str_eq(sp_result_text(result), text);
    cr_expect_str_eq(sp_result_cause(result), "");
    cr_expect_eq(sp_result_progress(result), SP_PROGRESS_NOT_SENT);
    fake_spd_finish(&spd);
    sp_client_close(client);
    sp_result_free(result);
}

static void expect_absence(const struct fake *fake, const char *answer,
                           const char *text)
{
    expect_absence_of(fake, false, answer, text);
    expect_absence_of(fake, true, answer, text);
}

FAKE_TEST(client_causes, of_a_session_that_is_gone_its_fate_is_told)
{
    expect_absence(fake, GONE("\"fate\":\"expired\","),
                   "no such session (expired, 12 s ago)");
    expect_absence(fake, GONE(""), "no such session (gone, 12 s ago)");
    expect_absence(fake, GONE("\"fate\":\"\\u001b[2J\","),
                   "no such session (\\x1b[2J, 12 s ago)");
}

FAKE_TEST(client_causes, of_a_session_that_nobody_knows_nothing_is)
{
    expect_absence(fake, FAKE_NO(1, "no such session"), "no such session");
    expect_absence(fake, FAKE_NO(1, "no such session (an older spd knows)"),
                   "no such session (an older spd knows)");
    expect_absence(fake, FAKE_NO(18, "oh"), "no such session");
    expect_absence(fake, RUNNING, "no such session");
    expect_absence(fake, "{\"ok\":true}", "no such session");
    expect_absence(fake, "7", "no such session");
}

FAKE_TEST(client_causes, a_session_that_is_only_remembered_is_not_started)
{
    static const struct fake_row rows[] = {
        {"{\"op\":\"info\",\"id\":\"x\"}", GONE("\"fate\":\"given up\",")},
        {"{\"op\":\"info\",\"id\":\"x\"}", GONE("\"fate\":\"given up\",")},
        {"{\"op\":\"info\",\"id\":\"x\"}", GONE("\"fate\":\"given up\",")},
        {"{\"op\":\"info\",\"id\":\"x\"}", RUNNING},
        {"{\"op\":\"info\",\"id\":\"x\"}", RUNNING},
    };
    struct sp_result *result = sp_result_new();
    bool started = true;
    struct fake_spd spd;
    pid_t pid = 9;

    FAKE_SPD_START(&spd, fake, rows);
    cr_expect_eq(sp_started(fake->client, "x", &started, result), SP_OK);
    cr_expect_not(started);
    cr_expect_eq(sp_session_pid(fake->client, "x", &pid, result), SP_ENOENT);
    cr_expect_eq(pid, 9);
    cr_expect_str_eq(sp_result_text(result),
                     "no such session (given up, 12 s ago)");
    cr_expect_eq(sp_session_pid(fake->client, "x", &pid, NULL), SP_ENOENT);
    cr_expect_eq(sp_started(fake->client, "x", &started, result), SP_OK);
    cr_expect(started);
    cr_expect_eq(sp_session_pid(fake->client, "x", &pid, result), SP_OK);
    cr_expect_eq(pid, 7);
    fake_spd_finish(&spd);
    sp_result_free(result);
}
