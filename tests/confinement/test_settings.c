/* SPDX-License-Identifier: MIT */
/* What a module's settings allow on top of its tier, what is shown of that, and
 * what is refused because it cannot be kept. */
#define _GNU_SOURCE
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "scene.h"
#include "support/asking.h"

TIER_SUITE(settings);

/* ---- what is shown ---- */

static void expect_shown(const char *settings, const char *begin,
                         const char *part)
{
    struct scene scene;
    struct answer answer;
    const char *text;

    scene_open(&scene, settings);
    answer = ask(scene.harness, "{\"op\":\"info\",\"id\":\"a\"}");
    text = json_string_value(json_object_get(
        json_object_get(answer.object, "session"), "sandbox"));
    cr_assert_not_null(text);
    cr_expect_eq(strncmp(text, begin, strlen(begin)), 0, "%s", text);
    cr_expect_not_null(strstr(text, part), "%s", text);
    answer_fini(&answer);
    scene_close(&scene);
}

Test(settings, in_force_are_shown_as_the_kernel_tells_them)
{
    const char *tier = tier_name();

    expect_shown("", tier, ": filters 2, no new privileges yes, uid ");
    expect_shown("", tier, ", memory 268435456, files 64, processes 0");
    expect_shown("memory = 64M\nopen_files = 40\nallow_fork = yes\n", tier,
                 "memory 67108864, files 40, processes ");
    expect_shown("max_connections = 100\n", tier, "files 116,");
    expect_shown("sandbox = none\n", "none: filters 0,", "uid ");
}

/* ---- what they allow ---- */

static void expect_with(const char *settings, const char *attempt,
                        const char *outcomes)
{
    struct scene scene;

    scene_open(&scene, settings);
    scene_expect(&scene, attempt, outcomes);
    scene_check(&scene);
    scene_close(&scene);
}

/* ENOENT: what may not be read is not even there. */
Test(settings, let_a_module_read_what_it_is_allowed_to)
{
    expect_with("allow_read = /etc/passwd\n", "open_passwd", "done");
    expect_with("allow_read = /etc/passwd\n", "open_tree", "EACCES");
    expect_with("allow_read = /usr /etc\n", "open_tree", "done");
    /* libraries, once the module is loaded */
    expect_with("allow_read = /etc/passwd\n", "open_library", "EACCES ENOENT");
    expect_with("allow_read = /etc/passwd\n", "at-load open_library", "done");
    expect_with("allow_read = /\n", "create_in_tmp", "EPERM");
}

Test(settings, let_a_module_do_what_they_allow)
{
    expect_with("allow_fork = yes\n", "fork", "done");
    expect_with("allow_fork = yes\n", "execute_shell", "EPERM");
    expect_with("allow_wx = yes\n", "map_code", "done");
    expect_with("allow_wx = yes\n", "write_then_run", "done");
    expect_with("allow_network = yes\n", "socket_inet", "done");
    expect_with("allow_network = yes\n", "socket_unix", "EPERM");
    expect_with("memory = 1G\n", "memory_bomb", "done");
}

/* ---- what is refused ---- */

Test(settings, that_cannot_be_applied_are_refused_by_name)
{
    char config[512];
    struct harness *harness;

    snprintf(config, sizeof config,
             SCENE_MODULE "sandbox = %s\nallow_read = /nonexistent\n",
             tier_name());
    harness = harness_start(config);
    ask_refused(harness, "a", "hostile", NULL, SP_ELOAD, "/nonexistent");
    ask_started(harness, "b", "kv", NULL); /* the others are none the worse */
    harness_stop(harness);
}

/* Whatever the module's section says, and no less clearly. */
Test(refusal, by_a_build_with_sanitizers_is_of_every_tier_but_none,
     .disabled = !TIER_DISABLED)
{
    static const char *const tiers[] = {"default", "strict"};

    for (size_t i = 0; i < 2; i++) {
        char config[512];
        struct harness *harness;

        snprintf(config, sizeof config, SCENE_MODULE "sandbox = %s\n",
                 tiers[i]);
        harness = harness_start(config);
        ask_refused(harness, "a", "hostile", NULL, SP_ELOAD, "sanitizers");
        ask_refused(harness, "a", "hostile", NULL, SP_ELOAD, tiers[i]);
        ask_started(harness, "b", "kv", NULL);
        harness_stop(harness);
    }
}
