/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cgroup_paths.h"
#include "support/leaks.h"

TestSuite(cgroup_paths, .fini = leaks_check);

#define LINE(root, point)                                                      \
    "41 31 0:38 " root " " point " rw,nosuid shared:9 - cgroup2 cgroup2 rw\n"

static const char *join(const char *line, const char *own)
{
    static char out[PATH_MAX];
    struct cgroup_mount mount;

    if (!cgroup_paths_mount(line, &mount))
        return "no mount";
    return cgroup_paths_join(&mount, own, out) ? out : "not below";
}

static void expect_no_mount(const char *line)
{
    struct cgroup_mount mount;

    cr_expect_not(cgroup_paths_mount(line, &mount), "%s", line);
}

Test(cgroup_paths, are_joined_of_mount_and_own_cgroup)
{
    cr_expect_str_eq(join(LINE("/", "/sys/fs/cgroup"), "/"), "/sys/fs/cgroup");
    cr_expect_str_eq(join(LINE("/", "/sys/fs/cgroup"), "/a.slice/b.service"),
                     "/sys/fs/cgroup/a.slice/b.service");
}

Test(cgroup_paths, may_have_escaped_bytes)
{
    cr_expect_str_eq(join(LINE("/", "/a\\040b\\134c\\011"), "/x"),
                     "/a b\\c\t/x");
    cr_expect_str_eq(join(LINE("/", "/a\\9\\04"), "/x"), "/a\\9\\04/x");
}

Test(cgroup_paths, leave_out_what_of_the_hierarchy_is_not_mounted)
{
    cr_expect_str_eq(join(LINE("/box", "/c"), "/box/a"), "/c/a");
    cr_expect_str_eq(join(LINE("/box", "/c"), "/box"), "/c");
    cr_expect_str_eq(join(LINE("/box", "/c"), "/boxer/a"), "not below");
    cr_expect_str_eq(join(LINE("/box", "/c"), "/"), "not below");
}

Test(cgroup_paths, never_go_upwards)
{
    cr_expect_str_eq(join(LINE("/", "/c"), "/../a"), "not below");
    cr_expect_str_eq(join(LINE("/", "/c"), "/a/.."), "not below");
    cr_expect_str_eq(join(LINE("/..", "/c"), "/../a"), "not below");
    cr_expect_str_eq(join(LINE("/", "/c"), "/a/..b"), "/c/a/..b");
}

Test(cgroup_paths, are_those_of_v2_alone)
{
    expect_no_mount("32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw\n");
    expect_no_mount("32 31 0:29 / /sys/fs/x rw - tmpfs cgroup2 rw\n");
    expect_no_mount("32 31 0:29 / /sys/fs/x rw - cgroup2\n");
    expect_no_mount("");
    expect_no_mount(" - cgroup2 cgroup2 rw\n");
    expect_no_mount("1 - cgroup2 a b c d e f\n");
    expect_no_mount(LINE("relative", "/c"));
    expect_no_mount(LINE("/", "/a\\000b"));
}

Test(cgroup_paths, of_a_process_are_on_the_line_of_hierarchy_0)
{
    char own[PATH_MAX];

    cr_expect(cgroup_paths_own("0::/a b/c\n", own));
    cr_expect_str_eq(own, "/a b/c");
    cr_expect_not(cgroup_paths_own("4:memory:/x\n", own));
    cr_expect_not(cgroup_paths_own("10::/x\n", own));
    cr_expect_not(cgroup_paths_own("0::x\n", own));
    cr_expect_not(cgroup_paths_own("", own));
}

Test(cgroup_paths, have_at_most_path_max_bytes)
{
    static char text[2 * PATH_MAX], own[PATH_MAX], out[PATH_MAX];
    struct cgroup_mount mount = {"/", "/c"};

    strcpy(text, "0::/");
    memset(text + 4, 'x', PATH_MAX - 2);
    cr_expect(cgroup_paths_own(text, own));
    cr_expect_not(cgroup_paths_join(&mount, own, out));
    text[PATH_MAX + 2] = 'x';
    cr_expect_not(cgroup_paths_own(text, own));
    strcpy(text, "1 2 3 / /");
    memset(text + 9, 'x', PATH_MAX);
    strcpy(text + 9 + PATH_MAX, " rw - cgroup2 cgroup2 rw\n");
    expect_no_mount(text);
}

Test(cgroup_paths, list_whole_words)
{
    cr_expect(cgroup_paths_listed("cpu memory pids\n", "pids"));
    cr_expect(cgroup_paths_listed("cpu\n", "cpu"));
    cr_expect_not(cgroup_paths_listed("cpuset hugetlb\n", "cpu"));
    cr_expect_not(cgroup_paths_listed("xcpu\n", "cpu"));
    cr_expect_not(cgroup_paths_listed("\n", "cpu"));
    cr_expect_not(cgroup_paths_listed("", "cpu"));
}
