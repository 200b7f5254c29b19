/* SPDX-License-Identifier: MIT */
/* The whole of what is done with cgroups, against a hierarchy that is played
 * (cgroup_kernel.h): what is written where and in which order, what is read
 * back, and what is said where something is missing.  The real hierarchy is
 * integration/test_cgroup.c's. */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cgroup.h"
#include "cgroup_kernel.h"
#include "settings.h"
#include "support/leaks.h"

TestSuite(cgroup_tree, .fini = leaks_check);

#define ALL "memory pids cpu"
#define OTHER 4711 /* a pid; nobody looks whether it is there */

static const struct module_settings limited = {
    .module_memory = 1048576, .module_processes = 7, .cpu_weight = 50};
static const struct module_settings unlimited;

static void expect_described(const struct cgroup *cgroup, const char *wanted)
{
    char text[CGROUP_TEXT_SIZE];

    cgroup_describe(cgroup, text);
    cr_expect_not_null(strstr(text, wanted), "'%s' holds no '%s'", text,
                       wanted);
}

static void expect_refused(const struct cgroup *cgroup,
                           const struct module_settings *settings,
                           const char *wanted)
{
    char text[CGROUP_TEXT_SIZE] = "(nothing)";

    cr_expect_eq(cgroup_check(cgroup, settings, text), -1);
    cr_expect_not_null(strstr(text, wanted), "'%s' holds no '%s'", text,
                       wanted);
}

static void expect_accepted(const struct cgroup *cgroup,
                            const struct module_settings *settings)
{
    char text[CGROUP_TEXT_SIZE] = "(nothing)";

    cr_expect_eq(cgroup_check(cgroup, settings, text), 0, "%s", text);
}

/* With spd's own directory, and nothing more to tell of. */
static struct cgroup *open_given(void)
{
    struct cgroup *cgroup;

    kernel_begin(ALL);
    cgroup = cgroup_open(kernel_path("given"));
    cr_assert(cgroup_found(cgroup));
    kernel_expect("mkdir given/libsp-PID\n"
                  "given/cgroup.subtree_control: +memory\n"
                  "given/libsp-PID/cgroup.subtree_control: +memory\n"
                  "given/cgroup.subtree_control: +pids\n"
                  "given/libsp-PID/cgroup.subtree_control: +pids\n"
                  "given/cgroup.subtree_control: +cpu\n"
                  "given/libsp-PID/cgroup.subtree_control: +cpu\n");
    return cgroup;
}

static void close_given(struct cgroup *cgroup)
{
    cgroup_close(cgroup);
    kernel_expect("rmdir given/libsp-PID\n");
    cr_expect_not(kernel_has("given/libsp-PID"));
    kernel_end();
}

/* ---- what spd was given ---- */

Test(cgroup_tree, that_is_configured_is_prepared_from_the_top_down)
{
    struct cgroup *cgroup = open_given();
    char words[CGROUP_TEXT_SIZE];

    snprintf(words, sizeof words, "in %s, controllers " ALL,
             kernel_path("given/libsp-PID"));
    expect_described(cgroup, words);
    cr_expect(cgroup_has_controller(cgroup, "pids"));
    cr_expect_not(cgroup_has_controller(cgroup, "io"));
    cr_expect(cgroup_has_file(cgroup, "cgroup.kill"));
    cr_expect_not(cgroup_has_file(cgroup, "memory.zswap.max"));
    expect_accepted(cgroup, &limited);
    close_given(cgroup);
}

/* The kernel gives no controllers to those below a cgroup with processes. */
Test(cgroup_tree, that_holds_spd_is_made_free_of_it_until_the_end)
{
    struct cgroup *cgroup;

    kernel_begin("memory");
    kernel_put("given", getpid());
    cgroup = cgroup_open("auto");
    kernel_expect("mkdir given/libsp-PID\n"
                  "given/cgroup.subtree_control: +memory\n"
                  "mkdir given/libsp-PID/spd\n"
                  "given/libsp-PID/spd/cgroup.procs: 0\n"
                  "given/cgroup.subtree_control: +memory\n"
                  "given/libsp-PID/cgroup.subtree_control: +memory\n");
    expect_described(cgroup, "controllers memory");
    cgroup_close(cgroup);
    kernel_expect("given/libsp-PID/cgroup.subtree_control: -memory\n"
                  "given/cgroup.subtree_control: -memory\n"
                  "given/libsp-PID/cgroup.subtree_control: -pids\n"
                  "given/cgroup.subtree_control: -pids\n"
                  "given/libsp-PID/cgroup.subtree_control: -cpu\n"
                  "given/cgroup.subtree_control: -cpu\n"
                  "given/cgroup.procs: 0\n"
                  "rmdir given/libsp-PID/spd\n"
                  "rmdir given/libsp-PID\n");
    cr_expect_not(kernel_has("given/libsp-PID"));
    kernel_end();
}

Test(cgroup_tree, that_holds_others_has_no_controllers)
{
    struct cgroup *cgroup;

    kernel_begin("memory");
    kernel_put("given", OTHER);
    cgroup = cgroup_open(kernel_path("given"));
    kernel_expect("mkdir given/libsp-PID\n"
                  "given/cgroup.subtree_control: +memory\n");
    expect_described(cgroup, "controllers none; +memory: other processes");
    expect_refused(cgroup, &limited, "+memory: other processes are in it");
    expect_accepted(cgroup, &unlimited);
    cgroup_close(cgroup);
    kernel_end();
}

Test(cgroup_tree, is_swept_of_what_a_dead_spd_has_left_and_of_nothing_else)
{
    struct cgroup *cgroup;

    kernel_begin("memory");
    kernel_make("given/libsp-1");
    kernel_make("given/libsp-1/m.1");
    kernel_put("given/libsp-1/m.1", OTHER);
    kernel_make("given/other");
    cgroup = cgroup_open(kernel_path("given"));
    kernel_expect("given/libsp-1/cgroup.kill: 1\n"
                  "rmdir given/libsp-1/m.1\n"
                  "rmdir given/libsp-1\n"
                  "mkdir given/libsp-PID\n"
                  "given/cgroup.subtree_control: +memory\n"
                  "given/libsp-PID/cgroup.subtree_control: +memory\n");
    cr_expect(kernel_has("given/other"));
    cgroup_close(cgroup);
    kernel_end();
}

Test(cgroup_tree, is_only_looked_at_for_who_asks_what_there_is)
{
    struct cgroup *cgroup;

    kernel_begin("memory pids");
    kernel_make("given/libsp-1");
    cgroup = cgroup_look(kernel_path("given"));
    cr_expect(cgroup_found(cgroup));
    cr_expect(cgroup_has_controller(cgroup, "memory"));
    cr_expect_not(cgroup_has_controller(cgroup, "cpu"));
    cgroup_close(cgroup);
    kernel_expect("");
    kernel_end();
}

/* ---- what is missing ---- */

Test(cgroup_tree, without_a_controller_refuses_who_needs_it_by_name)
{
    const struct module_settings processes = {.module_processes = 7};
    const struct module_settings others = {.module_memory = 1 << 20,
                                           .cpu_weight = 50};
    struct cgroup *cgroup;
    char words[CGROUP_TEXT_SIZE];

    kernel_begin("memory cpu");
    cgroup = cgroup_open(kernel_path("given"));
    kernel_expect("mkdir given/libsp-PID\n"
                  "given/cgroup.subtree_control: +memory\n"
                  "given/libsp-PID/cgroup.subtree_control: +memory\n"
                  "given/cgroup.subtree_control: +cpu\n"
                  "given/libsp-PID/cgroup.subtree_control: +cpu\n");
    snprintf(words, sizeof words,
             "module_processes: cgroup v2: no pids controller in %s",
             kernel_path("given"));
    expect_refused(cgroup, &processes, words);
    expect_refused(cgroup, &limited, words);
    expect_accepted(cgroup, &others);
    cgroup_close(cgroup);
    kernel_end();
}

Test(cgroup_tree, says_which_controller_the_kernel_refuses_and_why)
{
    struct cgroup *cgroup;

    kernel_begin("cpu");
    kernel_refuse("cgroup.subtree_control", EPERM);
    cgroup = cgroup_open(kernel_path("given"));
    expect_described(cgroup, "controllers none; +cpu: Operation not permitted");
    cgroup_close(cgroup);
    kernel_end();
}

/* Then nothing is written anywhere, and modules without limits do without. */
static void expect_none(const char *setting, const char *why)
{
    struct cgroup *cgroup = cgroup_open(setting);
    char words[CGROUP_TEXT_SIZE];

    cr_expect_not(cgroup_found(cgroup));
    snprintf(words, sizeof words, "not used: %s", why);
    expect_described(cgroup, words);
    snprintf(words, sizeof words, "module_memory: cgroup v2: %s", why);
    expect_refused(cgroup, &limited, words);
    expect_accepted(cgroup, &unlimited);
    cr_expect_not(cgroup_has_file(cgroup, "cgroup.kill"));
    errno = 0;
    cr_expect_null(cgroup_leaf_create(cgroup, "m", &unlimited));
    cr_expect_eq(errno, ENOTSUP);
    cgroup_close(cgroup);
    kernel_expect("");
    kernel_end();
}

/* A path behind which these words stand. */
static const char *said(const char *cgroup, const char *words)
{
    static char text[CGROUP_TEXT_SIZE];

    snprintf(text, sizeof text, "%.300s: %s", kernel_path(cgroup), words);
    return text;
}

Test(cgroup_tree, that_is_off_is_not_used)
{
    kernel_begin(ALL);
    expect_none("off", "cgroup = off");
}

Test(cgroup_tree, that_is_not_there_is_not_used)
{
    kernel_begin(ALL);
    expect_none(kernel_path("none"), said("none", "No such file"));
}

Test(cgroup_tree, that_is_of_v1_is_not_used)
{
    kernel_begin(ALL);
    kernel.v2 = false;
    expect_none(kernel_path("given"), said("given", "not a cgroup of v2"));
}

Test(cgroup_tree, that_may_not_be_written_to_is_not_used)
{
    kernel_begin(ALL);
    kernel.writable = false;
    expect_none(kernel_path("given"),
                said("given", "not delegated: Permission denied"));
}

Test(cgroup_tree, that_is_not_mounted_is_not_found)
{
    kernel_begin(ALL);
    kernel.mounted = false;
    expect_none("auto", "cgroup v2 is not mounted");
}

Test(cgroup_tree, in_whose_root_spd_is_is_nobody_s_to_give)
{
    kernel_begin(ALL);
    kernel_put("", getpid());
    expect_none("auto", said("", "spd is in the root of the hierarchy"));
}

Test(cgroup_tree, that_is_not_marked_is_not_root_s)
{
    kernel_begin(ALL);
    kernel_put("given", getpid());
    kernel.root = true;
    expect_none("auto", said("given", "not delegated (Delegate=yes)"));
}

Test(cgroup_tree, that_is_marked_is_root_s)
{
    struct cgroup *cgroup;

    kernel_begin("pids");
    kernel_put("given", getpid());
    kernel.root = kernel.delegated = true;
    cgroup = cgroup_open("auto");
    cr_expect(cgroup_found(cgroup));
    cr_expect(cgroup_has_controller(cgroup, "pids"));
    cgroup_close(cgroup);
    kernel_end();
}

/* ---- those of modules and templates ---- */

#define MODULE "given/libsp-PID/m.1"

Test(cgroup_tree, of_a_module_has_its_limits_before_there_is_one_below)
{
    struct cgroup *cgroup = open_given();
    struct cgroup_leaf *module = cgroup_leaf_create(cgroup, "m", &limited);
    struct cgroup_leaf *template = cgroup_leaf_below(module);

    cr_assert_not_null(template);
    kernel_expect("mkdir " MODULE "\n" MODULE "/memory.max: 1048576\n"
                  MODULE "/pids.max: 7\n" MODULE "/cpu.weight: 50\n"
                  "mkdir " MODULE "/2\n");
    cr_expect_str_eq(kernel_text(MODULE, "memory.max"), "1048576");
    cr_expect_str_eq(kernel_text(MODULE "/2", "memory.max"), "(none)");
    cgroup_leaf_destroy(template);
    cgroup_leaf_destroy(module);
    kernel_expect("rmdir " MODULE "/2\nrmdir " MODULE "\n");
    close_given(cgroup);
}

Test(cgroup_tree, of_a_module_has_no_limit_that_is_not_set)
{
    struct cgroup *cgroup = open_given();
    struct cgroup_leaf *module = cgroup_leaf_create(cgroup, "m", &unlimited);

    kernel_expect("mkdir " MODULE "\n");
    cr_expect_str_eq(kernel_text(MODULE, "pids.max"), "max");
    cgroup_leaf_destroy(module);
    kernel_expect("rmdir " MODULE "\n");
    close_given(cgroup);
}

Test(cgroup_tree, of_a_module_whose_limit_is_refused_is_no_more)
{
    struct cgroup *cgroup = open_given();

    kernel_refuse("pids.max", ERANGE);
    cr_expect_null(cgroup_leaf_create(cgroup, "m", &limited));
    cr_expect_eq(errno, ERANGE);
    kernel_expect("mkdir " MODULE "\n" MODULE "/memory.max: 1048576\n"
                  MODULE "/pids.max: 7\nrmdir " MODULE "\n");
    close_given(cgroup);
}

Test(cgroup_tree, numbers_them_and_never_makes_one_twice)
{
    struct cgroup *cgroup = open_given();

    for (int i = 0; i < 2; i++)
        cgroup_leaf_destroy(cgroup_leaf_create(cgroup, "m", &unlimited));
    kernel_expect("mkdir given/libsp-PID/m.1\nrmdir given/libsp-PID/m.1\n"
                  "mkdir given/libsp-PID/m.2\nrmdir given/libsp-PID/m.2\n");
    close_given(cgroup);
}

Test(cgroup_tree, takes_a_process_and_kills_it_when_it_is_to_go)
{
    struct cgroup *cgroup = open_given();
    struct cgroup_leaf *module = cgroup_leaf_create(cgroup, "m", &unlimited);

    kernel_expect("mkdir " MODULE "\n");
    cr_expect_eq(cgroup_leaf_enter(module, OTHER), 0);
    kernel_expect(MODULE "/cgroup.procs: 4711\n");
    cr_expect_str_eq(kernel_text(MODULE, "cgroup.procs"), "4711");
    cgroup_leaf_destroy(module);
    kernel_expect("rmdir " MODULE "\n" MODULE "/cgroup.kill: 1\n"
                  "rmdir " MODULE "\n");
    close_given(cgroup);
}

/* 0 would be spd itself. */
Test(cgroup_tree, takes_nothing_that_is_no_process_of_a_module)
{
    struct cgroup *cgroup = open_given();
    struct cgroup_leaf *module = cgroup_leaf_create(cgroup, "m", &unlimited);

    kernel_expect("mkdir " MODULE "\n");
    for (pid_t pid = -1; pid <= 1; pid++) {
        errno = 0;
        cr_expect_eq(cgroup_leaf_enter(module, pid), -1);
        cr_expect_eq(errno, EINVAL);
    }
    kernel_expect("");
    cgroup_leaf_destroy(module);
    kernel_expect("rmdir " MODULE "\n");
    close_given(cgroup);
}

Test(cgroup_tree, without_which_there_is_none_below_is_no_failure)
{
    cr_expect_null(cgroup_leaf_below(NULL));
    cr_expect_eq(cgroup_leaf_enter(NULL, OTHER), 0);
    cgroup_leaf_destroy(NULL);
    cgroup_close(NULL);
}

/* Its process had not yet ended when its module was done with it. */
Test(cgroup_tree, that_was_busy_goes_at_the_end)
{
    struct cgroup *cgroup = open_given();
    struct cgroup_leaf *module = cgroup_leaf_create(cgroup, "m", &unlimited);

    kernel_put(MODULE, OTHER);
    kernel_refuse("cgroup.kill", ENOENT); /* before Linux 5.14 */
    cgroup_leaf_destroy(module);
    kernel_expect("mkdir " MODULE "\nrmdir " MODULE "\n"
                  MODULE "/cgroup.kill: 1\nrmdir " MODULE "\n");
    cr_expect(kernel_has(MODULE));
    kernel_put("elsewhere", OTHER);
    cgroup_close(cgroup);
    kernel_expect("rmdir " MODULE "\nrmdir given/libsp-PID\n");
    cr_expect_not(kernel_has("given/libsp-PID"));
    kernel_end();
}

/* ---- what is read back ---- */

static void expect_limits(pid_t pid, const char *wanted)
{
    char text[128] = "(untouched)";

    cgroup_limits_text(pid, text, sizeof text);
    cr_expect_str_eq(text, wanted);
}

Test(cgroup_tree, tells_the_limits_in_force_as_the_kernel_has_them)
{
    const struct module_settings some = {.module_memory = 1000,
                                         .cpu_weight = 50};
    struct cgroup *cgroup = open_given();
    struct cgroup_leaf *module = cgroup_leaf_create(cgroup, "m", &some);
    struct cgroup_leaf *template = cgroup_leaf_below(module);

    cr_expect_eq(cgroup_leaf_enter(template, OTHER), 0);
    expect_limits(OTHER, ", memory.max 1000, pids.max max, cpu.weight 50");
    kernel_make("elsewhere/deep"); /* with limits above, but not of an spd */
    kernel_put("elsewhere/deep", getpid());
    expect_limits(getpid(), "");
    cgroup_leaf_destroy(template);
    cgroup_leaf_destroy(module);
    cgroup_close(cgroup);
    kernel_end();
}
