/* SPDX-License-Identifier: MIT */
/* worker/program/interpreter: which files are run when a script is. */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "program/interpreter.h"
#include "support/leaks.h"
#include "support/leftovers.h"

static char dir[LEFTOVERS_DIRECTORY_SIZE];
static struct interpreter_files found;
static char why[256];

static void set_up(void)
{
    leftovers_directory(dir);
    why[0] = '\0';
}

static void tear_down(void)
{
    leftovers_remove(dir);
    leaks_check();
}

TestSuite(interpreter, .init = set_up, .fini = tear_down);

/* A file of this text, in which @ stands for the directory; what is found. */
static int find(const char *name, const char *text)
{
    char path[64];
    FILE *file;

    snprintf(path, sizeof path, "%s/%s", dir, name);
    file = fopen(path, "we");
    cr_assert_not_null(file);
    for (; *text; text++)
        if (*text == '@')
            fputs(dir, file);
        else
            fputc(*text, file);
    fclose(file);
    cr_assert_eq(chmod(path, 0755), 0);
    return interpreter_find(path, &found, why, sizeof why);
}

static void expect_next(size_t index, const char *path)
{
    cr_assert_not_null(found.files[index]);
    cr_expect_str_eq(found.files[index], path);
    cr_expect_null(found.files[index + 1]);
}

Test(interpreter, of_a_program_is_none)
{
    cr_assert_eq(find("a", "\177ELF"), 0);
    cr_expect_null(found.files[1]);
    cr_assert_eq(find("b", ""), 0);
    cr_expect_null(found.files[1]);
    cr_assert_eq(interpreter_find("/no/such/file", &found, why, sizeof why),
                 0);
    cr_expect_str_eq(found.files[0], "/no/such/file");
    cr_expect_null(found.files[1]);
}

Test(interpreter, of_a_script_is_in_its_first_line)
{
    static const char *const lines[] = {"#!/bin/sh\n", "#! \t/bin/sh\n",
                                        "#!/bin/sh -e -u\nrest\n",
                                        "#!/bin/sh", "#!/bin/sh \n/bin/cat\n"};

    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        cr_assert_eq(find("a", lines[i]), 0, "%s", why);
        expect_next(1, "/bin/sh");
    }
}

Test(interpreter, of_a_script_may_be_a_script)
{
    char path[64];

    cr_assert_eq(find("a", "#!/bin/sh\n"), 0);
    cr_assert_eq(find("b", "#!@/a\n"), 0, "%s", why);
    snprintf(path, sizeof path, "%s/a", dir);
    cr_assert_not_null(found.files[1]);
    cr_expect_str_eq(found.files[1], path);
    expect_next(2, "/bin/sh");
}

Test(interpreter, by_env_is_looked_up)
{
    static const char *const lines[] = {
        "#!/usr/bin/env sh\n", "#!/usr/bin/env -S sh -e\n",
        "#!/usr/bin/env -S A=b C=d sh\n"};

    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        cr_assert_eq(find("a", lines[i]), 0, "%s", why);
        cr_expect_str_eq(found.files[1], "/usr/bin/env");
        cr_assert_not_null(found.files[2]);
        cr_expect_not_null(strstr(found.files[2], "/bin/sh"), "%s",
                           found.files[2]);
    }
    cr_assert_eq(find("a", "#!/usr/bin/env /bin/cat\n"), 0);
    expect_next(2, "/bin/cat");
}

Test(interpreter, that_is_not_there_is_named)
{
    cr_expect_eq(find("a", "#!/no/such/shell -e\n"), -1);
    cr_expect_not_null(strstr(why, "/no/such/shell: No such file"), "%s", why);
    cr_expect_eq(find("a", "#!/usr/bin/env no-such-shell\n"), -1);
    cr_expect_not_null(strstr(why, "no-such-shell: not found in"), "%s", why);
    cr_expect_eq(find("a", "#!/usr/bin/env\n"), -1);
    cr_expect_eq(find("a", "#!/usr/bin/env a/b\n"), -1);
    cr_expect_eq(find("a", "#!\n"), -1);
}

/* The kernel gives up, too. */
Test(interpreter, that_leads_back_comes_to_an_end)
{
    cr_assert_eq(find("a", "#!@/a\n"), 0);
    cr_expect_not_null(found.files[INTERPRETER_FILES - 1]);
    cr_expect_null(found.files[INTERPRETER_FILES]);
}
