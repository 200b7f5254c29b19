/* SPDX-License-Identifier: MIT */
/* supervisor/tombstones: how sessions have ended, for a while. */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include <sp/id.h>

#include "support/leaks.h"
#include "tombstones.h"

TestSuite(tombstones, .fini = leaks_check);

static void put(struct tombstones *tombstones, const char *id,
                const char *fate, int64_t now_ms)
{
    struct session_facts facts = {.now_ms = now_ms};

    snprintf(facts.id, sizeof facts.id, "%s", id);
    memcpy(facts.fate, fate, strnlen(fate, sizeof facts.fate - 1));
    tombstones_put(tombstones, &facts);
}

static void expect_text(struct tombstones *tombstones, const char *id,
                        int64_t now_ms, const char *fate, int64_t age_ms)
{
    const struct session_facts *found =
        tombstones_find(tombstones, id, now_ms);

    if (!fate) {
        cr_expect_null(found, "%s", id);
        return;
    }
    cr_assert_not_null(found, "%s", id);
    cr_expect_str_eq(found->id, id);
    cr_expect_str_eq(found->fate, fate);
    cr_expect_eq(now_ms - found->now_ms, age_ms);
}

Test(tombstones, tell_how_and_when_a_session_ended)
{
    struct tombstones tombstones;

    tombstones_init(&tombstones, 10, 1000);
    put(&tombstones, "a", "ended normally", 5);
    put(&tombstones, "b", "killed by SIGSEGV", 7);
    expect_text(&tombstones, "a", 10, "ended normally", 5);
    expect_text(&tombstones, "b", 10, "killed by SIGSEGV", 3);
    expect_text(&tombstones, "c", 10, NULL, 0);
    expect_text(&tombstones, "", 10, NULL, 0);
    tombstones_fini(&tombstones);
}

Test(tombstones, are_kept_for_exactly_their_time)
{
    struct tombstones tombstones;

    tombstones_init(&tombstones, 10, 1000);
    put(&tombstones, "a", "x", 5);
    expect_text(&tombstones, "a", 1004, "x", 999);
    expect_text(&tombstones, "a", 1005, NULL, 0);
    cr_expect_eq(tombstones.count, 0);
    tombstones_fini(&tombstones);
}

Test(tombstones, a_later_end_takes_the_place_of_the_earlier)
{
    struct tombstones tombstones;

    tombstones_init(&tombstones, 10, 1000);
    put(&tombstones, "a", "first", 0);
    put(&tombstones, "a", "second", 900);
    cr_expect_eq(tombstones.count, 1);
    expect_text(&tombstones, "a", 1500, "second", 600);
    tombstones_fini(&tombstones);
}

Test(tombstones, at_their_bound_the_oldest_makes_room)
{
    struct tombstones tombstones;
    char id[16];

    tombstones_init(&tombstones, 100, 1000000);
    for (int i = 0; i < 1000; i++) {
        snprintf(id, sizeof id, "s%d", i);
        put(&tombstones, id, id, i);
        cr_assert_leq(tombstones.count, 100);
    }
    expect_text(&tombstones, "s899", 1000, NULL, 0);
    expect_text(&tombstones, "s900", 1000, "s900", 100);
    expect_text(&tombstones, "s999", 1000, "s999", 1);
    tombstones_fini(&tombstones);
    cr_expect_eq(tombstones.count, 0);
}

Test(tombstones, can_be_done_without)
{
    struct tombstones tombstones;

    tombstones_init(&tombstones, 0, 1000);
    put(&tombstones, "a", "x", 0);
    expect_text(&tombstones, "a", 0, NULL, 0);
    tombstones_fini(&tombstones);
}

Test(tombstones, longest_id_and_too_long_a_text_fit)
{
    struct tombstones tombstones;
    char id[SP_ID_MAX + 1];
    char text[4 * FACTS_FATE_SIZE];
    char cut[FACTS_FATE_SIZE];

    memset(id, 'i', SP_ID_MAX);
    id[SP_ID_MAX] = '\0';
    memset(text, 't', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    memcpy(cut, text, sizeof cut - 1);
    cut[sizeof cut - 1] = '\0';
    tombstones_init(&tombstones, 1, 1000);
    put(&tombstones, id, text, 0);
    expect_text(&tombstones, id, 1, cut, 1);
    tombstones_fini(&tombstones);
}
