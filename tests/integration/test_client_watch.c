/* SPDX-License-Identifier: MIT */
/* sp_wait(), sp_events() and sp_stats() against a supervisor that the test
 * plays: how often it is asked, and for what. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "client_fake.h"
#include "support/leaks.h"

TestSuite(client_watch, .fini = leaks_check, .timeout = 120);

#define WAIT_FOR(what) "{\"op\":\"wait\",\"id\":\"x\",\"for\":\"" what "\","
#define NOT_YET FAKE_NO(5, "not yet")
#define INFO(state, pid)                                                  \
    "{\"ok\":true,\"session\":{\"id\":\"x\",\"module\":\"kv\",\"state\":" \
    "\"" state "\",\"pid\":" #pid                                         \
    ",\"restarts\":0,\"age_ms\":5,\"last_end\":\"\"}}"

/* ---- sp_wait ---- */

FAKE_TEST(client_watch, a_wait_is_one_question_when_it_is_so)
{
    static const struct fake_row rows[] = {
        {WAIT_FOR("ready") "\"timeout_ms\":60000}", "{\"ok\":true,\"pid\":7}"},
        {WAIT_FOR("gone") "\"timeout_ms\":60000}", "{\"ok\":true,\"pid\":0}"},
    };
    struct sp_result *result = sp_result_new();
    struct fake_spd spd;

    FAKE_SPD_START(&spd, fake, rows);
    cr_expect_eq(
        sp_wait(fake->client, "x", SP_WAIT_READY, SP_TIMEOUT_INFINITE, result),
        SP_OK);
    cr_expect_eq(sp_result_pid(result), 7);
    cr_expect_eq(sp_wait(fake->client, "x", SP_WAIT_GONE, 2 * 60000, result),
                 SP_OK);
    cr_expect_eq(sp_result_pid(result), 0);
    fake_spd_finish(&spd);
    sp_result_free(result);
}

FAKE_TEST(client_watch, a_wait_goes_on_when_spds_time_is_up)
{
    static const struct fake_row rows[] = {
        {WAIT_FOR("ready"), NOT_YET},
        {WAIT_FOR("ready"), NOT_YET},
        {WAIT_FOR("ready"), "{\"ok\":true,\"pid\":7}"},
        {WAIT_FOR("gone"), NOT_YET},
        {WAIT_FOR("gone"), FAKE_NO(15, "not permitted")},
    };
    struct fake_spd spd;

    FAKE_SPD_START(&spd, fake, rows);
    cr_expect_eq(sp_wait(fake->client, "x", SP_WAIT_READY, LONG_MS, NULL),
                 SP_OK);
    cr_expect_eq(
        sp_wait(fake->client, "x", SP_WAIT_GONE, SP_TIMEOUT_INFINITE, NULL),
        SP_EPERM);
    fake_spd_finish(&spd);
}

FAKE_TEST(client_watch, a_wait_without_time_asks_about_now)
{
    static const struct fake_row rows[] = {
        {WAIT_FOR("ready") "\"timeout_ms\":0}", NOT_YET},
        {WAIT_FOR("ready") "\"timeout_ms\":0}", "{\"ok\":true,\"pid\":7}"},
    };
    struct fake_spd spd;

    FAKE_SPD_START(&spd, fake, rows);
    cr_expect_eq(sp_wait(fake->client, "x", SP_WAIT_READY, 0, NULL),
                 SP_ETIMEDOUT);
    cr_expect_eq(sp_wait(fake->client, "x", SP_WAIT_READY, 0, NULL), SP_OK);
    fake_spd_finish(&spd);
}

FAKE_TEST(client_watch, every_question_for_a_restart_names_the_first_process)
{
    static const struct fake_row rows[] = {
        {"{\"op\":\"info\",\"id\":\"x\"}", INFO("running", 7)},
        {"{\"op\":\"wait\",\"id\":\"x\",\"pid\":7,\"for\":\"restarted\",",
         NOT_YET},
        {"{\"op\":\"wait\",\"id\":\"x\",\"pid\":7,\"for\":\"restarted\",",
         "{\"ok\":true,\"pid\":8}"},
    };
    struct sp_result *result = sp_result_new();
    struct fake_spd spd;

    FAKE_SPD_START(&spd, fake, rows);
    cr_expect_eq(sp_wait(fake->client, "x", SP_WAIT_RESTARTED, LONG_MS, result),
                 SP_OK);
    cr_expect_eq(sp_result_pid(result), 8);
    fake_spd_finish(&spd);
    sp_result_free(result);
}

FAKE_TEST_LOCAL(client_watch, without_a_process_the_next_one_is_waited_for)
{
    static const struct fake_row rows[] = {
        {"{\"op\":\"info\",\"id\":\"x\"}", INFO("backoff", 0)},
        {WAIT_FOR("restarted"), "{\"ok\":true,\"pid\":8}"},
    };
    struct fake_spd spd;

    FAKE_SPD_START(&spd, fake, rows);
    cr_expect_eq(sp_wait(fake->client, "x", SP_WAIT_RESTARTED, LONG_MS, NULL),
                 SP_OK);
    fake_spd_finish(&spd);
}

FAKE_TEST(client_watch, who_knows_the_process_asks_for_another)
{
    static const struct fake_row rows[] = {
        {"{\"op\":\"wait\",\"id\":\"x\",\"pid\":7,\"for\":\"restarted\",",
         NOT_YET},
        {"{\"op\":\"wait\",\"id\":\"x\",\"pid\":7,\"for\":\"restarted\",",
         "{\"ok\":true,\"pid\":8}"},
    };
    struct sp_result *result = sp_result_new();
    struct sp_client *client = fake->client;
    struct fake_spd spd;

    cr_expect_eq(sp_wait_replaced(client, "x", 1, 0, NULL), SP_EINVAL);
    cr_expect_eq(sp_wait_replaced(client, "x", -7, 0, NULL), SP_EINVAL);
    cr_expect_eq(sp_wait_replaced(client, "x", 7, -2, NULL), SP_EINVAL);
    cr_expect_eq(sp_wait_replaced(client, "x\n", 7, 0, NULL), SP_EBADID);
    cr_expect_eq(sp_wait_replaced(NULL, "x", 7, 0, NULL), SP_EINVAL);
    FAKE_SPD_START(&spd, fake, rows);
    cr_expect_eq(sp_wait_replaced(client, "x", 7, LONG_MS, result), SP_OK);
    cr_expect_eq(sp_result_pid(result), 8);
    fake_spd_finish(&spd);
    sp_result_free(result);
}

FAKE_TEST_LOCAL(client_watch, a_session_that_is_gone_does_not_restart)
{
    static const struct fake_row rows[] = {
        {"{\"op\":\"info\",\"id\":\"x\"}", INFO("gone", 0)},
        {"{\"op\":\"info\",\"id\":\"x\"}", FAKE_NO(1, "no such session")},
        {"{\"op\":\"info\",\"id\":\"x\"}", INFO("running", 7)},
        {"{\"op\":\"wait\",", FAKE_NO(1, "no such session (given up)")},
    };
    struct sp_result *result = sp_result_new();
    struct fake_spd spd;

    FAKE_SPD_START(&spd, fake, rows);
    for (int i = 0; i < 3; i++)
        cr_expect_eq(
            sp_wait(fake->client, "x", SP_WAIT_RESTARTED, LONG_MS, result),
            SP_ENOENT);
    cr_expect_str_eq(sp_result_text(result), "no such session (given up)");
    fake_spd_finish(&spd);
    sp_result_free(result);
}

FAKE_TEST_LOCAL(client_watch, a_wait_with_wrong_arguments_reaches_nobody)
{
    struct sp_client *client = fake->client;

    cr_expect_eq(sp_wait(client, "x\n", SP_WAIT_GONE, 0, NULL), SP_EBADID);
    cr_expect_eq(sp_wait(client, NULL, SP_WAIT_GONE, 0, NULL), SP_EINVAL);
    cr_expect_eq(sp_wait(NULL, "x", SP_WAIT_GONE, 0, NULL), SP_EINVAL);
    cr_expect_eq(sp_wait(client, "x", SP_WAIT_GONE, -2, NULL), SP_EINVAL);
    cr_expect_eq(sp_wait(client, "x", (enum sp_wait)3, 0, NULL), SP_EINVAL);
    cr_expect_eq(sp_wait(client, "x", (enum sp_wait) - 1, 0, NULL), SP_EINVAL);
    cr_expect_eq(sp_wait(client, "x", SP_WAIT_GONE, 0, NULL), SP_ENOSUP);
}

/* ---- sp_events ---- */

#define EVENT(id, name, seq, more)                            \
    "{\"id\":\"" id "\",\"event\":\"" name "\",\"seq\":" #seq \
    ",\"time_ms\":1700000000123" more "}"
#define EVENTS(next, ...) \
    "{\"ok\":true,\"events\":[" __VA_ARGS__ "],\"next\":" #next "}"
#define AFTER(n, timeout) \
    "{\"op\":\"events\",\"timeout_ms\":" #timeout ",\"after\":" #n "}"

FAKE_TEST(client_watch, events_are_what_spd_tells)
{
    static const struct fake_row rows[] = {
        {AFTER(0, 0), EVENTS(9, EVENT("a", "start", 3,
                                      ",\"module\":\"kv\",\"pid\":0,\"text\":"
                                      "\"\"") "," EVENT("b", "crash", 7,
                                                        ",\"module\":\"kv\","
                                                        "\"pid\":42,\"text\":"
                                                        "\"oh\","
                                                        "\"end\":{\"text\":"
                                                        "\"x\"}"))},
    };
    static const char json[] = EVENT("b", "crash", 7,
                                     ",\"module\":\"kv\",\"pid\":42,\"text\":"
                                     "\"oh\",\"end\":{\"text\":\"x\"}");
    struct sp_event_list *events;
    const struct sp_event *event;
    struct fake_spd spd;
    char *line;

    FAKE_SPD_START(&spd, fake, rows);
    cr_assert_eq(sp_events(fake->client, NULL, 0, 0, &events, NULL), SP_OK);
    fake_spd_finish(&spd);
    cr_assert_eq(sp_events_count(events), 2);
    cr_expect_eq(sp_events_next(events), 9);
    event = sp_events_at(events, 0);
    cr_expect_str_eq(sp_event_id(event), "a");
    cr_expect_str_eq(sp_event_name(event), "start");
    cr_expect_eq(sp_event_seq(event), 3);
    cr_expect_eq(sp_event_pid(event), 0);
    cr_expect_str_eq(sp_event_text(event), "");
    event = sp_events_at(events, 1);
    cr_expect_str_eq(sp_event_module(event), "kv");
    cr_expect_eq(sp_event_time_ms(event), 1700000000123);
    cr_expect_eq(sp_event_pid(event), 42);
    cr_expect_str_eq(sp_event_text(event), "oh");
    line = sp_event_json(event);
    cr_expect_str_eq(line, json);
    free(line);
    sp_events_free(events);
    sp_events_free(NULL);
}

FAKE_TEST_LOCAL(client_watch, events_of_a_template_have_no_session)
{
    static const struct fake_row rows[] = {
        {AFTER(0, 0), EVENTS(1, EVENT("", "violation", 1,
                                      ",\"module\":\"kv\",\"pid\":42"))},
    };
    struct sp_event_list *events;
    const struct sp_event *event;
    struct fake_spd spd;

    FAKE_SPD_START(&spd, fake, rows);
    cr_assert_eq(sp_events(fake->client, NULL, 0, 0, &events, NULL), SP_OK);
    fake_spd_finish(&spd);
    cr_assert_eq(sp_events_count(events), 1);
    event = sp_events_at(events, 0);
    cr_expect_str_eq(sp_event_id(event), "");
    cr_expect_str_eq(sp_event_module(event), "kv");
    cr_expect_eq(sp_event_pid(event), 42);
    sp_events_free(events);
}

FAKE_TEST(client_watch, events_are_waited_for_from_where_they_were)
{
    static const struct fake_row rows[] = {
        {"{\"op\":\"events\",\"id\":\"x\",\"timeout_ms\":60000,\"after\":4}",
         EVENTS(4, )},
        {"{\"op\":\"events\",\"id\":\"x\",\"timeout_ms\":60000,\"after\":4}",
         EVENTS(6, )},
        {"{\"op\":\"events\",\"id\":\"x\",\"timeout_ms\":60000,\"after\":6}",
         EVENTS(7, EVENT("x", "ready", 7, ""))},
    };
    struct sp_event_list *events;
    struct fake_spd spd;

    FAKE_SPD_START(&spd, fake, rows);
    cr_assert_eq(
        sp_events(fake->client, "x", 4, SP_TIMEOUT_INFINITE, &events, NULL),
        SP_OK);
    fake_spd_finish(&spd);
    cr_expect_eq(sp_events_count(events), 1);
    sp_events_free(events);
}

FAKE_TEST_LOCAL(client_watch, without_time_there_may_be_no_events)
{
    static const struct fake_row rows[] = {{AFTER(4, 0), EVENTS(6, )}};
    struct sp_event_list *events;
    struct fake_spd spd;

    FAKE_SPD_START(&spd, fake, rows);
    cr_assert_eq(sp_events(fake->client, NULL, 4, 0, &events, NULL), SP_OK);
    fake_spd_finish(&spd);
    cr_expect_eq(sp_events_count(events), 0);
    cr_expect_eq(sp_events_next(events), 6);
    sp_events_free(events);
}

FAKE_TEST_LOCAL(client_watch, of_another_spd_events_are_read_from_the_first)
{
    static const struct fake_row rows[] = {
        {AFTER(4000, 60000), EVENTS(2, )},
        {AFTER(0, 60000), EVENTS(2, EVENT("x", "start", 1, ""))},
    };
    struct sp_event_list *events;
    struct fake_spd spd;

    FAKE_SPD_START(&spd, fake, rows);
    cr_assert_eq(
        sp_events(fake->client, NULL, 4000, SP_TIMEOUT_INFINITE, &events, NULL),
        SP_OK);
    fake_spd_finish(&spd);
    cr_expect_eq(sp_events_count(events), 1);
    sp_events_free(events);
}

FAKE_TEST_LOCAL(client_watch, events_that_make_no_sense_are_a_protocol_error)
{
    static const char *const answers[] = {
        "{\"ok\":true}",
        "{\"ok\":true,\"events\":[]}",
        "{\"ok\":true,\"events\":{},\"next\":9}",
        "{\"ok\":true,\"events\":[],\"next\":-1}",
        "{\"ok\":true,\"events\":[],\"next\":\"9\"}",
        EVENTS(9, "7"),
        EVENTS(9, "{}"),
        EVENTS(9, "{\"event\":\"x\",\"seq\":8,\"time_ms\":1}"),
        EVENTS(9, "{\"id\":\"x\",\"seq\":8,\"time_ms\":1}"),
        EVENTS(9, "{\"id\":\"x\",\"event\":\"x\",\"time_ms\":1}"),
        EVENTS(9, "{\"id\":\"x\",\"event\":\"x\",\"seq\":8}"),
        EVENTS(9, EVENT("../x", "ready", 8, "")),
        EVENTS(9, EVENT("x", "ready", -8, "")),
        EVENTS(9, EVENT("x", "ready", 8, ",\"text\":7")),
        EVENTS(9, EVENT("x", "ready", 8, ",\"pid\":-1")),
        EVENTS(9, EVENT("x", "ready", 8, ",\"module\":null")),
        /* numbers that do not rise, or are over the highest */
        EVENTS(9, EVENT("x", "ready", 5, "")),
        EVENTS(9, EVENT("x", "ready", 8, "") "," EVENT("x", "ready", 8, "")),
        EVENTS(7, EVENT("x", "ready", 8, "")),
    };
    struct fake_row rows[sizeof answers / sizeof *answers];
    struct sp_event_list *events = (struct sp_event_list *)1;
    struct fake_spd spd;

    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
        rows[i] = (struct fake_row){AFTER(5, 0), answers[i]};
    FAKE_SPD_START(&spd, fake, rows);
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
        cr_expect_eq(sp_events(fake->client, NULL, 5, 0, &events, NULL),
                     SP_EPROTO, "%s", answers[i]);
    cr_expect_eq(events, (struct sp_event_list *)1);
    fake_spd_finish(&spd);
}

FAKE_TEST_LOCAL(client_watch, wrong_arguments_for_events_reach_nobody)
{
    struct sp_client *client = fake->client;
    struct sp_event_list *events;

    cr_expect_eq(sp_events(client, "x y", 0, 0, &events, NULL), SP_EBADID);
    cr_expect_eq(sp_events(NULL, NULL, 0, 0, &events, NULL), SP_EINVAL);
    cr_expect_eq(sp_events(client, NULL, 0, 0, NULL, NULL), SP_EINVAL);
    cr_expect_eq(sp_events(client, NULL, 0, -2, &events, NULL), SP_EINVAL);
    cr_expect_eq(sp_events(client, NULL, 1ull << 63, 0, &events, NULL),
                 SP_EINVAL);
    cr_expect_eq(sp_events(client, NULL, 0, 0, &events, NULL), SP_ENOSUP);
}

/* ---- sp_stats ---- */

FAKE_TEST(client_watch, stats_are_what_spd_counts_in_its_order)
{
    static const struct fake_row rows[] = {
        {"{\"op\":\"stats\"}",
         "{\"ok\":true,\"stats\":[{\"name\":\"starts\",\"value\":7,\"help\":"
         "\"accepted\"},{\"name\":\"crashes\",\"value\":0,\"new\":1}]}"},
        {"{\"op\":\"stats\"}", "{\"ok\":true,\"stats\":[]}"},
    };
    struct sp_stat_list *stats;
    struct fake_spd spd;

    FAKE_SPD_START(&spd, fake, rows);
    cr_assert_eq(sp_stats(fake->client, &stats, NULL), SP_OK);
    cr_assert_eq(sp_stats_count(stats), 2);
    cr_expect_str_eq(sp_stats_name(stats, 0), "starts");
    cr_expect_eq(sp_stats_value(stats, 0), 7);
    cr_expect_str_eq(sp_stats_help(stats, 0), "accepted");
    cr_expect_str_eq(sp_stats_name(stats, 1), "crashes");
    cr_expect_str_eq(sp_stats_help(stats, 1), "");
    sp_stats_free(stats);
    cr_assert_eq(sp_stats(fake->client, &stats, NULL), SP_OK);
    cr_expect_eq(sp_stats_count(stats), 0);
    sp_stats_free(stats);
    sp_stats_free(NULL);
    fake_spd_finish(&spd);
    cr_expect_eq(sp_stats(NULL, &stats, NULL), SP_EINVAL);
    cr_expect_eq(sp_stats(fake->client, NULL, NULL), SP_EINVAL);
}

FAKE_TEST_LOCAL(client_watch, stats_that_make_no_sense_are_a_protocol_error)
{
    static const char *const answers[] = {
        "{\"ok\":true}",
        "{\"ok\":true,\"stats\":{}}",
        "{\"ok\":true,\"stats\":[7]}",
        "{\"ok\":true,\"stats\":[{\"value\":7}]}",
        "{\"ok\":true,\"stats\":[{\"name\":\"x\"}]}",
        "{\"ok\":true,\"stats\":[{\"name\":7,\"value\":7}]}",
        "{\"ok\":true,\"stats\":[{\"name\":\"x\",\"value\":-7}]}",
        "{\"ok\":true,\"stats\":[{\"name\":\"x\",\"value\":7.5}]}",
        "{\"ok\":true,\"stats\":[{\"name\":\"x\",\"value\":7,\"help\":7}]}",
    };
    struct fake_row rows[sizeof answers / sizeof *answers];
    struct sp_stat_list *stats;
    struct fake_spd spd;

    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
        rows[i] = (struct fake_row){"{\"op\":\"stats\"}", answers[i]};
    FAKE_SPD_START(&spd, fake, rows);
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
        cr_expect_eq(sp_stats(fake->client, &stats, NULL), SP_EPROTO, "%s",
                     answers[i]);
    fake_spd_finish(&spd);
}
