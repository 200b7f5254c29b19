/* SPDX-License-Identifier: MIT */
/* libsp and a supervisor that the test plays itself: answers that make no
 * sense, and those of a later version. */
#define _GNU_SOURCE
#include <stdio.h>
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

/* ---- all that is told of a session ---- */

#define END                                                                    \
    "{\"text\":\"killed by SIGSEGV\",\"code\":11,\"signal\":\"SIGSEGV\","      \
    "\"core\":true,\"limit\":\"call_limit\",\"asked\":\"stop\",\"by_uid\":0,"  \
    "\"by_pid\":41,\"reason\":\"bye\",\"lived_ms\":42,\"cpu_ms\":43,"          \
    "\"peak_kb\":44,\"doing\":\"a call\",\"doing_ms\":45,\"calls\":46,"        \
    "\"casts\":47,\"ago_ms\":48}"
#define WHOLE(end)                                                             \
    "{\"id\":\"x\",\"module\":\"kv\",\"uid\":1000,\"state\":\"gone\","         \
    "\"paused\":true,\"pid\":7,\"restarts\":1,\"age_ms\":2,\"idle_ms\":3,"     \
    "\"calls\":4,\"casts\":5,\"waiting\":6,\"subscribers\":8,\"doing\":"       \
    "\"a cast\",\"doing_ms\":9,\"log_dropped\":10,\"last_end\":\"exit "        \
    "status 1\",\"end\":" end ",\"cpu_ms\":11,\"memory_kb\":12,\"sandbox\":"   \
    "\"none\",\"fate\":"                                                       \
    "\"given up\",\"gone_ms\":13}"

/* The session x as one answer tells it; the caller frees it. */
static struct sp_session_info *info_of(const struct fake *fake,
                                       const char *answer)
{
    const struct fake_row rows[] = {{"{\"op\":\"info\",\"id\":\"x\"}", answer}};
    struct sp_client *client = fake_client(fake);
    struct sp_session_info *info = NULL;
    struct fake_spd spd;

    FAKE_SPD_START(&spd, fake, rows);
    cr_expect_eq(sp_info(client, "x", &info, NULL), SP_OK, "%s", answer);
    fake_spd_finish(&spd);
    sp_client_close(client);
    cr_assert_not_null(info);
    return info;
}

FAKE_TEST(client_answers, every_key_of_a_session_has_its_accessor)
{
    struct sp_session_info *info =
        info_of(fake, "{\"ok\":true,\"session\":" WHOLE("null") "}");

    cr_expect_str_eq(sp_info_id(info), "x");
    cr_expect_str_eq(sp_info_module(info), "kv");
    cr_expect_eq(sp_info_uid(info), 1000);
    cr_expect_str_eq(sp_info_state(info), "gone");
    cr_expect(sp_info_paused(info));
    cr_expect_eq(sp_info_pid(info), 7);
    cr_expect_eq(sp_info_restarts(info), 1);
    cr_expect_eq(sp_info_age_ms(info), 2);
    cr_expect_eq(sp_info_idle_ms(info), 3);
    cr_expect_eq(sp_info_calls(info), 4);
    cr_expect_eq(sp_info_casts(info), 5);
    cr_expect_eq(sp_info_waiting(info), 6);
    cr_expect_eq(sp_info_subscribers(info), 8);
    cr_expect_str_eq(sp_info_doing(info), "a cast");
    cr_expect_eq(sp_info_doing_ms(info), 9);
    cr_expect_eq(sp_info_log_dropped(info), 10);
    cr_expect_str_eq(sp_info_last_end(info), "exit status 1");
    cr_expect_null(sp_info_end(info));
    cr_expect_eq(sp_info_cpu_ms(info), 11);
    cr_expect_eq(sp_info_memory_kb(info), 12);
    cr_expect_str_eq(sp_info_sandbox(info), "none");
    cr_expect_str_eq(sp_info_fate(info), "given up");
    cr_expect_eq(sp_info_gone_ms(info), 13);
    sp_info_free(info);
}

FAKE_TEST(client_answers, every_key_of_an_end_has_its_accessor)
{
    struct sp_session_info *info =
        info_of(fake, "{\"ok\":true,\"session\":" WHOLE(END) "}");
    const struct sp_session_end *end = sp_info_end(info);

    cr_assert_not_null(end);
    cr_expect_str_eq(sp_end_text(end), "killed by SIGSEGV");
    cr_expect_eq(sp_end_code(end), 11);
    cr_expect_str_eq(sp_end_signal(end), "SIGSEGV");
    cr_expect(sp_end_core(end));
    cr_expect_str_eq(sp_end_limit(end), "call_limit");
    cr_expect_str_eq(sp_end_asked(end), "stop");
    cr_expect_eq(sp_end_by_uid(end), 0);
    cr_expect_eq(sp_end_by_pid(end), 41);
    cr_expect_str_eq(sp_end_reason(end), "bye");
    cr_expect_eq(sp_end_lived_ms(end), 42);
    cr_expect_eq(sp_end_cpu_ms(end), 43);
    cr_expect_eq(sp_end_peak_kb(end), 44);
    cr_expect_str_eq(sp_end_doing(end), "a call");
    cr_expect_eq(sp_end_doing_ms(end), 45);
    cr_expect_eq(sp_end_calls(end), 46);
    cr_expect_eq(sp_end_casts(end), 47);
    cr_expect_eq(sp_end_ago_ms(end), 48);
    sp_info_free(info);
}

FAKE_TEST(client_answers, what_an_older_supervisor_does_not_tell_is_nothing)
{
    struct sp_session_info *info =
        info_of(fake, "{\"ok\":true,\"session\":" SESSION("x", "0") "}");

    cr_expect_eq(sp_info_uid(info), (uid_t)-1);
    cr_expect_not(sp_info_paused(info));
    cr_expect_eq(sp_info_calls(info), 0);
    cr_expect_eq(sp_info_memory_kb(info), 0);
    cr_expect_str_eq(sp_info_doing(info), "");
    cr_expect_str_eq(sp_info_fate(info), "");
    cr_expect_null(sp_info_end(info));
    sp_info_free(info);
    info = info_of(fake, "{\"ok\":true,\"session\":" WHOLE(
                             "{\"text\":\"x\"}") "}");
    cr_expect_str_eq(sp_end_text(sp_info_end(info)), "x");
    cr_expect_str_eq(sp_end_signal(sp_info_end(info)), "");
    cr_expect_eq(sp_end_by_uid(sp_info_end(info)), (uid_t)-1);
    cr_expect_eq(sp_end_by_pid(sp_info_end(info)), 0);
    cr_expect_not(sp_end_core(sp_info_end(info)));
    sp_info_free(info);
}

/* The first "KEY":VALUE of `from` with another value. */
static void with_value(char *out, size_t size, const char *from,
                       const char *key, const char *value)
{
    const char *at = strstr(from, key), *rest;

    cr_assert_not_null(at, "%s", key);
    at += strlen(key);
    rest = at + (*at == '"' ? 1 + strcspn(at + 1, "\"") + 1
                            : strcspn(at, ",}"));
    snprintf(out, size, "%.*s%s%s", (int)(at - from), from, value, rest);
}

/* Each key in turn with values of other types, and out of bounds. */
static void expect_strict(const struct fake *fake, const char *const *keys,
                          const char *const *values)
{
    static const char whole[] = "{\"ok\":true,\"session\":" WHOLE(END) "}";

    for (; *keys; keys++)
        for (const char *const *value = values; *value; value++) {
            struct sp_client *client = fake_client(fake);
            char answer[sizeof whole + 64];
            struct fake_row row = {"{\"op\":\"info\"", answer};
            struct sp_session_info *info;
            struct fake_spd spd;

            with_value(answer, sizeof answer, whole, *keys, *value);
            fake_spd_start(&spd, fake, &row, 1);
            cr_expect_eq(sp_info(client, "x", &info, NULL), SP_EPROTO, "%s",
                         answer);
            fake_spd_finish(&spd);
            sp_client_close(client);
        }
}

FAKE_TEST_LOCAL(client_answers, a_key_that_is_there_must_make_sense)
{
    static const char *const numbers[] = {
        "\"uid\":",         "\"pid\":",      "\"restarts\":", "\"age_ms\":",
        "\"idle_ms\":",     "\"calls\":",    "\"casts\":",    "\"waiting\":",
        "\"subscribers\":", "\"doing_ms\":", "\"gone_ms\":",  "\"cpu_ms\":",
        "\"log_dropped\":", "\"memory_kb\":", "\"code\":",    "\"by_uid\":",
        "\"by_pid\":",      "\"lived_ms\":", "\"peak_kb\":",  "\"ago_ms\":",
        NULL};
    static const char *const no_numbers[] = {"-2",   "1.5", "\"1\"", "true",
                                             "null", "[]",  NULL};
    static const char *const texts[] = {
        "\"module\":", "\"state\":", "\"doing\":",  "\"last_end\":",
        "\"fate\":",   "\"text\":",  "\"signal\":", "\"limit\":",
        "\"asked\":",  "\"reason\":", "\"sandbox\":", NULL};
    static const char *const no_texts[] = {"1", "true", "null", "[]", "{}",
                                           NULL};
    static const char *const flags[] = {"\"paused\":", "\"core\":", NULL};
    static const char *const no_flags[] = {"1", "\"true\"", "null", NULL};
    static const char *const over[] = {"4294967296", NULL};
    static const char *const narrow[] = {
        "\"uid\":",    "\"pid\":",    "\"restarts\":", "\"waiting\":",
        "\"by_uid\":", "\"by_pid\":", "\"code\":",     "\"subscribers\":",
        NULL};

    expect_strict(fake, numbers, no_numbers);
    expect_strict(fake, texts, no_texts);
    expect_strict(fake, flags, no_flags);
    expect_strict(fake, narrow, over);
}

FAKE_TEST_LOCAL(client_answers, an_end_is_an_object_or_null)
{
    static const char *const answers[] = {
        "{\"ok\":true,\"session\":" WHOLE("7") "}",
        "{\"ok\":true,\"session\":" WHOLE("\"x\"") "}",
        "{\"ok\":true,\"session\":" WHOLE("[]") "}",
        "{\"ok\":true,\"session\":" WHOLE("{}") "}",
    };

    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
        cr_expect_eq(with_answer(fake, answers[i], ask_info), SP_EPROTO);
}

FAKE_TEST(client_answers, a_detailed_list_is_asked_for_and_told)
{
    static const struct fake_row rows[] = {
        {"{\"op\":\"list\",\"detailed\":true}",
         "{\"ok\":true,\"sessions\":[" WHOLE("null") "]}"},
        {"{\"op\":\"list\"}", "{\"ok\":true,\"sessions\":[]}"},
    };
    struct sp_session_list *list;
    struct fake_spd spd;

    FAKE_SPD_START(&spd, fake, rows);
    cr_assert_eq(sp_list_detailed(fake->client, &list, NULL), SP_OK);
    cr_assert_eq(sp_list_count(list), 1);
    cr_expect_eq(sp_info_memory_kb(sp_list_at(list, 0)), 12);
    sp_list_free(list);
    cr_assert_eq(sp_list(fake->client, &list, NULL), SP_OK);
    cr_expect_eq(sp_list_count(list), 0);
    sp_list_free(list);
    fake_spd_finish(&spd);
    cr_expect_eq(sp_list_detailed(NULL, &list, NULL), SP_EINVAL);
    cr_expect_eq(sp_list_detailed(fake->client, NULL, NULL), SP_EINVAL);
}

/* ---- a supervisor that goes ---- */

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
