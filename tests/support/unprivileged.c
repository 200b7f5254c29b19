/* SPDX-License-Identifier: MIT */
/* Each test has a process of its own, so that nothing has to be undone. */
#define _GNU_SOURCE
#include "unprivileged.h"

#include <criterion/criterion.h>
#include <grp.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "support/harness.h"

void unprivileged_become(void)
{
    enum { NOBODY = 65534 };

    if (geteuid() == 0 &&
        (setgroups(0, NULL) < 0 || setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
         setresuid(NOBODY, NOBODY, NOBODY) < 0))
        cr_skip_test("this root cannot become another user");
    prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
    if (access(harness_spd_program(), X_OK) < 0 ||
        access(harness_probe_module(), R_OK) < 0)
        cr_skip_test("only root can run what was built");
}
