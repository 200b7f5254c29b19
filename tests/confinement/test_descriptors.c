/* SPDX-License-Identifier: MIT */
/* Descriptors: escapes 23 to 25, and those that pass from hand to hand. */
#define _GNU_SOURCE
#include <sys/socket.h>

#include "scene.h"
#include "support/asking.h"

TIER_SUITE(descriptors);

static const struct kept_off rows[] = {
    {"pass_descriptors", "EPERM", true, NULL},
    {"take_descriptors", "EPERM", true, NULL},
    {"write_elsewhere", "EBADF", false, NULL},
    {"descriptor_bomb", "EMFILE", false, NULL},
};

SCENE_KEPT_OFF(descriptors, rows)

Test(descriptors, are_exactly_those_that_were_given)
{
    struct scene scene;

    scene_open(&scene, "");
    scene_expect(&scene, "descriptors", "done");
    scene_check(&scene);
    scene_close(&scene);
}

/* A flag of what it would share with others: its log, its listener. */
Test(descriptors, made_not_to_block_are_so_for_nobody_else)
{
    struct scene scene;

    scene_open(&scene, "");
    session_expect(scene.harness, "sibling", "unmarked", "done");
    scene_expect(&scene, "unmarked", "done");
    scene_expect(&scene, "make_all_nonblocking", "done");
    scene_expect(&scene, "unmarked", "EEXIST"); /* it has done it */
    session_expect(scene.harness, "sibling", "unmarked", "done");
    ask_started(scene.harness, "later", "hostile", NULL);
    session_expect(scene.harness, "later", "unmarked", "done");
    cr_expect_eq(ask_stop(scene.harness, "later"), SP_OK);
    scene_check(&scene);
    scene_close(&scene);
}
