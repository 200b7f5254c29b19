/* SPDX-License-Identifier: MIT */
/* supervisor/lister over sessions that are made up here: what of them is
 * listed when some go and others come between its turns. */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "control_own.h"
#include "describe.h"
#include "lister.h"
#include "registry.h"
#include "session.h"
#include "support/leaks.h"

/* ---- made up ---- */

struct session {
    const char *id;
    struct registry_entry *entry;
    struct end end;
    bool slow; /* who looks at it has used up the turn */
};

const char *session_id(const struct session *session)
{
    return session->id;
}

const char *session_module_name(const struct session *session)
{
    (void)session;
    return "kv";
}

uid_t session_uid(const struct session *session)
{
    (void)session;
    return (uid_t)-2;
}

enum session_state session_state(const struct session *session)
{
    int64_t end_ms = clock_now_ms() + 3;

    while (session->slow && clock_now_ms() < end_ms)
        continue;
    return SESSION_RUNNING;
}

const char *session_state_name(enum session_state state)
{
    return state == SESSION_RUNNING ? "running" : "?";
}

bool session_paused(const struct session *session)
{
    return session->slow;
}

pid_t session_pid(const struct session *session)
{
    (void)session;
    return 2147483647;
}

unsigned session_restarts(const struct session *session)
{
    (void)session;
    return 0;
}

int64_t session_age_ms(const struct session *session, int64_t now_ms)
{
    (void)session;
    (void)now_ms;
    return INT64_MIN;
}

const struct end *session_last_end(const struct session *session)
{
    return session->end.kind == END_NONE ? NULL : &session->end;
}

void session_facts(const struct session *session, struct session_facts *out)
{
    (void)session;
    (void)out;
}

void describe_usage(const struct session_facts *facts,
                    struct process_usage *out_usage)
{
    (void)facts;
    (void)out_usage;
}

json_t *describe_session(const struct session_facts *facts,
                         const struct process_usage *usage, int64_t now_ms)
{
    (void)facts;
    (void)usage;
    (void)now_ms;
    return json_pack("{s:i}", "much", 1);
}

static char *answered; /* owned */

void endpoint_reply(struct endpoint_call *call, const void *data, size_t size)
{
    (void)call;
    cr_assert_null(answered);
    answered = strndup(data, size);
}

void answer_error(struct endpoint_call *call, enum sp_error error,
                  const char *text)
{
    (void)call;
    (void)text;
    endpoint_reply(call, sp_error_name(error), strlen(sp_error_name(error)));
}

/* ---- the scene ---- */

static struct event_base *base;
static struct registry registry;
static struct lister lister;

static void set_up(void)
{
    base = event_base_new();
    registry = (struct registry){0};
    lister_init(&lister, base, &registry);
}

static void tear_down(void)
{
    lister_fini(&lister);
    event_base_free(base);
    leaks_check();
}

TestSuite(lister, .init = set_up, .fini = tear_down);

static void add(struct session *session, const char *id)
{
    session->id = id;
    session->entry = registry_add(&registry, id, session);
}

static void go(struct session *session)
{
    registry_remove(&registry, session->entry);
    registry_entry_free(session->entry);
    session->id = NULL; /* nobody may look at it any more */
}

static void expect_answer(const char *answer)
{
    event_base_dispatch(base);
    cr_assert_not_null(answered);
    cr_expect_str_eq(answered, answer);
    free(answered);
    answered = NULL;
}

#define HEAD "{\"ok\":true,\"sessions\":["
#define BRIEF(id, paused, end)                                                 \
    "{\"id\":\"" id "\",\"module\":\"kv\",\"uid\":4294967294,"                 \
    "\"state\":\"running\",\"paused\":" paused ",\"pid\":2147483647,"          \
    "\"restarts\":0,\"age_ms\":-9223372036854775808,\"last_end\":\"" end "\"}"

Test(lister, tells_of_each_session_in_order)
{
    struct session b = {.end = {.kind = END_SIGNALED, .code = 11}};
    struct session a = {.slow = true};

    lister_ask(&lister, NULL, false);
    expect_answer(HEAD "]}");
    add(&b, "b");
    add(&a, "a");
    lister_ask(&lister, NULL, false);
    expect_answer(HEAD BRIEF("a", "true", "") "," BRIEF(
        "b", "false", "killed by SIGSEGV") "]}");
    lister_ask(&lister, NULL, true);
    expect_answer(HEAD "{\"much\":1},{\"much\":1}]}");
    go(&a);
    go(&b);
}

Test(lister, leaves_out_who_goes_between_two_turns)
{
    struct session a = {.slow = true};
    struct session b = {0};
    struct session c = {0};
    struct session d = {0};

    add(&a, "a");
    add(&b, "b");
    add(&c, "c");
    lister_ask(&lister, NULL, false);
    cr_assert_null(answered);
    go(&b);
    add(&d, "d");
    expect_answer(HEAD BRIEF("a", "true", "") "," BRIEF("c", "false", "") "]}");
    go(&a);
    go(&c);
    go(&d);
}

Test(lister, answers_those_that_wait_when_it_ends)
{
    struct session a = {.slow = true};
    struct session b = {0};

    add(&a, "a");
    add(&b, "b");
    lister_ask(&lister, NULL, false);
    lister_fini(&lister);
    cr_expect_str_eq(answered, "SP_ENOMEM");
    free(answered);
    go(&a);
    go(&b);
}
