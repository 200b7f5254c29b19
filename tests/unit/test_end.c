/* SPDX-License-Identifier: MIT */
/* supervisor/end: what an end was, in words. */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "end.h"
#include "wire/template.h"

static struct end exited(int code)
{
    return (struct end){.kind = END_EXITED, .code = code};
}

static struct end said(enum sp_end what, int code)
{
    struct end end = exited(code);

    end.told.goodbye = true;
    end.told.end = what;
    return end;
}

static struct end killed(int number)
{
    return (struct end){.kind = END_SIGNALED, .code = number};
}

static void expect_words(const struct end *end, const char *words)
{
    char text[END_TEXT_MAX];

    end_describe(end, text);
    cr_expect_str_eq(text, words);
}

Test(end, is_normal_only_with_a_goodbye_and_status_0)
{
    struct end end = exited(0);

    cr_expect_not(end_normal(&end));
    for (int what = 0; what <= SP_END_LAST; what++) {
        end = said((enum sp_end)what, 0);
        cr_expect_eq(end_normal(&end),
                     what != SP_END_FAILED && what != SP_END_RECYCLE, "%d",
                     what);
        cr_expect_eq(end_recycled(&end), what == SP_END_RECYCLE);
        end.code = 1;
        cr_expect_not(end_normal(&end));
        cr_expect_not(end_recycled(&end));
    }
    end = killed(SIGTERM);
    end.told.goodbye = true; /* it said so, and was killed all the same */
    cr_expect_not(end_normal(&end));
    end = (struct end){.kind = END_UNBORN};
    cr_expect_not(end_normal(&end));
}

Test(end, is_a_fault_by_signals_that_a_process_brings_on_itself)
{
    static const int faults[] = {SIGSEGV, SIGBUS,  SIGILL, SIGFPE,
                                 SIGTRAP, SIGABRT, SIGSYS};
    static const int others[] = {SIGKILL, SIGTERM, SIGHUP, SIGXCPU, SIGUSR1};
    struct end end = exited(SIGSEGV);

    cr_expect_not(end_fault(&end)); /* a status of this number */
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        end = killed(faults[i]);
        cr_expect(end_fault(&end), "%d", faults[i]);
    }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        end = killed(others[i]);
        cr_expect_not(end_fault(&end), "%d", others[i]);
    }
    end = killed(SIGABRT); /* the watchdog's */
    end.limit = END_LIMIT_CALL;
    cr_expect_not(end_fault(&end));
}

Test(end, says_how_a_process_exited)
{
    struct end end = exited(0);

    expect_words(&end, "exit status 0, without a goodbye");
    end = exited(WORKER_EXIT_FAILED);
    expect_words(&end, "exit status 1");
    snprintf(end.told.reason, sizeof end.told.reason, "shot"); /* last words */
    expect_words(&end, "failed (shot)");
    end = exited(77);
    expect_words(&end, "exit status 77");
    end = said(SP_END_NORMAL, 0);
    expect_words(&end, "ended normally");
    end = said(SP_END_FAILED, WORKER_EXIT_FAILED);
    snprintf(end.told.reason, sizeof end.told.reason, "no database");
    expect_words(&end, "its module reported a failure (no database)");
    end = said(SP_END_RECYCLE, 0);
    expect_words(&end, "wants a fresh process");
}

Test(end, says_what_was_going_on_and_for_how_long)
{
    struct end end = killed(SIGSEGV);

    expect_words(&end, "killed by SIGSEGV");
    end.core = true;
    end.told.doing = SLOT_CALL;
    expect_words(&end, "killed by SIGSEGV (core dumped) in a call");
    end.doing_ms = 3;
    expect_words(&end, "killed by SIGSEGV (core dumped) in a call after 3 ms");
}

Test(end, names_the_limit_first)
{
    struct end end = killed(SIGKILL);

    end.limit = END_LIMIT_STOP;
    expect_words(&end, "did not stop within stop_timeout: killed by SIGKILL");
}

Test(end, of_a_violation_says_which_and_how)
{
    struct end end = killed(SIGSYS);
    char words[END_TEXT_MAX];

    end.limit = END_LIMIT_SANDBOX;
    end.asked = END_ASKED_STOP;
    end_violation(&end, words);
    cr_expect_str_eq(words, "made a forbidden system call: killed by SIGSYS");
    end = killed(SIGKILL);
    end.limit = END_LIMIT_CONTRACT;
    end.breach = "a second hello";
    end_violation(&end, words);
    cr_expect_str_eq(words, "broke its contract with spd (a second hello): "
                            "killed by SIGKILL");
}

Test(end, of_a_process_that_hit_two_limits_tells_a_violation_or_else_the_first)
{
    enum end_limit none = END_LIMIT_NONE, hang = END_LIMIT_CALL,
                   stop = END_LIMIT_STOP, shut = END_LIMIT_LISTENER,
                   call = END_LIMIT_SANDBOX;

    cr_expect_eq(end_limit_first(none, none), none);
    cr_expect_eq(end_limit_first(none, hang), hang);
    cr_expect_eq(end_limit_first(hang, none), hang);
    cr_expect_eq(end_limit_first(hang, stop), hang);
    cr_expect_eq(end_limit_first(hang, call), call);
    cr_expect_eq(end_limit_first(shut, call), shut);
    cr_expect_eq(end_limit_first(shut, hang), shut);
}

Test(end, that_was_asked_for_says_so_and_what_went_wrong_with_it)
{
    struct end end = said(SP_END_STOP, 0);

    end.asked = END_ASKED_STOP;
    expect_words(&end, "stopped on request");
    end = killed(SIGKILL);
    end.asked = END_ASKED_IDLE;
    end.limit = END_LIMIT_STOP;
    expect_words(&end, "expired: idle_timeout; did not stop within "
                       "stop_timeout: killed by SIGKILL");
    end = (struct end){.asked = END_ASKED_STOP}; /* in backoff: no process */
    expect_words(&end, "stopped on request");
}

Test(end, of_a_number_without_a_name_and_of_the_longest_reason_fit)
{
    struct end end = killed(63);

    expect_words(&end, "killed by signal 63");
    end = said(SP_END_FAILED, WORKER_EXIT_FAILED);
    memset(end.told.reason, 'r', sizeof end.told.reason - 1);
    end.limit = END_LIMIT_OUTPUT;
    end.asked = END_ASKED_LIFETIME;
    end_describe(&end, (char[END_TEXT_MAX]){0}); /* the sanitizer looks on */
}
