/* SPDX-License-Identifier: MIT */
/* Where spd is root: a user for each module, never shared. */
#define _GNU_SOURCE
#include <stdio.h>
#include <unistd.h>

#include "scene.h"
#include "support/asking.h"
#include "support/wait.h"

TIER_SUITE(users);

static long uid_of(pid_t pid)
{
    char path[32], line[128];
    long uid = -1;
    FILE *status;

    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    status = fopen(path, "re");
    cr_assert_not_null(status);
    while (uid < 0 && fgets(line, sizeof line, status))
        sscanf(line, "Uid: %ld", &uid);
    fclose(status);
    return uid;
}

Test(users, of_root_s_modules_are_nobody_else_s)
{
    struct scene scene, other;
    long hostile, kv, elsewhere;

    if (geteuid() != 0)
        cr_skip("not root");
    scene_open(&scene, "");
    scene_open(&other, "");
    hostile = uid_of(ask_started(scene.harness, "b", "hostile", NULL));
    kv = uid_of(ask_started(scene.harness, "c", "kv", NULL));
    elsewhere = uid_of(ask_started(other.harness, "b", "hostile", NULL));
    cr_expect_gt(hostile, 0);
    cr_expect_gt(kv, 0);
    cr_expect_neq(hostile, kv);
    cr_expect_neq(hostile, elsewhere);
    cr_expect_neq(kv, elsewhere);
    scene_close(&scene);
    scene_close(&other);
}

Test(users, who_are_all_taken_are_given_to_no_other_module)
{
    struct harness *harness;
    char config[512], range[64];
    int uid = 1900100000 + (int)getpid(); /* no other test's */

    if (geteuid() != 0)
        cr_skip("not root");
    snprintf(range, sizeof range, "uid_range = %d-%d", uid, uid);
    snprintf(config, sizeof config,
             "[supervisor]\n%s\n" SCENE_MODULE "sandbox = %s\n", range,
             tier_name());
    harness = harness_start(config);
    ask_started(harness, "a", "hostile", NULL);
    cr_expect_neq(ask_start(harness, "b", "kv", NULL), SP_OK);
    cr_expect(harness_wait_log(harness, range, WAIT_MS));
    session_expect(harness, "a", "answer", "done");
    harness_stop(harness);
}
