/* SPDX-License-Identifier: MIT */
/* Children of spd that no template was asked for: all are killed and reaped,
 * and the template or session that made them is ended, once, with one event
 * that says how many there were.  Sessions go on, and so does spd meanwhile. */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "support/asking.h"
#include "support/family.h"
#include "support/news.h"
#include "support/wait.h"
#include "tier.h"

TIER_SUITE(unannounced);

/* As long as an answer may take on a machine that does other work. */
#define ANSWER_MS 1000
#define WORDS "made processes which nobody has announced"

/* The modules that the name of a module of tests/modules/strangers.c tells,
 * beside an honest one. */
static struct harness *start(const char *module, const char *settings)
{
    char config[512];

    snprintf(config, sizeof config,
             "[supervisor]\ndefault_module = kv\n"
             "[module kv]\n@TIER@\n"
             "[module %s]\npath = " SP_TEST_STRANGERS "\n@TIER@\n"
             "init_timeout = 5s\nmax_restarts = 0\n%s",
             module, settings);
    return tier_start(config);
}

/* What the event of a template says. */
static int number_told(const struct harness *harness, const char *module)
{
    json_t *event = news_latest(harness, "", "violation");
    const char *text = json_string_value(json_object_get(event, "text"));
    int number = 0;

    cr_expect_eq(sscanf(text, WORDS " (%d of them): killed", &number), 1, "%s",
                 text);
    cr_expect_str_eq(json_string_value(json_object_get(event, "module")),
                     module);
    cr_expect_str_eq(json_string_value(json_object_get(event, "violation")),
                     "child");
    json_decref(event);
    return number;
}

static void count_child(pid_t pid, void *context)
{
    (void)pid;
    ++*(json_int_t *)context;
}

struct counted {
    const struct harness *harness;
    json_int_t strangers;
    json_int_t children; /* of spd, dead ones included, but for holders
                             * and those pooled */
};

static bool are_reaped(void *context)
{
    const struct counted *wanted = context;
    json_int_t children = 0;

    family_each(wanted->harness, count_child, &children);
    children -= (json_int_t)family_count(wanted->harness, "sp-holder");
    children -= (json_int_t)family_count(wanted->harness, FAMILY_POOLED);
    return children == wanted->children &&
           ask_counter(wanted->harness, "strangers") == wanted->strangers;
}

static void expect_reaped(const struct harness *harness, json_int_t strangers,
                          json_int_t children)
{
    struct counted wanted = {harness, strangers, children};

    cr_expect(wait_for(are_reaped, &wanted, WAIT_MS), "strangers: %lld",
              (long long)ask_counter(harness, "strangers"));
}

static void expect_violations(const struct harness *harness)
{
    news_expect(harness, "", "violation");
    cr_expect_eq(ask_counter(harness, "violations"), 1);
    cr_expect_eq(ask_counter(harness, "crashes"), 0);
}

/* A session of the module goes on though its template is ended for its
 * children, and the next one gets another template. */
static void expect_ended(const char *module, int count)
{
    struct harness *harness = start(module, "");
    int told;

    ask_started(harness, "a", module, NULL);
    told = number_told(harness, module);
    cr_expect_eq(told, count, "%d", told);
    expect_reaped(harness, count, 1);
    expect_violations(harness);
    session_expect(harness, "a", "anything", "unknown");
    news_expect(harness, "a", "start ready");
    ask_start(harness, "b", module, NULL); /* its template does the same */
    cr_expect_eq(ask_counter(harness, "templates_started"), 2);
    harness_stop(harness);
}

Test(unannounced, children_that_wait_end_their_template)
{
    expect_ended("wait-300", 300);
}

/* They make spd look at once: the module may not even be loaded by then, and
 * some may not have been made. */
Test(unannounced, children_that_end_at_once_end_their_template)
{
    struct harness *harness = start("end-300", "");
    enum sp_error started = ask_start(harness, "a", "end-300", NULL);
    int count = number_told(harness, "end-300");

    cr_expect(started == SP_OK || started == SP_ELOAD, "%s",
              sp_error_name(started));
    cr_expect(count > 0 && count <= 300, "%d", count);
    expect_reaped(harness, ask_counter(harness, "strangers"),
                  started == SP_OK ? 1 : 0);
    expect_violations(harness);
    harness_stop(harness);
}

Test(unannounced, children_that_leave_its_session_end_their_template)
{
    expect_ended("leave-100", 100);
}

Test(unannounced, children_with_a_misleading_name_end_their_template)
{
    expect_ended("hide-20", 20);
}

/* The harmless twin. */
Test(unannounced, children_that_are_none_change_nothing)
{
    struct harness *harness = start("none-0", "");

    ask_started(harness, "a", "none-0", NULL);
    session_expect(harness, "a", "clone", "EAGAIN");
    for (int i = 0; i < 20; i++) {
        ask_started(harness, "b", "none-0", NULL);
        cr_expect_eq(ask_stop(harness, "b"), SP_OK);
    }
    expect_reaped(harness, 0, 2);
    news_expect(harness, "", "");
    cr_expect_eq(ask_counter(harness, "violations"), 0);
    cr_expect_eq(ask_counter(harness, "templates_started"), 1);
    harness_stop(harness);
}

/* Where it may fork, it may also make what looks like a session. */
Test(unannounced, child_of_a_session_ends_that_session_alone)
{
    struct harness *harness =
        start("none-0", "allow_fork = yes\nrestart = temporary\n");
    json_t *event;

    ask_started(harness, "a", "none-0", NULL);
    ask_started(harness, "b", "none-0", NULL);
    session_expect(harness, "a", "clone", "done");
    /* anything that ends makes spd look */
    ask_started(harness, "c", "none-0", NULL);
    ask_stop(harness, "c");
    ask_until_gone(harness, "a");
    news_expect(harness, "a", "start ready violation crash stop");
    event = news_latest(harness, "a", "violation");
    cr_expect_str_eq(json_string_value(json_object_get(event, "violation")),
                     "child");
    json_decref(event);
    expect_reaped(harness, 1, 2);
    session_expect(harness, "b", "anything", "unknown");
    news_expect(harness, "", "");
    cr_expect_eq(ask_counter(harness, "violations"), 1);
    harness_stop(harness);
}

struct clearing {
    const struct harness *harness;
    bool slow;
};

/* Asks a sibling meanwhile. */
static bool is_cleared(void *context)
{
    struct clearing *clearing = context;
    int64_t before = clock_now_ms();
    char *kinds = news_kinds(clearing->harness, "");
    struct counted rest = {clearing->harness,
                           ask_counter(clearing->harness, "strangers"), 2};
    bool cleared = strcmp(kinds, "violation") == 0 && are_reaped(&rest);

    free(kinds);
    free(session_call(clearing->harness, "sibling", "get x"));
    clearing->slow |= clock_now_ms() - before > ANSWER_MS;
    return cleared;
}

Test(unannounced, children_by_the_hundred_hold_up_nobody)
{
    struct harness *harness = start("leave-500", "");
    struct clearing clearing = {harness, false};

    ask_started(harness, "sibling", "kv", NULL);
    ask_start(harness, "a", "leave-500", NULL);
    ask_stop(harness, "a"); /* if it was in time */
    cr_expect(wait_for(is_cleared, &clearing, WAIT_MS));
    cr_expect_not(clearing.slow);
    expect_violations(harness);
    harness_stop(harness);
}
