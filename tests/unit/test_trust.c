/* SPDX-License-Identifier: MIT */
/* supervisor/trust: whose programs and modules are run. */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/leaks.h"
#include "support/leftovers.h"
#include "trust.h"

static char dir[LEFTOVERS_DIRECTORY_SIZE];
static char file[64];

static void make_file(void)
{
    int fd;

    leftovers_directory(dir);
    snprintf(file, sizeof file, "%s/module.so", dir);
    fd = open(file, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    cr_assert_geq(fd, 0);
    close(fd);
}

static void remove_file(void)
{
    leftovers_remove(dir);
    leaks_check();
}

TestSuite(trust, .init = make_file, .fini = remove_file);

/* "": it is trusted. */
static void expect(const char *path, const char *wrong)
{
    char text[256] = "";
    int result = trust_check(path, text, sizeof text);

    cr_expect_eq(result, *wrong ? -1 : 0, "%s: %s", path, text);
    cr_expect_not_null(strstr(text, wrong), "%s: %s", path, text);
}

static void expect_mode(const char *path, mode_t mode, const char *wrong)
{
    cr_assert_eq(chmod(path, mode), 0);
    expect(file, wrong);
}

Test(trust, is_for_files_that_nobody_else_may_write_to)
{
    expect_mode(file, 0755, "");
    expect_mode(file, 0400, "");
    expect_mode(file, 0757, "everybody may write to it (mode 0757)");
    expect_mode(file, 0775, geteuid() == 0 ? "its group may write" : "");
}

Test(trust, is_for_folders_in_which_nobody_else_may_replace_them)
{
    expect_mode(dir, 0755, "");
    expect_mode(dir, 0777, "everybody may write to it (mode 0777)");
    expect_mode(dir, 01777, "");
}

Test(trust, looks_behind_links)
{
    char link[64];

    snprintf(link, sizeof link, "%s/link", dir);
    cr_assert_eq(symlink("module.so", link), 0);
    expect(link, "");
    cr_assert_eq(chmod(file, 0666), 0);
    expect(link, "module.so: everybody");
}

Test(trust, names_what_is_not_there)
{
    expect("/nonexistent/module.so", "/nonexistent/module.so: No such file");
}

Test(trust, is_not_for_what_is_somebody_else_s)
{
    if (geteuid() != 0)
        cr_skip("not root: files cannot be given away");
    cr_assert_eq(chown(file, 12345, 12345), 0);
    expect(file, "belongs to user 12345");
    cr_assert_eq(chown(file, 0, 0), 0);
    cr_assert_eq(chown(dir, 12345, 12345), 0);
    expect(file, "belongs to user 12345");
}
