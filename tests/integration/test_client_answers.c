/* SPDX-License-Identifier: MIT */
/* libsp and a supervisor that the test plays itself: answers that make no
 * sense, and those of a later version. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client_fake.h"
#include "support/leaks.h"

TestSuite(client_answers, .fini = leaks_check, .timeout = 120);

struct answering {
    int listener;
    const char *answer;
};

static void *answer_once(void *context)
{
    struct answering *answering = context;
    int spd = fake_accept(answering->listener);
    struct fake_request request = fake_hear(spd);

    fake_answer(spd, request.id, answering->answer);
    free(request.body);
    fake_wait_closed(spd);
    close(spd);
    return NULL;
}

/* Runs an operation against a supervisor that gives this answer. */
static enum sp_error with_answer(const struct fake *fake, const char *answer,
                                 enum sp_error (*operation)(struct sp_client *))
{
    struct answering answering = {fake_listen(fake, FAKE_CONTROL, 8), answer};
    struct sp_client *client = fake_client(fake);
    enum sp_error error;
    pthread_t thread;

    cr_assert_eq(pthread_create(&thread, NULL, answer_once, &answering), 0);
    error = operation(client);
    sp_client_close(client);
    pthread_join(thread, NULL);
    close(answering.listener);
    return error;
}

static enum sp_error ask_info(struct sp_client *client)
{
    struct sp_session_info *info;
    enum sp_error error = sp_info(client, "x", &info, NULL);

    if (error == SP_OK)
        sp_info_free(info);
    return error;
}

static enum sp_error ask_list(struct sp_client *client)
{
    struct sp_session_list *list;
    enum sp_error error = sp_list(client, &list, NULL);

    if (error != SP_OK)
        return error;
    cr_expect_eq(sp_list_count(list), 2);
    cr_expect_str_eq(sp_info_id(sp_list_at(list, 0)), "a");
    cr_expect_str_eq(sp_info_id(sp_list_at(list, 1)), "b");
    cr_expect_eq(sp_info_restarts(sp_list_at(list, 1)), 3);
    sp_list_free(list);
    return error;
}

static enum sp_error ask_modules(struct sp_client *client)
{
    struct sp_module_list *modules;
    enum sp_error error = sp_modules(client, &modules, NULL);

    if (error != SP_OK)
        return error;
    cr_expect_eq(sp_modules_count(modules), 1);
    cr_expect_str_eq(sp_modules_name(modules, 0), "kv");
    cr_expect(sp_modules_is_default(modules, 0));
    sp_modules_free(modules);
    return error;
}

static enum sp_error ask_ping(struct sp_client *client)
{
    return sp_ping(client, NULL);
}

#define SESSION(id, restarts)                                                  \
    "{\"id\":\"" id "\",\"module\":\"kv\",\"state\":\"running\",\"pid\":7,"    \
    "\"restarts\":" restarts ",\"age_ms\":5,\"last_end\":\"\",\"new\":[1]}"

FAKE_TEST(client_answers, answers_that_make_no_sense)
{
    static const char *const answers[] = {
        "",
        "garbage",
        "[]",
        "{}",
        "{\"ok\":1}",
        "{\"ok\":false}",
        "{\"ok\":false,\"error\":0,\"text\":\"x\"}",
        "{\"ok\":false,\"error\":777,\"text\":\"x\"}",
        "{\"ok\":true,\"ok\":true}",
        "{\"ok\":true}",
        "{\"ok\":true,\"session\":7,\"sessions\":7,\"modules\":{}}",
        "{\"ok\":true,\"session\":{},\"sessions\":[{}],\"modules\":[{}]}",
        "{\"ok\":true,\"session\":" SESSION("../x", "0") "}",
        "{\"ok\":true,\"session\":" SESSION("x", "-1") "}",
        "{\"ok\":true,\"session\":" SESSION("x", "\"0\"") "}",
    };

    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        cr_expect_eq(with_answer(fake, answers[i], ask_info), SP_EPROTO,
                     "info: %s", answers[i]);
        cr_expect_eq(with_answer(fake, answers[i], ask_list), SP_EPROTO,
                     "list: %s", answers[i]);
        cr_expect_eq(with_answer(fake, answers[i], ask_modules), SP_EPROTO,
                     "modules: %s", answers[i]);
        cr_expect_eq(with_answer(fake, answers[i], ask_ping), SP_EPROTO,
                     "ping: %s", answers[i]);
    }
}

FAKE_TEST(client_answers, answers_with_new_keys_are_understood)
{
    cr_expect_eq(with_answer(fake,
                             "{\"ok\":true,\"more\":{},\"session\":" SESSION(
                                 "x", "0") "}",
                             ask_info),
                 SP_OK);
    cr_expect_eq(with_answer(fake,
                             "{\"ok\":true,\"sessions\":[" SESSION(
                                 "b", "3") "," SESSION("a", "0") "]}",
                             ask_list),
                 SP_OK);
    cr_expect_eq(with_answer(fake,
                             "{\"ok\":true,\"modules\":[{\"name\":\"kv\","
                             "\"path\":\"/kv.so\",\"default\":true,"
                             "\"sessions\":2,\"new\":null}]}",
                             ask_modules),
                 SP_OK);
}

static void *hear_and_close(void *context)
{
    int *listener = context;
    int spd = fake_accept(*listener);

    free(fake_hear(spd).body);
    close(*listener);
    close(spd);
    return NULL;
}

FAKE_TEST(client_answers, a_supervisor_that_ends_while_it_is_asked_is_none)
{
    int listener = fake_listen(fake, FAKE_CONTROL, 8);
    pthread_t thread;

    cr_assert_eq(pthread_create(&thread, NULL, hear_and_close, &listener), 0);
    cr_expect_eq(sp_ping(fake->client, NULL), SP_ENOSUP);
    pthread_join(thread, NULL);
}
