/* SPDX-License-Identifier: MIT */
/* Code, and what the kernel offers to few: escapes 22, 26, 27 and 29 to 32. */
#define _GNU_SOURCE
#include "scene.h"
#include "support/asking.h"

TIER_SUITE(kernel);

static const struct kept_off rows[] = {
    {"map_code", "EPERM", true, "EPERM"},
    {"write_then_run", "EPERM", true, "EPERM"},
    {"map_file_to_run", "EPERM", true, NULL},
    {"unknown_call", "ENOSYS", false, "ENOSYS"},
};

SCENE_KEPT_OFF(kernel, rows)

static const char *const deadly[] = {
    "bpf",      "perf",   "userfault", "keys", "mount", "unshare",
    "io_uring", "handle", "x32",       "other_architecture",
};
enum { DEADLY = sizeof deadly / sizeof deadly[0] };

Test(kernel, ends_who_attacks_it)
{
    struct scene scene;

    scene_open(&scene, "");
    for (int i = 0; i < DEADLY; i++) {
        scene_expect_killed(&scene, deadly[i]);
        scene_check(&scene);
    }
    scene_close(&scene);
}

/* Whatever it answers, it ends nobody. */
Test(kernel, ends_nobody_without_a_sandbox)
{
    struct scene scene;

    scene_open(&scene, "sandbox = none\n");
    for (int i = 0; i < DEADLY; i++)
        scene_expect(&scene, deadly[i],
                     "done EPERM EFAULT EINVAL ENOSYS ENODEV EBADF EACCES");
    scene_check(&scene);
    scene_close(&scene);
}
