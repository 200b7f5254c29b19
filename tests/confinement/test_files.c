/* SPDX-License-Identifier: MIT */
/* Files: escapes 1 to 5, 28 and, since they are files too, terminals. */
#define _GNU_SOURCE
#include <stdio.h>
#include <unistd.h>

#include "scene.h"
#include "support/asking.h"
#include "support/raw_peer.h"

TIER_SUITE(files);

static const struct kept_off rows[] = {
    {"open_passwd", "EPERM", true, "EACCES ENOENT"},
    {"open_own_memory", "EPERM", true, "EPERM"},
    /* spd keeps it from its own user, sandbox or not */
    {"open_environment_of_spd", "EPERM", false, "EACCES ENOENT"},
    {"open_tree", "EPERM", true, "EACCES ENOENT"},
    {"open_path_only", "EPERM", true, NULL},
    {"create_in_tmp", "EPERM", true, "EPERM"},
    {"stat_passwd", "EPERM", true, NULL},
    {"symlink", "EPERM", true, "EPERM"},
    {"hard_link", "EPERM", false, "EPERM"},
    {"fifo", "EPERM", true, "EPERM"},
    {"memory_file", "EPERM", true, "EPERM"},
    {"execute_descriptor", "EPERM", false, "EPERM"},
    {"ioctl_push_input", "EPERM", false, "EPERM"},
    {"ioctl_push_input_high_bits", "EPERM", false, "EPERM"},
    {"ioctl_linux_console", "EPERM", false, "EPERM"},
};

SCENE_KEPT_OFF(files, rows)

Test(files, of_another_session_are_not_removed)
{
    struct scene scene;
    char path[RUNDIR_PATH_SIZE], request[RUNDIR_PATH_SIZE + 16];

    scene_open(&scene, "");
    harness_session_path(scene.harness, "sibling", path);
    snprintf(request, sizeof request, "unlink %s", path);
    scene_expect(&scene, request, "EPERM");
    cr_expect_eq(access(path, F_OK), 0);
    scene_check(&scene);
    scene_close(&scene);
}

/* The same, where it harms nobody. */
Test(files, of_a_session_s_own_user_can_be_removed_without_a_sandbox)
{
    struct scene scene;
    char path[RUNDIR_PATH_SIZE], request[RUNDIR_PATH_SIZE + 16];
    FILE *file;

    scene_open(&scene, "sandbox = none\n");
    snprintf(path, sizeof path, "%s/victim", harness_dir(scene.harness));
    file = fopen(path, "we");
    cr_assert_not_null(file);
    fclose(file);
    snprintf(request, sizeof request, "unlink %s", path);
    scene_expect(&scene, request, "done");
    cr_expect_neq(access(path, F_OK), 0);
    scene_close(&scene);
}

/* Escape 5, and its twin is that it had one. */
Test(files, have_no_secrets_in_the_environment)
{
    struct scene scene;

    scene_open(&scene, "");
    scene_expect(&scene, "environment", "ENOENT");
    scene_expect(&scene, "at-load environment", "ENOENT");
    scene_close(&scene);
}
