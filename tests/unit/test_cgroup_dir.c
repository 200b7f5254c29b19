/* SPDX-License-Identifier: MIT */
/* Against plain directories and files: what only the kernel does is in
 * integration/test_cgroup.c. */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cgroup_dir.h"
#include "support/leaks.h"
#include "support/leftovers.h"

TestSuite(cgroup_dir, .fini = leaks_check);

#define PATH_SIZE 96

static const char *below(const char *top, const char *name)
{
    static char path[4][PATH_SIZE];
    static unsigned turn;
    char *out = path[turn++ % 4];

    snprintf(out, PATH_SIZE, "%s/%s", top, name);
    return out;
}

static void make(const char *top, const char *name)
{
    cr_assert_eq(mkdir(below(top, name), 0700), 0);
}

static void make_file(const char *top, const char *name)
{
    int fd = open(below(top, name), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

    cr_assert_geq(fd, 0);
    close(fd);
}

static bool is_there(const char *top, const char *name)
{
    return access(below(top, name), F_OK) == 0;
}

Test(cgroup_dir, writes_and_reads_files_that_are_there)
{
    char top[LEFTOVERS_DIRECTORY_SIZE], text[4];

    leftovers_directory(top);
    cr_expect_eq(cgroup_dir_write(top, "pids.max", "12"), -1);
    cr_expect_eq(errno, ENOENT);
    make_file(top, "pids.max");
    cr_expect_eq(cgroup_dir_write(top, "pids.max", "12345"), 0);
    cr_expect_eq(cgroup_dir_read(top, "pids.max", text, sizeof text), 0);
    cr_expect_str_eq(text, "123", "a longer one is cut");
    cr_expect_eq(cgroup_dir_read(top, "none", text, sizeof text), -1);
    cr_expect_str_eq(text, "");
    leftovers_remove(top);
}

Test(cgroup_dir, is_not_written_through_a_link)
{
    char top[LEFTOVERS_DIRECTORY_SIZE];

    leftovers_directory(top);
    make_file(top, "file");
    cr_assert_eq(symlink(below(top, "file"), below(top, "link")), 0);
    cr_expect_eq(cgroup_dir_write(top, "link", "1"), -1);
    cr_expect_eq(errno, ELOOP);
    leftovers_remove(top);
}

Test(cgroup_dir, has_one_holder_at_a_time)
{
    char top[LEFTOVERS_DIRECTORY_SIZE];
    int lock;

    leftovers_directory(top);
    lock = cgroup_dir_lock(top);
    cr_assert_geq(lock, 0);
    cr_expect_eq(cgroup_dir_lock(top), -1);
    cr_expect_eq(errno, EWOULDBLOCK);
    close(lock);
    lock = cgroup_dir_lock(top);
    cr_expect_geq(lock, 0);
    close(lock);
    leftovers_remove(top);
}

Test(cgroup_dir, is_removed_with_what_is_below)
{
    char top[LEFTOVERS_DIRECTORY_SIZE];

    leftovers_directory(top);
    make(top, "a");
    make(top, "a/b.1");
    make(top, "a/b.1/2");
    cr_expect_eq(cgroup_dir_remove(below(top, "a"), 0), 0);
    cr_expect_not(is_there(top, "a"));
    cr_expect_eq(cgroup_dir_remove(below(top, "a"), 0), 0, "a second time");
    leftovers_remove(top);
}

Test(cgroup_dir, is_swept_of_what_nobody_holds)
{
    char top[LEFTOVERS_DIRECTORY_SIZE];
    int lock;

    leftovers_directory(top);
    make(top, "libsp-1");
    make(top, "libsp-1/m.1");
    make(top, "libsp-2");
    make(top, "libsp-");
    make(top, "libsp-3x");
    make(top, "other");
    lock = cgroup_dir_lock(below(top, "libsp-2"));
    cgroup_dir_sweep(top);
    cr_expect_not(is_there(top, "libsp-1"));
    cr_expect(is_there(top, "libsp-2"), "its spd lives");
    cr_expect(is_there(top, "libsp-"));
    cr_expect(is_there(top, "libsp-3x"));
    cr_expect(is_there(top, "other"));
    close(lock);
    leftovers_remove(top);
}
