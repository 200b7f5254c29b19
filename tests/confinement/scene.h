/* SPDX-License-Identifier: MIT */
/* confinement/scene.h - a supervisor with the hostile module in the tier that
 * is under test, a session "a" that tries to get out, and a sibling of it that
 * must not notice.
 *
 * The user is who runs the tests: of root, modules have users of their own. */
#ifndef CONFINEMENT_SCENE_H
#define CONFINEMENT_SCENE_H

#include <criterion/criterion.h>
#include <stdbool.h>
#include <stddef.h>

#include "support/balance.h"
#include "support/harness.h"
#include "tier.h"

#define SCENE_MODULE                                                           \
    "[module hostile]\npath = " SP_TEST_HOSTILE "\nrestart = temporary\n"

struct scene {
    struct harness *harness; /* owned */
    struct balance balance;  /* of spd, with both sessions */
};

/* Settings of the module besides; its tier is the one under test, unless they
 * say another.  Ends with scene_close(). */
void scene_open(struct scene *out_scene, const char *settings);
/* The same, with settings of [supervisor]. */
void scene_open_with(struct scene *out_scene, const char *supervisor,
                     const char *settings);
/* The same attempts by a program: a command module of the same name. */
void scene_open_program(struct scene *out_scene, const char *settings);
void scene_open_program_with(struct scene *out_scene, const char *supervisor,
                             const char *settings);
/* Fails if anything is left behind; see harness_stop(). */
void scene_close(struct scene *scene);

/* What must be so after each attempt: spd lives, a sibling answers soon, and
 * there is no process, descriptor or socket more than there was. */
void scene_check(const struct scene *scene);

/* An attempt of "a", an argument behind it, has one of these outcomes: words
 * with spaces between them. */
void scene_expect(const struct scene *scene, const char *attempt,
                  const char *outcomes);
/* The same with a number for its argument. */
void scene_expect_of(const struct scene *scene, const char *attempt,
                     long argument, const char *outcomes);

/* A session of its own makes the attempt, is killed for it, and that is counted
 * as one violation. */
void scene_expect_killed(const struct scene *scene, const char *attempt);

/* ---- what fails, as a table ---- */

struct kept_off {
    const char *name;
    const char *outcomes; /* of a session */
    bool free;            /* without a sandbox it succeeds */
    const char *load;     /* the constructor's outcomes; NULL: it does not try */
};

void scene_try_in_sessions(const struct kept_off *rows, size_t count);
void scene_try_in_constructors(const struct kept_off *rows, size_t count);
void scene_try_without(const struct kept_off *rows, size_t count);

/* The three tests of a table. */
#define SCENE_KEPT_OFF(suite, rows)                                            \
    Test(suite, is_not_for_a_session)                                          \
    {                                                                          \
        scene_try_in_sessions(rows, sizeof(rows) / sizeof(rows)[0]);           \
    }                                                                          \
    Test(suite, is_not_for_a_constructor)                                      \
    {                                                                          \
        scene_try_in_constructors(rows, sizeof(rows) / sizeof(rows)[0]);       \
    }                                                                          \
    Test(suite, is_there_without_a_sandbox)                                    \
    {                                                                          \
        scene_try_without(rows, sizeof(rows) / sizeof(rows)[0]);               \
    }

#endif
