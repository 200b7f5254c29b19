/* SPDX-License-Identifier: MIT */
/* base/fdkeep: all descriptors are closed but those of a list. */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fdkeep.h"

TestSuite(fdkeep);

/* In a child: what it keeps is all that is open up to 100. */
static void expect_kept(int *fds, size_t count)
{
    int status;
    pid_t child = fork();

    if (child == 0) {
        int open = 0;

        if (fdkeep(fds, count) < 0)
            _exit(1);
        for (int fd = 0; fd < 100; fd++)
            open += fcntl(fd, F_GETFD) >= 0;
        for (size_t i = 0; i < count; i++)
            if (fcntl(fds[i], F_GETFD) < 0)
                _exit(2);
        _exit(open == (int)count ? 0 : 3);
    }
    cr_assert_gt(child, 0);
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_expect_eq(status, 0, "%d", WEXITSTATUS(status));
}

Test(fdkeep, closes_all_but_these_in_whatever_order_they_come)
{
    int a = fcntl(STDERR_FILENO, F_DUPFD, 20);
    int b = fcntl(STDERR_FILENO, F_DUPFD, 21);
    int c = fcntl(STDERR_FILENO, F_DUPFD, 50);

    expect_kept((int[]){c, a, b}, 3);
    expect_kept((int[]){b, 2, 0, 1, c}, 5);
    expect_kept((int[]){1}, 1);
    expect_kept(NULL, 0);
    close(a);
    close(b);
    close(c);
}
