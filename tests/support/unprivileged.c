/* SPDX-License-Identifier: MIT */
/* Each test has a process of its own, so that nothing has to be undone. */
#define _GNU_SOURCE
#include "unprivileged.h"

#include <criterion/criterion.h>
#include <grp.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "support/harness.h"
#include "support/program.h"

void unprivileged_become(void)
{
    enum { ID = UNPRIVILEGED_ID };

    if (geteuid() == 0 &&
        (setgroups(0, NULL) < 0 || setresgid(ID, ID, ID) < 0 ||
         setresuid(ID, ID, ID) < 0))
        cr_skip_test("this root cannot become another user");
    prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
    if (access(harness_spd_program(), X_OK) < 0 ||
        access(harness_probe_module(), R_OK) < 0)
        cr_skip_test("only root can run what was built");
}

/* What was built lies as it is installed. */
static void copy_programs(const char *dir)
{
    static const char script[] =
        "cd \"${1%/bin/spd}\" && cp -r --parents bin/spd \"$2\" \"$4\" &&"
        " cp \"$3\" \"$4/probe.so\"";
    struct program copy;

    cr_assert_eq(PROGRAM_RUN(&copy, "sh", "-c", script, "sh",
                             harness_spd_program(), SP_TEST_PRIVATE_DIR,
                             harness_probe_module(), dir),
                 0, "%s", program_err(&copy));
    program_fini(&copy);
}

void unprivileged_own_programs(const char *dir)
{
    char path[PATH_MAX];

    copy_programs(dir);
    snprintf(path, sizeof path, "%s/bin/spd", dir);
    cr_assert_eq(setenv("SP_TEST_SPD", path, 1), 0);
    snprintf(path, sizeof path, "%s/probe.so", dir);
    cr_assert_eq(setenv("SP_TEST_PROBE", path, 1), 0);
}
