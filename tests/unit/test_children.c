/* SPDX-License-Identifier: MIT */
/* supervisor/children: what the kernel says who our children are. */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "children.h"
#include "support/leaks.h"

TestSuite(children, .fini = leaks_check);

/* More than three pages of them, with the shortest of numbers. */
enum { MANY = 3 * CHILDREN_READ_SIZE / 4 };

struct brood {
    int life[2]; /* they end when its writing end is closed */
    pid_t pids[MANY];
    size_t count;
};

static void brood_start(struct brood *brood, size_t count)
{
    char byte;

    cr_assert_eq(pipe(brood->life), 0);
    for (brood->count = 0; brood->count < count; brood->count++) {
        pid_t pid = fork();

        cr_assert_geq(pid, 0);
        if (pid == 0) {
            close(brood->life[1]);
            _exit(read(brood->life[0], &byte, 1) == 0 ? 0 : 1);
        }
        brood->pids[brood->count] = pid;
    }
}

static void brood_end(struct brood *brood)
{
    close(brood->life[1]);
    close(brood->life[0]);
    for (size_t i = 0; i < brood->count; i++)
        cr_expect_eq(waitpid(brood->pids[i], NULL, 0), brood->pids[i]);
}

static int by_number(const void *a, const void *b)
{
    return *(const pid_t *)a - *(const pid_t *)b;
}

/* Sorts both. */
static bool same(struct brood *brood, pid_t *pids, size_t count)
{
    if (count != brood->count)
        return false;
    qsort(pids, count, sizeof *pids, by_number);
    qsort(brood->pids, count, sizeof *pids, by_number);
    for (size_t i = 0; i < count; i++)
        if (pids[i] != brood->pids[i])
            return false;
    return true;
}

Test(children, are_none_without_a_fork)
{
    struct children children;
    size_t count = 1;

    cr_assert_eq(children_open(&children), 0);
    cr_expect_eq(children_next(&children), 0);
    cr_expect_eq(children_next(&children), 0);
    children_close(&children);
    cr_expect_null(children_list(&count));
    cr_expect_eq(count, 0);
}

Test(children, are_each_listed_once_over_many_pages)
{
    static struct brood brood;
    size_t count;
    pid_t *pids;

    brood_start(&brood, MANY);
    pids = children_list(&count);
    cr_expect(same(&brood, pids, count), "%zu listed", count);
    free(pids);
    brood_end(&brood);
}

Test(children, that_have_ended_are_listed_until_they_are_reaped)
{
    struct brood brood;
    size_t count;
    pid_t *pids;
    siginfo_t info = {0};

    brood_start(&brood, 2);
    kill(brood.pids[0], SIGKILL);
    cr_assert_eq(waitid(P_PID, (id_t)brood.pids[0], &info, WEXITED | WNOWAIT),
                 0);
    pids = children_list(&count);
    cr_expect(same(&brood, pids, count), "%zu listed", count);
    free(pids);
    brood_end(&brood);
    cr_expect_null(children_list(&count));
}
