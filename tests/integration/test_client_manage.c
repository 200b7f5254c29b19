/* SPDX-License-Identifier: MIT */
/* libsp's orders to a supervisor that the test plays: what is asked, and what
 * becomes of each answer. */
#define _GNU_SOURCE
#include <string.h>

#include "client_fake.h"
#include "support/leaks.h"

TestSuite(client_manage, .fini = leaks_check, .timeout = 120);

#define YES "{\"ok\":true}"

static enum sp_error drain(struct sp_client *client, const char *id,
                           struct sp_result *result)
{
    return sp_drain(client, id, LONG_MS, result);
}

static enum sp_error send_usr1(struct sp_client *client, const char *id,
                               struct sp_result *result)
{
    return sp_signal(client, id, "SIGUSR1", result);
}

/* Every order that is about one session. */
static const struct order {
    enum sp_error (*give)(struct sp_client *client, const char *id,
                          struct sp_result *result);
    const char *question;
} orders[] = {
    {sp_terminate, "{\"op\":\"stop\",\"id\":\"x\"}"},
    {drain, "{\"op\":\"stop\",\"id\":\"x\",\"drain\":true}"},
    {sp_restart, "{\"op\":\"restart\",\"id\":\"x\"}"},
    {sp_pause, "{\"op\":\"pause\",\"id\":\"x\"}"},
    {sp_resume, "{\"op\":\"resume\",\"id\":\"x\"}"},
    {sp_touch, "{\"op\":\"touch\",\"id\":\"x\"}"},
    {send_usr1, "{\"op\":\"signal\",\"id\":\"x\",\"signal\":\"USR1\"}"},
};
#define ORDERS (sizeof orders / sizeof orders[0])

/* Gives every order to a supervisor with this answer to all. */
static void give_all(const struct fake *fake, const char *answer,
                     enum sp_error error, const char *text)
{
    struct sp_result *result = sp_result_new();
    struct fake_row rows[ORDERS];
    struct fake_spd spd;

    for (size_t i = 0; i < ORDERS; i++)
        rows[i] = (struct fake_row){orders[i].question, answer};
    FAKE_SPD_START(&spd, fake, rows);
    for (size_t i = 0; i < ORDERS; i++) {
        cr_expect_eq(orders[i].give(fake->client, "x", result), error, "%s",
                     orders[i].question);
        cr_expect_eq(sp_result_error(result), error);
        cr_expect_str_eq(sp_result_text(result), text);
        cr_expect_eq(sp_result_progress(result), SP_PROGRESS_ANSWERED);
        cr_expect_eq(sp_result_pid(result), 0);
    }
    fake_spd_finish(&spd);
    sp_result_free(result);
}

FAKE_TEST(client_manage, an_order_is_one_question)
{
    give_all(fake, YES, SP_OK, sp_strerror(SP_OK));
}

FAKE_TEST(client_manage, a_refusal_is_told_with_its_text)
{
    give_all(fake, FAKE_NO(1, "no such session (stopped, 3 s ago)"), SP_ENOENT,
             "no such session (stopped, 3 s ago)");
}

FAKE_TEST_LOCAL(client_manage, an_order_goes_without_a_result)
{
    struct fake_row rows[ORDERS];
    struct fake_spd spd;

    for (size_t i = 0; i < ORDERS; i++)
        rows[i] = (struct fake_row){orders[i].question, YES};
    FAKE_SPD_START(&spd, fake, rows);
    for (size_t i = 0; i < ORDERS; i++)
        cr_expect_eq(orders[i].give(fake->client, "x", NULL), SP_OK);
    fake_spd_finish(&spd);
}

FAKE_TEST_LOCAL(client_manage, an_answer_without_sense_is_a_protocol_error)
{
    static const char *const answers[] = {"", "[]", "{}", "{\"ok\":1}",
                                          "{\"ok\":false}"};

    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        struct sp_client *client = fake_client(fake);
        struct fake_row rows[ORDERS];
        struct fake_spd spd;

        for (size_t j = 0; j < ORDERS; j++)
            rows[j] = (struct fake_row){orders[j].question, answers[i]};
        FAKE_SPD_START(&spd, fake, rows);
        for (size_t j = 0; j < ORDERS; j++)
            cr_expect_eq(orders[j].give(client, "x", NULL), SP_EPROTO, "%s",
                         orders[j].question);
        fake_spd_finish(&spd);
        sp_client_close(client);
    }
}

FAKE_TEST_LOCAL(client_manage, wrong_arguments_reach_nobody)
{
    for (size_t i = 0; i < ORDERS; i++) {
        cr_expect_eq(orders[i].give(fake->client, "x\n", NULL), SP_EBADID);
        cr_expect_eq(orders[i].give(fake->client, "", NULL), SP_EBADID);
        cr_expect_eq(orders[i].give(fake->client, NULL, NULL), SP_EINVAL);
        cr_expect_eq(orders[i].give(NULL, "x", NULL), SP_EINVAL);
        /* nobody listens here */
        cr_expect_eq(orders[i].give(fake->client, "x", NULL), SP_ENOSUP);
    }
    cr_expect_eq(sp_drain(fake->client, "x", -2, NULL), SP_EINVAL);
}

FAKE_TEST_LOCAL(client_manage, a_signal_that_does_not_exist_reaches_nobody)
{
    static const char *const bad[] = {"",      "SIG",       "usr1",   "10",
                                      "USR1 ", "SIGSIGHUP", "\033[2J"};
    struct sp_result *result = sp_result_new();

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        cr_expect_eq(sp_signal(fake->client, "x", bad[i], result), SP_EINVAL,
                     "%s", bad[i]);
        cr_expect_not_null(strstr(sp_result_text(result), "no signal"));
        cr_expect_null(strchr(sp_result_text(result), '\033'));
        cr_expect_eq(sp_signal(fake->client, "x", bad[i], NULL), SP_EINVAL);
    }
    cr_expect_eq(sp_signal(fake->client, "x", NULL, result), SP_EINVAL);
    sp_result_free(result);
}

FAKE_TEST(client_manage, a_restart_tells_the_fresh_process)
{
    static const struct fake_row rows[] = {
        {"{\"op\":\"restart\",", "{\"ok\":true,\"pid\":4711}"},
        {"{\"op\":\"restart\",", FAKE_NO(11, "sorry")},
    };
    struct sp_result *result = sp_result_new();
    struct fake_spd spd;

    FAKE_SPD_START(&spd, fake, rows);
    cr_expect_eq(sp_restart(fake->client, "x", result), SP_OK);
    cr_expect_eq(sp_result_pid(result), 4711);
    cr_expect_eq(sp_restart(fake->client, "x", result), SP_EINIT);
    cr_expect_eq(sp_result_pid(result), 0);
    cr_expect_str_eq(sp_result_text(result), "sorry");
    fake_spd_finish(&spd);
    sp_result_free(result);
}

FAKE_TEST_LOCAL(client_manage, a_drain_ends_with_its_timeout)
{
    static const struct fake_row rows[] = {{"{\"op\":\"stop\",", NULL}};
    struct fake_spd spd;

    FAKE_SPD_START(&spd, fake, rows);
    cr_expect_eq(sp_drain(fake->client, "x", SHORT_MS, NULL), SP_ETIMEDOUT);
    fake_spd_finish(&spd);
}

FAKE_TEST(client_manage, a_reload_tells_what_it_did)
{
    static const struct fake_row rows[] = {
        {"{\"op\":\"reload\"}",
         "{\"ok\":true,\"changed\":1,\"added\":2,\"removed\":3,\"new\":4}"},
        {"{\"op\":\"reload\"}", "{\"ok\":true,\"changed\":0,\"added\":0,"
                                "\"removed\":0}"},
        {"{\"op\":\"reload\"}", FAKE_NO(2, "spd.conf:3: unknown setting")},
    };
    struct sp_result *result = sp_result_new();
    unsigned changed = 9, added = 9, removed = 9;
    struct fake_spd spd;

    FAKE_SPD_START(&spd, fake, rows);
    cr_expect_eq(sp_reload(fake->client, &changed, &added, &removed, result),
                 SP_OK);
    cr_expect(changed == 1 && added == 2 && removed == 3);
    cr_expect_eq(sp_reload(fake->client, NULL, NULL, NULL, NULL), SP_OK);
    cr_expect_eq(sp_reload(fake->client, &changed, NULL, NULL, result),
                 SP_EINVAL);
    cr_expect_str_eq(sp_result_text(result), "spd.conf:3: unknown setting");
    cr_expect_eq(changed, 1);
    fake_spd_finish(&spd);
    cr_expect_eq(sp_reload(NULL, NULL, NULL, NULL, NULL), SP_EINVAL);
    sp_result_free(result);
}

FAKE_TEST_LOCAL(client_manage, a_reload_without_its_numbers_makes_no_sense)
{
    static const char *const answers[] = {
        YES,
        "{\"ok\":true,\"changed\":1,\"added\":2}",
        "{\"ok\":true,\"changed\":1,\"removed\":2}",
        "{\"ok\":true,\"added\":1,\"removed\":2}",
        "{\"ok\":true,\"changed\":-1,\"added\":2,\"removed\":3}",
        "{\"ok\":true,\"changed\":1,\"added\":\"2\",\"removed\":3}",
        "{\"ok\":true,\"changed\":1,\"added\":2,\"removed\":4294967296}",
    };
    struct fake_row rows[sizeof answers / sizeof *answers];
    unsigned changed = 9;
    struct fake_spd spd;

    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
        rows[i] = (struct fake_row){"{\"op\":\"reload\"}", answers[i]};
    FAKE_SPD_START(&spd, fake, rows);
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
        cr_expect_eq(sp_reload(fake->client, &changed, NULL, NULL, NULL),
                     SP_EPROTO, "%s", answers[i]);
    cr_expect_eq(changed, 9);
    fake_spd_finish(&spd);
}
