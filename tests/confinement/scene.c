/* SPDX-License-Identifier: MIT */
/* What the tests of all themes have in common.  The attempts are the hostile
 * module's (tests/modules/hostile.h). */
#define _GNU_SOURCE
#include "scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "support/asking.h"
#include "support/news.h"
#include "support/raw_peer.h"

/* As much as a sibling may be held up, on a machine that does other work. */
#define SIBLING_MS 1000

/* ---- from beginning to end ---- */

static void open_scene(struct scene *out_scene, const char *supervisor,
                       const char *module, const char *settings)
{
    bool given = strstr(settings, "sandbox =") != NULL;
    char config[2048];
    int size;

    size = snprintf(config, sizeof config, "[supervisor]\n%s%s%s%s\n%s",
                    supervisor, module, given ? "" : "sandbox = ",
                    given ? "" : tier_name(), settings);
    cr_assert_lt((size_t)size, sizeof config);
    out_scene->harness = harness_start(config);
    ask_started(out_scene->harness, "sibling", "hostile", NULL);
    ask_started(out_scene->harness, "a", "hostile", NULL);
    out_scene->balance = balance_note(out_scene->harness);
}

void scene_open_with(struct scene *out_scene, const char *supervisor,
                     const char *settings)
{
    open_scene(out_scene, supervisor, SCENE_MODULE, settings);
}

void scene_open(struct scene *out_scene, const char *settings)
{
    scene_open_with(out_scene, "", settings);
}

void scene_open_program_with(struct scene *out_scene, const char *supervisor,
                             const char *settings)
{
    open_scene(out_scene, supervisor,
               "[module hostile]\ncommand = " SP_TEST_HOSTILE_PROGRAM
               "\nrestart = temporary\n",
               settings);
}

void scene_open_program(struct scene *out_scene, const char *settings)
{
    scene_open_program_with(out_scene, "", settings);
}

void scene_close(struct scene *scene)
{
    harness_stop(scene->harness);
}

void scene_check(const struct scene *scene)
{
    int64_t before = clock_now_ms();

    session_expect(scene->harness, "sibling", "answer", "done");
    cr_expect_lt(clock_now_ms() - before, SIBLING_MS);
    balance_check(scene->harness, &scene->balance);
}

/* ---- one attempt ---- */

static bool is_one_of(const char *word, const char *words)
{
    const char *found = strstr(words, word);
    size_t size = strlen(word);

    return size > 0 && found && (found == words || found[-1] == ' ') &&
           (found[size] == '\0' || found[size] == ' ');
}

void scene_expect(const struct scene *scene, const char *attempt,
                  const char *outcomes)
{
    char *outcome = session_call(scene->harness, "a", attempt);

    cr_expect(is_one_of(outcome, outcomes), "%s: %s, not %s", attempt, outcome,
              outcomes);
    free(outcome);
}

void scene_expect_of(const struct scene *scene, const char *attempt,
                     long argument, const char *outcomes)
{
    char request[64];

    snprintf(request, sizeof request, "%s %ld", attempt, argument);
    scene_expect(scene, request, outcomes);
}

void scene_expect_killed(const struct scene *scene, const char *attempt)
{
    static unsigned last;
    json_int_t before = ask_counter(scene->harness, "violations");
    struct raw_peer peer;
    char id[16];

    snprintf(id, sizeof id, "s%u", ++last);
    ask_started(scene->harness, id, "hostile", NULL);
    session_send(scene->harness, id, attempt, &peer);
    ask_until_gone(scene->harness, id);
    news_expect(scene->harness, id, "start ready violation crash stop");
    news_expect_end(scene->harness, id, "crash", "signal", "SIGSYS");
    news_expect_end(scene->harness, id, "crash", "limit", "sandbox");
    raw_peer_close(&peer);
    cr_expect_eq(ask_counter(scene->harness, "violations"), before + 1, "%s",
                 attempt);
}

/* ---- a table of them ---- */

/* None of these is a violation: a library may try as much. */
void scene_try_in_sessions(const struct kept_off *rows, size_t count)
{
    struct scene scene;

    scene_open(&scene, "");
    for (size_t i = 0; i < count; i++) {
        scene_expect(&scene, rows[i].name, rows[i].outcomes);
        scene_check(&scene);
    }
    cr_expect_eq(ask_counter(scene.harness, "violations"), 0);
    scene_close(&scene);
}

void scene_try_in_constructors(const struct kept_off *rows, size_t count)
{
    struct scene scene;

    scene_open(&scene, "");
    for (size_t i = 0; i < count; i++) {
        char request[64];

        if (!rows[i].load)
            continue;
        snprintf(request, sizeof request, "at-load %s", rows[i].name);
        scene_expect(&scene, request, rows[i].load);
    }
    scene_check(&scene);
    scene_close(&scene);
}

/* Else it would not be the sandbox that keeps anybody from it. */
void scene_try_without(const struct kept_off *rows, size_t count)
{
    struct scene scene;

    scene_open(&scene, "sandbox = none\n");
    for (size_t i = 0; i < count; i++)
        if (rows[i].free)
            scene_expect(&scene, rows[i].name, "done");
    scene_close(&scene);
}
