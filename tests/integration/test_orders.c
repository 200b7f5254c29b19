/* SPDX-License-Identifier: MIT */
/* spd against templates and sessions that break their contract: exit, hello
 * and ready in every order, lies about who is who, silence.  Each is the work
 * of support/odd_worker.c.  Whatever comes, the start has one answer, spd lives
 * and nothing is left over (harness_stop() looks). */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/asking.h"
#include "support/family.h"
#include "support/leaks.h"
#include "support/raw_peer.h"
#include "support/wait.h"

TestSuite(orders, .fini = leaks_check);

/* The modules are the oddity, those that ship, and others besides.
 * max_restarts = 0: what is seen is the first process. */
static void write_config(char out[1024], const char *tier, const char *oddity,
                         const char *others)
{
    int size = snprintf(
        out, 1024,
        "[supervisor]\nworker = " SP_TEST_ODD_WORKER "\n"
        "[module kv]\ninit_timeout = 1s\n"
        "[module echo]\ninit_timeout = 1s\n"
        "[module counter]\ninit_timeout = 1s\n"
        "[module %s]\npath = " SP_TEST_ODD_WORKER "\n"
        "init_timeout = 1s\nstop_timeout = 200ms\nmax_restarts = 0\n"
        "sandbox = %s\n%s",
        oddity, tier, others);

    cr_assert_lt(size, 1024);
}

static struct harness *start_beside(const char *oddity, const char *others)
{
    char config[1024];

    write_config(config, "none", oddity, others);
    return harness_start(config);
}

static struct harness *start_in(const char *tier, const char *oddity)
{
    char config[1024];

    write_config(config, tier, oddity, "");
    return harness_start(config);
}

static struct harness *start_with(const char *oddity)
{
    return start_in("none", oddity);
}

/* Calls visit for each child of a process. */
static void each_child(pid_t parent, void (*visit)(pid_t pid, void *context),
                       void *context)
{
    char path[96];
    FILE *children;
    int pid;

    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)parent,
             (int)parent);
    children = fopen(path, "re");
    cr_assert_not_null(children);
    while (fscanf(children, "%d", &pid) == 1)
        visit(pid, context);
    fclose(children);
}

static void note_zombie(pid_t pid, void *context)
{
    char path[64];
    char state = '?';
    FILE *stat;

    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    stat = fopen(path, "re");
    if (!stat)
        return;
    if (fscanf(stat, "%*d (%*[^)]) %c", &state) == 1 && state == 'Z')
        *(bool *)context = true;
    fclose(stat);
}

static bool spd_has_no_zombie(void *context)
{
    const struct harness *harness = context;
    bool zombie = false;

    each_child(harness_spd(harness), note_zombie, &zombie);
    return !zombie;
}

struct orphans {
    pid_t spd;
    int alive;
};

static void reap_orphan(pid_t pid, void *context)
{
    struct orphans *orphans = context;
    siginfo_t info = {0};

    if (pid == orphans->spd)
        return;
    if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG) < 0 ||
        info.si_pid != pid)
        orphans->alive++;
}

/* What a session has forked becomes a child of this process when it is
 * orphaned, and is to be dead while spd still lives. */
static bool orphans_are_dead(void *context)
{
    const struct harness *harness = context;
    struct orphans orphans = {.spd = harness_spd(harness)};

    each_child(getpid(), reap_orphan, &orphans);
    return orphans.alive == 0;
}

static void expect_alive_and_clean(struct harness *harness)
{
    cr_expect_eq(ask_count(harness), 0, "a session is left over");
    cr_expect(wait_for(spd_has_no_zombie, harness, WAIT_MS), "a zombie");
    cr_expect(wait_for(orphans_are_dead, harness, WAIT_MS), "an orphan lives");
    harness_stop(harness);
}

/* The start fails with this error, whose text holds that; twice, since the ID
 * must be free again. */
static void expect_refused_in(const char *tier, const char *oddity,
                              enum sp_error error, const char *text)
{
    struct harness *harness = start_in(tier, oddity);

    ask_refused(harness, "a", oddity, NULL, error, text);
    ask_refused(harness, "a", oddity, NULL, error, text);
    expect_alive_and_clean(harness);
}

#define REFUSED_IN(tier, test, oddity, error, text)                            \
    Test(orders, test)                                                         \
    {                                                                          \
        expect_refused_in(tier, oddity, error, text);                          \
    }
#define REFUSED(test, oddity, error, text)                                     \
    REFUSED_IN("none", test, oddity, error, text)

REFUSED(exit_before_hello, "exit-before-hello", SP_EINIT, "before its hello")
REFUSED(kill_before_hello, "kill-before-hello", SP_EINIT, "before its hello")
REFUSED(exit_between_hello_and_ready, "exit-after-hello", SP_EINIT,
        "exit status 9")
REFUSED(exit_with_an_init_error_unread, "exit-after-init-error", SP_EINIT,
        "no\\x0ago")
REFUSED(a_session_that_declined_and_stays_is_killed, "stay-after-ignoring",
        SP_EIGNORED, "declined")
REFUSED(ready_without_hello, "ready-without-hello", SP_ESYSTEM, "contract")
REFUSED(a_second_hello, "two-hellos", SP_EINIT, "SIGKILL")
REFUSED(a_hello_with_all_behind_another, "late-at-once", SP_EINIT, "SIGKILL")
REFUSED(a_record_that_is_none, "garbage", SP_EINIT, "SIGKILL")
REFUSED(a_record_that_is_too_long, "too-much", SP_EINIT, "SIGKILL")
REFUSED(a_text_without_end, "endless-text", SP_EINIT, "SIGKILL")
REFUSED(a_start_socket_closed_without_a_word, "closed-start", SP_EINIT,
        "longer than 1000 ms")
REFUSED(ready_from_another_process, "other-ready", SP_EINIT, "SIGKILL")
REFUSED(a_hello_with_descriptors, "descriptors", SP_ESYSTEM, "contract")
REFUSED(a_hello_of_the_template_itself, "hello-itself", SP_ESYSTEM, "contract")
REFUSED(an_answer_to_a_request_never_sent, "answer-future", SP_EINIT,
        "before its hello")
REFUSED(a_fork_that_failed, "fork-fails", SP_ESYSTEM,
        "could not fork: Resource temporarily unavailable")
REFUSED(a_fork_that_was_none, "forks-nothing", SP_EINIT, "before its hello")
REFUSED(a_template_that_dies_at_a_request, "dies", SP_EINIT,
        "before its hello")
REFUSED(a_template_that_hangs_at_a_request, "hangs", SP_EINIT,
        "does not answer")
REFUSED(a_template_that_says_garbage, "load-garbage", SP_ELOAD, "contract")
REFUSED(a_template_that_exits_while_loading, "load-exit", SP_ELOAD,
        "exit status 3")
REFUSED(a_template_that_hangs_while_loading, "load-hangs", SP_ELOAD,
        "init_timeout")
REFUSED(a_template_that_answers_before_it_has_loaded, "load-answers", SP_ELOAD,
        "contract")

REFUSED(a_record_of_the_template_from_another, "loaded-by-another", SP_ELOAD,
        "contract")

/* ---- the holder of a pid namespace ---- */

REFUSED_IN("none", a_holder_where_there_is_none, "holder", SP_ELOAD, "contract")
REFUSED_IN("default", a_holder_in_default, "holder", SP_ELOAD, "contract")
REFUSED_IN("strict", no_holder_in_strict, "forks-nothing", SP_ELOAD, "contract")
REFUSED_IN("strict", a_template_that_is_its_own_holder, "holds-itself",
           SP_ELOAD, "contract")
REFUSED_IN("strict", a_second_holder, "two-holders", SP_ELOAD, "contract")

/* ---- what is odd, and works ---- */

static void expect_started(const char *oddity)
{
    struct harness *harness = start_with(oddity);

    cr_expect_gt(ask_started(harness, "a", oddity, NULL), 1);
    cr_expect_gt(ask_started(harness, "b", oddity, NULL), 1);
    cr_expect_eq(ask_stop(harness, "a"), SP_OK);
    cr_expect_eq(ask_stop(harness, "b"), SP_OK);
    expect_alive_and_clean(harness);
}

Test(orders, hello_and_ready_in_one)
{
    expect_started("at-once");
}

Test(orders, an_answer_before_the_fork)
{
    expect_started("answer-first");
}

Test(orders, no_answer_but_a_hello)
{
    expect_started("answer-nothing");
}

Test(orders, an_answer_given_twice)
{
    expect_started("answer-twice");
}

Test(orders, unannounced_children_are_reaped)
{
    expect_started("unannounced");
}

static void note_grandchild(pid_t child, void *context)
{
    pid_t grandchild = family_child(child);

    if (grandchild > 0)
        *(pid_t *)context = grandchild;
}

/* The session itself never says hello: it is killed with its template, and its
 * child with it. */
Test(orders, a_hello_of_a_process_that_is_no_child)
{
    struct harness *harness = start_with("grandchild-hello");
    pid_t grandchild = 0;

    ask_refused(harness, "a", "grandchild-hello", NULL, SP_ESYSTEM, "contract");
    family_each(harness, note_grandchild, &grandchild);
    cr_assert_gt(grandchild, 0);
    cr_expect(harness_wait_log(harness, "which nobody has announced", WAIT_MS));
    cr_expect(wait_pid_gone(grandchild, WAIT_MS), "its child lives");
    expect_alive_and_clean(harness);
}

Test(orders, a_hello_of_another_session)
{
    struct harness *harness = start_with("borrowed-hello");
    struct session_facts facts;
    pid_t pid = ask_started(harness, "a", "borrowed-hello", NULL);

    ask_refused(harness, "b", "borrowed-hello", NULL, SP_ESYSTEM, "contract");
    cr_assert_eq(ask_info(harness, "a", &facts), SP_OK);
    cr_expect_eq(facts.pid, pid);
    cr_expect_eq(ask_stop(harness, "a"), SP_OK);
    expect_alive_and_clean(harness);
}

/* Ready and exit lie in wait together: the start has succeeded, and then the
 * session is gone. */
Test(orders, exit_right_after_ready_is_a_start_and_an_end)
{
    struct harness *harness = start_with("exit-after-ready");

    cr_expect_gt(ask_started(harness, "a", "exit-after-ready", NULL), 1);
    ask_until_gone(harness, "a");
    expect_alive_and_clean(harness);
}

Test(orders, exit_right_after_all_in_one_is_a_start_and_an_end)
{
    struct harness *harness = start_with("exit-after-at-once");

    cr_expect_gt(ask_started(harness, "a", "exit-after-at-once", NULL), 1);
    ask_until_gone(harness, "a");
    expect_alive_and_clean(harness);
}

/* There is no session that it could be ready to be. */
Test(orders, a_pooled_process_that_is_ready_at_once)
{
    struct harness *harness = start_beside("at-once", "pool = 1\n");

    ask_started(harness, "a", "at-once", NULL);
    cr_expect(harness_wait_log(harness, "(no hello): killed", WAIT_MS));
    cr_expect_eq(ask_stop(harness, "a"), SP_OK);
    expect_alive_and_clean(harness);
}

/* ---- what says nothing ---- */

static bool has_two_children(void *context)
{
    return family_count(context, "odd_worker") == 2;
}

static void note_latest(pid_t pid, void *context)
{
    *(pid_t *)context = pid;
}

/* Asks for a session that never says hello; its pid, once its template, which
 * is the other child of spd, has made it. */
static pid_t start_mute(struct harness *harness, struct raw_peer *out_peer)
{
    static const char request[] =
        "{\"op\":\"start\",\"id\":\"mute\",\"module\":\"mute\"}";
    char path[RUNDIR_PATH_SIZE];
    pid_t pid = 0;

    harness_control_path(harness, path);
    raw_peer_open(out_peer, path, WIRE_REQ);
    raw_peer_send_request(out_peer, 1, request, strlen(request));
    cr_assert(wait_for(has_two_children, harness, WAIT_MS));
    family_each(harness, note_latest, &pid);
    return pid;
}

static void expect_answer(struct raw_peer *peer, const char *text)
{
    struct raw_message body;

    raw_peer_recv_reply(peer, 1, &body);
    cr_expect_not_null(strstr((char *)body.bytes, text), "%s", body.bytes);
    raw_message_fini(&body);
    raw_peer_close(peer);
}

/* Its template has been replaced meanwhile: the one that serves is not to
 * blame, and all there is to end is the process itself. */
Test(orders, a_mute_child_of_an_earlier_template_is_not_the_next_one_s_fault)
{
    struct harness *harness = start_with("mute");
    struct raw_peer peer;
    pid_t mute = start_mute(harness, &peer);

    cr_assert_eq(kill(family_child(harness_spd(harness)), SIGKILL), 0);
    ask_started(harness, "a", "mute", NULL);
    expect_answer(&peer, "its template is gone");
    ask_started(harness, "b", "mute", NULL);
    cr_expect_eq(ask_counter(harness, "templates_started"), 2);
    cr_expect(wait_pid_gone(mute, WAIT_MS), "it lives");
    cr_expect_eq(ask_stop(harness, "a"), SP_OK);
    cr_expect_eq(ask_stop(harness, "b"), SP_OK);
    expect_alive_and_clean(harness);
}

#define PATIENT                                                                \
    "[module answer-first]\npath = " SP_TEST_ODD_WORKER "\n"                   \
    "init_timeout = 1h\nstop_timeout = 200ms\nsandbox = none\n"

/* A child that nobody knows may be as old as the longest start.  A reload takes
 * the module that has an hour off the offer, but it counts until its last
 * session has ended. */
Test(orders, a_mute_child_goes_once_no_module_has_that_much_patience)
{
    struct harness *harness = start_beside("mute", PATIENT);
    struct raw_peer peer;
    pid_t mute = start_mute(harness, &peer);
    char config[1024];

    expect_answer(&peer, "its template does not answer");
    ask_started(harness, "a", "answer-first", NULL);
    write_config(config, "none", "mute", "");
    harness_configure(harness, config);
    ask_ok(harness, "{\"op\":\"reload\"}");
    cr_expect_neq(family_state(mute), '?', "its patience is an hour yet");
    cr_expect_eq(ask_stop(harness, "a"), SP_OK);
    cr_expect(wait_pid_gone(mute, WAIT_MS), "it lives");
    expect_alive_and_clean(harness);
}

/* ---- what is said twice ---- */

/* It says "loaded" twice and is killed; the next start gets a new one, which
 * does the same. */
Test(orders, a_template_that_has_loaded_twice_is_killed)
{
    struct harness *harness = start_with("load-twice");
    struct answer answer =
        ask(harness, "{\"op\":\"start\",\"id\":\"a\",\"module\":\"load-twice\"}");

    cr_expect_neq(answer.error, SP_OK);
    answer_fini(&answer);
    cr_expect(harness_wait_log(harness, "a second time): killed", WAIT_MS));
    expect_alive_and_clean(harness);
}
