/* SPDX-License-Identifier: MIT */
/* Processes, signals and users: escapes 11 to 20, 36 and 37. */
#define _GNU_SOURCE
#include "scene.h"
#include "support/asking.h"
#include "support/family.h"

TIER_SUITE(processes);

static const struct kept_off rows[] = {
    {"execute_shell", "EPERM", true, "EPERM"},
    {"execute_set_uid", "EPERM", false, NULL},
    {"fork", "EPERM", true, "EPERM"},
    {"vfork", "EPERM", true, "EPERM"},
    {"clone_parent", "EAGAIN", false, NULL},
    {"clone3", "ENOSYS", true, "ENOSYS"},
    {"kill_parent", "EPERM", true, "EPERM"},
    {"kill_all", "EPERM", true, "EPERM"},
    {"kill_group", "EPERM", true, "EPERM"},
    {"pidfd", "EPERM", true, "EPERM"},
    {"become_root", "EPERM", false, "EPERM"},
    {"regain_capabilities", "EPERM", false, "EPERM"},
    {"raise_limits", "EPERM", false, "EPERM"},
    {"become_dumpable", "EPERM", true, NULL},
    {"regain_privileges", "EPERM", false, NULL},
    {"outlive_spd", "EPERM", true, NULL},
    {"own_filter", "EPERM", true, NULL},
};

SCENE_KEPT_OFF(processes, rows)

/* ---- others ---- */

/* spd, the template and a sibling: by their numbers, whoever told them. */
enum { VICTIMS = 3 };

static void find_victims(const struct scene *scene, pid_t out[VICTIMS])
{
    struct session_facts sibling;

    cr_assert_eq(ask_info(scene->harness, "sibling", &sibling), SP_OK);
    out[0] = harness_spd(scene->harness);
    out[1] = family_template(scene->harness, "hostile");
    out[2] = sibling.pid;
    cr_assert(out[0] > 1 && out[1] > 1 && out[2] > 1);
}

static void try_on_all(const struct scene *scene, const char *attempt,
                       const char *outcomes)
{
    pid_t victims[VICTIMS];

    find_victims(scene, victims);
    for (int i = 0; i < VICTIMS; i++) {
        scene_expect_of(scene, attempt, victims[i], outcomes);
        scene_check(scene);
    }
}

static const char *const signals[] = {"signal_process", "signal_thread",
                                      "queue_signal", "signal_by_pidfd"};
enum { SIGNALS = sizeof signals / sizeof signals[0] };

/* ESRCH: in a pid namespace of their own they are not there. */
Test(processes, are_out_of_the_reach_of_signals)
{
    struct scene scene;

    scene_open(&scene, "");
    for (int i = 0; i < SIGNALS; i++)
        try_on_all(&scene, signals[i], "EPERM ESRCH");
    scene_close(&scene);
}

/* Their numbers in a pid namespace are few: all of them are tried. */
Test(processes, of_a_template_are_out_of_the_reach_of_each_other)
{
    struct scene scene;

    scene_open(&scene, "");
    for (long pid = 1; pid < 20; pid++)
        scene_expect_of(&scene, "signal_another_thread", pid, "EPERM ESRCH");
    scene_check(&scene);
    scene_close(&scene);
}

Test(processes, are_in_the_reach_of_signals_without_a_sandbox)
{
    struct scene scene;

    scene_open(&scene, "sandbox = none\n");
    for (int i = 0; i < SIGNALS; i++)
        try_on_all(&scene, signals[i], "done");
    scene_close(&scene);
}

/* ---- what kills ---- */

static const char *const intrusions[] = {"trace", "read_memory",
                                         "take_descriptor"};
enum { INTRUSIONS = sizeof intrusions / sizeof intrusions[0] };

Test(processes, that_look_into_others_are_ended)
{
    struct scene scene;
    pid_t victims[VICTIMS];

    scene_open(&scene, "");
    find_victims(&scene, victims);
    for (int i = 0; i < INTRUSIONS * VICTIMS; i++) {
        char request[64];

        snprintf(request, sizeof request, "%s %d", intrusions[i / VICTIMS],
                 (int)victims[i % VICTIMS]);
        scene_expect_killed(&scene, request);
        scene_check(&scene);
    }
    scene_close(&scene);
}

/* As much as the kernel permits: it is not the end of them, and of spd they
 * learn nothing, unless they are root's. */
Test(processes, that_look_into_others_live_without_a_sandbox)
{
    struct scene scene;
    struct session_facts sibling;

    scene_open(&scene, "sandbox = none\n");
    cr_assert_eq(ask_info(scene.harness, "sibling", &sibling), SP_OK);
    for (int i = 0; i < INTRUSIONS; i++)
        scene_expect_of(&scene, intrusions[i], sibling.pid,
                        "done EPERM ESRCH EFAULT EBADF");
    scene_check(&scene);
    scene_close(&scene);
}
