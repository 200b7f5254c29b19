/* SPDX-License-Identifier: MIT */
/* worker/hygiene: what a session has right after its fork, before there is
 * anything of it to be seen from outside. */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hygiene.h"
#include "support/leaks.h"
#include "wire/template.h"

TestSuite(hygiene_steps, .fini = leaks_check);

static void expect_in_session(bool (*holds)(void))
{
    pid_t parent = getpid(), pid;
    int status;

    pid = fork();
    if (pid == 0) {
        int listener = open("/dev/null", O_RDONLY);
        int start = open("/dev/null", O_RDONLY);
        int log = open("/dev/null", O_WRONLY);
        sigset_t all;

        signal(SIGUSR1, SIG_IGN); /* as a module's constructor may */
        hygiene_loaded();
        sigfillset(&all);
        sigprocmask(SIG_SETMASK, &all, NULL); /* as around the fork */
        if (hygiene_session(parent, &listener, &start, log) < 0)
            _exit(2);
        _exit(holds() ? 0 : 1);
    }
    cr_assert_eq(waitpid(pid, &status, 0), pid);
    cr_expect_eq(status, 0, "%#x", (unsigned)status);
}

static bool only_spd_s_signal_is_blocked(void)
{
    sigset_t blocked;

    sigprocmask(SIG_SETMASK, NULL, &blocked);
    for (int number = 1; number <= SIGRTMAX; number++)
        if (sigismember(&blocked, number) == 1 &&
            number != SESSION_SIGNAL_LOOK)
            return false;
    return sigismember(&blocked, SESSION_SIGNAL_LOOK) == 1;
}

/* It would end a process that has no handler for it yet. */
Test(hygiene_steps, spd_s_signal_stays_blocked_and_no_other_does)
{
    expect_in_session(only_spd_s_signal_is_blocked);
}

static bool signals_are_as_in_a_fresh_process(void)
{
    struct sigaction action;

    sigaction(SIGUSR1, NULL, &action);
    if (action.sa_handler != SIG_DFL)
        return false;
    sigaction(SIGPIPE, NULL, &action);
    return action.sa_handler == SIG_IGN;
}

Test(hygiene_steps, handlers_of_the_template_are_gone)
{
    expect_in_session(signals_are_as_in_a_fresh_process);
}

static bool five_descriptors_are_open(void)
{
    for (int fd = 0; fd < 64; fd++)
        if ((fcntl(fd, F_GETFD) >= 0) != (fd <= 4))
            return false;
    return true;
}

Test(hygiene_steps, nothing_is_open_but_the_list)
{
    expect_in_session(five_descriptors_are_open);
}
