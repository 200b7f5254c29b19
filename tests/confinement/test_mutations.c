/* SPDX-License-Identifier: MIT */
/* The suite against itself: sp-worker is run without one layer after the other
 * (worker/sandbox/layers.h).  Each time something succeeds that must not, or
 * the layer's mark is missing, so that each layer is one that a test would
 * miss; and what several layers keep off still fails. */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "scene.h"
#include "support/asking.h"
#include "support/family.h"
#include "support/raw_peer.h"

TIER_SUITE(mutations);

/* A session is under attack: "a", beside a sibling. */
static void open_as(void (*open)(struct scene *out_scene,
                                 const char *supervisor, const char *settings),
                    struct scene *scene, const char *layer, const char *tier,
                    const char *settings)
{
    char worker[512], all[256];

    snprintf(worker, sizeof worker, "worker = " SP_TEST_WITHOUT "%s\n", layer);
    snprintf(all, sizeof all, "sandbox = %s\n%s", tier, settings);
    open(scene, worker, all);
}

static void open_without(struct scene *scene, const char *layer,
                         const char *tier, const char *settings)
{
    open_as(scene_open_with, scene, layer, tier, settings);
}

/* ---- attacks ---- */

static const struct mutation {
    const char *layer, *tier, *settings;
    const char *gets; /* what succeeds without it */
    const char *keeps, *outcomes; /* what still does not */
} mutations[] = {
    {"SECCOMP", "default", "", "socket_inet", "open_passwd", "EACCES"},
    {"SECCOMP", "default", "", "map_code", "fork", "EAGAIN"},
    {"SECCOMP", "default", "", "pidfd", "kill_parent", "EPERM"},
    {"SECCOMP", "strict", "", "socket_inet", "open_passwd", "ENOENT EACCES"},
    {"LANDLOCK", "default", "allow_read = /etc/hostname\n", "open_passwd",
     "create_in_tmp", "EPERM"},
    {"LANDLOCK", "strict", "allow_read = /etc/hostname\n", "open_tree",
     "open_passwd", "ENOENT"},
    {"LIMITS", "default", "", "memory_bomb", "descriptor_bomb", "EMFILE"},
    {"LIMITS", "strict", "", "heap_bomb", "descriptor_bomb", "EMFILE"},
    {"SESSION_LIMITS", "default", "", "clone_parent", "fork", "EPERM"},
};
#define MUTATIONS (sizeof mutations / sizeof mutations[0])

static void expect_kept(const struct mutation *mutation)
{
    struct scene scene;

    open_without(&scene, mutation->layer, mutation->tier, mutation->settings);
    scene_expect(&scene, mutation->keeps, mutation->outcomes);
    scene_close(&scene);
}

/* Afterwards "a" may be ended: it has done what it must not. */
static void expect_got(const struct mutation *mutation)
{
    struct scene scene;

    open_without(&scene, mutation->layer, mutation->tier, mutation->settings);
    scene_expect(&scene, mutation->gets, "done");
    session_expect(scene.harness, "sibling", "answer", "done");
    scene_close(&scene);
}

Test(mutations, let_something_succeed_that_must_not)
{
    for (size_t i = 0; i < MUTATIONS; i++)
        expect_got(&mutations[i]);
}

Test(mutations, are_not_enough_where_several_layers_stand)
{
    for (size_t i = 0; i < MUTATIONS; i++)
        expect_kept(&mutations[i]);
}

/* ---- programs ---- */

static const struct mutation programs[] = {
    {"SECCOMP", "default", "", "socket_inet", "open_passwd", "EACCES"},
    {"SECCOMP", "strict", "", "fork", "open_passwd", "ENOENT EACCES"},
    {"LANDLOCK", "default", "", "open_passwd", "create_in_tmp", "EPERM"},
    {"ROOT", "strict", "", "stat_passwd", "open_passwd", "EACCES"},
    {"LIMITS", "default", "", "memory_bomb", "socket_inet", "EPERM"},
};
#define PROGRAMS (sizeof programs / sizeof programs[0])

Test(mutations, let_programs_do_what_they_must_not)
{
    for (size_t i = 0; i < PROGRAMS; i++) {
        const struct mutation *mutation = &programs[i];
        struct scene scene;

        open_as(scene_open_program_with, &scene, mutation->layer,
                mutation->tier, mutation->settings);
        scene_expect(&scene, mutation->keeps, mutation->outcomes);
        scene_expect(&scene, mutation->gets, "done");
        scene_close(&scene);
    }
}

static void read_user(pid_t pid, char out[64])
{
    char path[64];
    ssize_t size;

    snprintf(path, sizeof path, "/proc/%d/ns/user", (int)pid);
    size = readlink(path, out, 63);
    cr_assert_gt(size, 0);
    out[size] = '\0';
}

/* Its threads are counted in a namespace of its own, or in its template's. */
static void expect_own_user(const char *layer, bool own)
{
    struct session_facts facts;
    char its[64], runtime[64];
    struct scene scene;

    open_as(scene_open_program_with, &scene, layer, "strict", "");
    cr_assert_eq(ask_info(scene.harness, "a", &facts), SP_OK);
    read_user(facts.pid, runtime);
    read_user(family_child(facts.pid), its);
    cr_expect_eq(strcmp(its, runtime) != 0, own, "without %s", layer);
    scene_close(&scene);
}

Test(mutations, of_a_program_s_user_namespace_are_seen)
{
    expect_own_user("PROGRAM_USER", false);
    expect_own_user("UTS", true);
}

/* ---- siblings ---- */

/* By one of the first numbers of a pid namespace, or by the one that spd
 * knows. */
static bool reaches_sibling(const struct scene *scene, pid_t sibling)
{
    char request[64];
    bool reached;
    char *answer;

    snprintf(request, sizeof request, "signal_another_thread %d", (int)sibling);
    answer = session_call(scene->harness, "a", request);
    reached = strcmp(answer, "done") == 0;
    free(answer);
    return reached;
}

static void expect_siblings_apart(const char *layer, const char *tier,
                                  bool apart)
{
    struct session_facts sibling;
    struct scene scene;
    bool reached;

    open_without(&scene, layer, tier, "");
    cr_assert_eq(ask_info(scene.harness, "sibling", &sibling), SP_OK);
    reached = reaches_sibling(&scene, sibling.pid);
    for (pid_t pid = 2; pid < 10 && !reached; pid++)
        reached = reaches_sibling(&scene, pid);
    cr_expect_eq(reached, !apart, "%s without %s", tier, layer);
    scene_close(&scene);
}

Test(mutations, of_the_session_s_scope_let_siblings_meet)
{
    expect_siblings_apart("SCOPE", "default", false);
    expect_siblings_apart("SCOPE", "strict", false);
    expect_siblings_apart("LANDLOCK", "default", true);
    expect_siblings_apart("PID", "strict", true);
}

/* ---- what leaves no more than a mark ---- */

static void expect_mark(const char *layer, const char *tier, const char *mark,
                        bool there)
{
    struct scene scene;
    struct answer answer;
    const char *text;

    open_without(&scene, layer, tier, "");
    answer = ask(scene.harness, "{\"op\":\"info\",\"id\":\"a\"}");
    text = json_string_value(json_object_get(
        json_object_get(answer.object, "session"), "sandbox"));
    cr_assert_not_null(text);
    cr_expect_eq(strstr(text, mark) != NULL, there, "without %s: %s", layer,
                 text);
    answer_fini(&answer);
    scene_expect(&scene, "open_passwd", "EPERM");
    scene_expect(&scene, "socket_inet", "EPERM");
    scene_close(&scene);
}

Test(mutations, of_namespaces_are_seen)
{
    static const char *const kinds[][2] = {{"IPC", " ipc"},
                                           {"UTS", " uts"},
                                           {"CGROUP", " cgroup"},
                                           {"NET", " net"},
                                           {"PID", " pid"}};

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        expect_mark(kinds[i][0], "strict", kinds[i][1], false);
        expect_mark("UTS", "strict", kinds[i][1], i != 1); /* the others are */
    }
}

Test(mutations, of_the_user_are_seen)
{
    if (geteuid() != 0)
        cr_skip("not root: a module has no user of its own");
    expect_mark("UID", "default", "uid 0,", true);
    expect_mark("LIMITS", "default", "uid 0,", false);
}

/* Debian has it among the libraries. */
#define LIBRARY "/usr/lib/os-release"

static void expect_in_root(const char *layer, const char *path, bool there)
{
    char full[RUNDIR_PATH_SIZE + 64];
    struct session_facts facts;
    struct scene scene;

    open_without(&scene, layer, "strict", "");
    cr_assert_eq(ask_info(scene.harness, "a", &facts), SP_OK);
    snprintf(full, sizeof full, "/proc/%d/root%s", (int)facts.pid, path);
    cr_expect_eq(access(full, F_OK) == 0, there, "%s without %s", path, layer);
    scene_expect(&scene, "open_passwd", "EPERM");
    scene_expect(&scene, "open_library", "EPERM");
    scene_close(&scene);
}

Test(mutations, of_the_root_are_seen)
{
    expect_in_root("ROOT", "/etc/passwd", true);
    expect_in_root("EMPTY_ROOT", "/etc/passwd", false);
    expect_in_root("EMPTY_ROOT", LIBRARY, true);
    expect_in_root("IPC", LIBRARY, false); /* it is there for loading alone */
}
