/* SPDX-License-Identifier: MIT */
/* supervisor/procfs: what the kernel tells of a process, whatever that calls
 * itself. */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "procfs.h"
#include "support/leaks.h"

TestSuite(procfs, .fini = leaks_check);

/* As the kernel writes it, with this name. */
#define STAT(name, session)                                                    \
    "77 (" name ") S 1 77 " session " 0 -1 4194560 90 0 0 0 30 12 0 0 20 0 1 " \
    "0 5123 2265088 129 18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 1 0 "  \
    "0 0 0 0 0 0 0 0 0 0 0 0\n"

static void expect_stat(const char *text)
{
    struct procfs_stat stat;

    cr_assert(procfs_parse_stat(text, strlen(text), &stat), "%s", text);
    cr_expect_eq(stat.session, 76, "%s", text);
    cr_expect_eq(stat.cpu_ticks, 42, "%s", text);
    cr_expect_eq(stat.start_ticks, 5123, "%s", text);
}

Test(procfs, names_in_stat_may_hold_anything)
{
    expect_stat(STAT("cat", "76"));
    expect_stat(STAT("", "76"));
    expect_stat(STAT(") S 1 2 3 (", "76"));
    expect_stat(STAT("a\nb) R 2\n", "76"));
    expect_stat(STAT("((((((((((", "76"));
}

Test(procfs, stat_that_makes_no_sense_is_refused)
{
    static const char *const texts[] = {
        "", ")", "77 (a", "77 (a) S", "77 (a) S 1 77", "77 (a)S 1 77 76",
        STAT("a", "99999999999999999999999"), STAT("a", "4294967296"),
        STAT("a", "x"), STAT("a", "")};
    struct procfs_stat stat;

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        cr_expect_not(procfs_parse_stat(texts[i], strlen(texts[i]), &stat),
                      "%s", texts[i]);
}

Test(procfs, tells_of_a_process_that_hides_its_name)
{
    struct procfs_stat stat;
    int life[2];
    char byte;
    pid_t pid;

    cr_assert_eq(pipe(life), 0);
    pid = fork();
    cr_assert_geq(pid, 0);
    if (pid == 0) {
        prctl(PR_SET_NAME, ") Z 1\n) R 9 (");
        setsid();
        close(life[0]);
        close(life[1]);
        pause();
    }
    close(life[1]);
    cr_assert_eq(read(life[0], &byte, 1), 0);
    close(life[0]);
    cr_assert(procfs_stat(pid, &stat));
    cr_expect_eq(stat.session, pid);
    cr_expect_leq(stat.start_ticks, procfs_now_ticks());
    cr_expect_geq(procfs_age_ms(&stat), 0);
    cr_expect_lt(procfs_age_ms(&stat), 60000);
    cr_expect_eq(procfs_uid(pid), geteuid());
    kill(pid, SIGKILL);
    waitid(P_PID, (id_t)pid, &(siginfo_t){0}, WEXITED | WNOWAIT);
    cr_expect(procfs_stat(pid, &stat), "nor when it has ended");
    cr_expect_eq(stat.session, pid);
    cr_expect_eq(procfs_uid(pid), geteuid());
    waitpid(pid, NULL, 0);
    cr_expect_not(procfs_stat(pid, &stat));
    cr_expect_eq(procfs_uid(pid), (uid_t)-1);
}

#define LINE(device, inode) \
    "7f00-7f01 r-xp 00002000 " device " " inode " /lib/a b\\012c\n"

static bool holds(const char *text)
{
    return procfs_parse_maps(text, strlen(text), makedev(0xfd, 0x12), 4711);
}

Test(procfs, mappings_of_a_file_are_found_by_device_and_inode)
{
    cr_expect(holds(LINE("fd:12", "4711")));
    cr_expect(holds(LINE("fd:11", "4711") LINE("fd:12", "4711")));
    cr_expect_not(holds(LINE("fd:12", "47110") LINE("fd:12", "471")));
    cr_expect_not(holds(LINE("12:fd", "4711")));
    cr_expect_not(holds("7f00-7f01 r-xp 00002000 fd:12 4711"), "cut short");
    cr_expect_not(holds("7f00-7f01 rw-p 00000000 00:00 0\n\n\n"));
    cr_expect_not(holds("a b c fd:12 99999999999999999999999\n"));
    cr_expect_not(holds(""));
}

/* As in the kernel's own words, for the program that runs this. */
Test(procfs, mappings_of_this_process_hold_its_program)
{
    static char text[PROCFS_MAPS_MAX];
    size_t size = procfs_maps(getpid(), text);
    unsigned high, low;
    unsigned long inode;

    cr_assert_gt(size, 0);
    cr_assert_eq(sscanf(text, "%*s %*s %*s %x:%x %lu", &high, &low, &inode), 3);
    cr_expect(procfs_parse_maps(text, size, makedev(high, low), inode));
    cr_expect_not(procfs_parse_maps(text, size, makedev(high, low), 1));
    cr_expect_eq(procfs_maps(0x7fffffff, text), 0);
}
