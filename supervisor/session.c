/* SPDX-License-Identifier: MIT */
/* The life of a session: the table in session.h, as rows.  When to restart is
 * policy.c's decision and when to expire expiry.c's, how a process is started
 * and reaped is process.c's business. */
#define _GNU_SOURCE
#include "session.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/magic.h"
#include "base/text.h"
#include "counters.h"
#include "module.h"
#include "process.h"
#include "registry.h"
#include "session_own.h"

#define DESCRIPTOR_RESERVE 64

static void act_ready(struct session *session)
{
    if (!session->was_ready)
        log_info("session %s (%s, pid %d): started", session->id,
                 module_name(session->module), (int)session_pid(session));
    session->was_ready = true;
    session->ready_ms = clock_now_ms();
    free(session->text);
    session->text = NULL;
    session->error = SP_OK;
    session->world->counters->ready++;
    throttle_worked(module_throttle(session->module));
    session_tell(session, EVENT_READY, "");
    waiters_tell(&session->waiters, WAIT_STARTED, SP_OK, "",
                 session_pid(session));
    waiters_tell(&session->waiters, WAIT_READY, SP_OK, "",
                 session_pid(session));
    session_look_for_expiry(session);
}

/* Asks its process to end.  One that is paused must go on to hear of it. */
static void ask_to_end(struct session *session, enum slot_command command,
                       uint64_t timeout)
{
    enum end_asked asked = session->order.asked;
    enum sp_end end = end_asked_end(asked);

    /* of an expiry and the like its module is told which */
    process_order(session->process, command, end,
                  end == SP_END_STOP || end == SP_END_SHUTDOWN
                      ? ""
                      : end_asked_name(asked));
    if (process_paused(session->process))
        process_resume(session->process);
    session_start_timer(session, (int64_t)timeout);
}

static void act_stop(struct session *session)
{
    const struct module_settings *settings = module_settings(session->module);

    session_remember_error(session, SP_EINIT,
                           "it was stopped while it started");
    session->draining = session->order.drain && session->ready_ms > 0;
    if (session->draining) {
        listener_unlink(&session->listener, session->world->listeners);
        ask_to_end(session, SLOT_DRAIN, settings->drain_timeout);
    } else {
        ask_to_end(session, SLOT_STOP, settings->stop_timeout);
    }
}

/* One that drains is asked to end now. */
static void act_stop_again(struct session *session)
{
    if (!session->draining)
        return;
    session->order.drain = false;
    act_stop(session);
}

static void act_kill(struct session *session)
{
    log_warn("session %s (%s, pid %d): did not stop in time; killed",
             session->id, module_name(session->module),
             (int)session_pid(session));
    session_kill_for(session, END_LIMIT_STOP);
}

static void act_late(struct session *session)
{
    if (session->draining) {
        session->world->counters->drain_timeouts++;
        act_stop_again(session);
    } else {
        act_kill(session);
    }
}

/* Who has a past. */
static struct policy_verdict ask_policy(struct session *session)
{
    const struct module_settings *settings = module_settings(session->module);
    const struct end *last = &session->past->end;
    struct policy_settings policy = {
        .restart = (enum policy_restart)settings->restart,
        .max_restarts = (unsigned)settings->max_restarts,
        .max_ms = (int64_t)settings->max_seconds,
        .first_delay_ms = (int64_t)settings->restart_delay,
        .max_delay_ms = (int64_t)settings->max_restart_delay,
        .stable_ms = (int64_t)settings->stable_time,
    };
    struct policy_end end = {.now_ms = clock_now_ms(),
                             .normal = end_normal(last)};

    /* who was not told to recycle itself has no reason to */
    if (settings->max_calls > 0 || settings->max_memory_recycle > 0)
        end.recycled = end_recycled(last);
    if (session->ready_ms > 0)
        end.lived_ms = end.now_ms - session->ready_ms;
    session->ready_ms = 0;
    /* without it the delays are not spread, which harms nothing */
    if (getrandom(&end.random, sizeof end.random, GRND_NONBLOCK) < 0)
        end.random = 0;
    return policy_decide(&policy, &session->past->history, &end);
}

/* Its process has gone without having been told to. */
static void act_ended(struct session *session)
{
    struct policy_verdict verdict = {POLICY_FINAL, 0};
    char next[96];

    if (session->was_ready && session->past)
        verdict = ask_policy(session);
    switch (verdict.decision) {
    case POLICY_FINAL:
        if (session->was_ready)
            session_report_later(session, "not restarted");
        session_apply(session, INPUT_GIVE_UP);
        return;
    case POLICY_RESTART:
        if (verdict.delay_ms > 0) {
            snprintf(next, sizeof next, "restarting in %lld ms",
                     (long long)verdict.delay_ms);
            session_report_end(session, next);
            session_start_timer(session, verdict.delay_ms);
        } else {
            session_report_later(session, "restarting in 0 ms");
            session_apply(session, INPUT_DEADLINE);
        }
        return;
    case POLICY_GIVE_UP:
        session->given_up = true;
        snprintf(next, sizeof next, "given up after %u restarts in %llu ms",
                 session->past->history.count,
                 (unsigned long long)module_settings(session->module)
                     ->max_seconds);
        session_report_end(session, next);
        session_apply(session, INPUT_GIVE_UP);
        return;
    }
}

/* Why there is to be a new process, if not for the crash that was told. */
static void tell_restart(const struct session *session)
{
    const struct end *end = &session_past(session)->end;
    char words[END_TEXT_MAX] = "";

    if (session->order.asked == END_ASKED_RESTART)
        end_describe(end, words);
    else if (end_recycled(end))
        snprintf(words, sizeof words, "%s", end->told.reason);
    session_tell(session, EVENT_RESTART, words);
}

/* A client may wait for it: it is asked for before anything is said. */
static void act_retry(struct session *session)
{
    int error = session_relaunch(session) < 0 ? errno : 0;

    event_del(&session->timer);
    session_report_due(session);
    session->restarts++;
    session->world->counters->restarts++;
    tell_restart(session);
    session->order = (struct session_order){.by = ASKER_NOBODY};
    if (error == 0)
        return;
    log_error("session %s (%s): cannot be restarted: %s", session->id,
              module_name(session->module), strerrordesc_np(error));
    session_remember_end(session, &(struct end){.kind = END_UNBORN,
                                                .at_ms = clock_now_ms()});
    session_apply(session, INPUT_ENDED);
}

/* Its process has ended as it was asked to, or crashed first. */
static void act_again(struct session *session)
{
    const struct end *end = &session_past(session)->end;

    if (!end->told.goodbye && end->limit == END_LIMIT_NONE)
        session_report_later(session, "restarting");
    act_retry(session);
}

/* Asked to restart: the policy is not asked. */
static void act_recycle(struct session *session)
{
    ask_to_end(session, SLOT_STOP,
               module_settings(session->module)->stop_timeout);
}

static void session_destroy(struct session *session)
{
    assert(!session->process && TAILQ_EMPTY(&session->waiters));
    event_del(&session->timer);
    listener_close(&session->listener, session->world->listeners);
    registry_entry_free(session->entry); /* and its ID */
    module_count_session(session->module, -1);
    free(session->arg);
    free(session->text);
    free(session->past);
    session->magic = 0;
    free(session);
}

/* What became of it is told to all who did not wait for it, and remembered. */
static void report_gone(struct session *session,
                        const struct session_facts *facts)
{
    const struct session_world *world = session->world;
    const char *text = session->text;

    session_report_due(session);
    if (session->was_ready)
        log_info("session %s (%s): gone: %s", session->id,
                 module_name(session->module), facts->fate);
    session_count_fate(session);
    session_tell(session, session_fate_event(session),
                 session->was_ready ? facts->fate
                 : text             ? text
                                    : sp_strerror(session->error));
    world->on_gone(world->context, facts, session->was_ready);
}

/* Those who wait are told as soon as the ID is free again: their next start
 * must not meet the old session.  What they can ask for is there by then, since
 * spd looks for their next question later. */
static void act_gone(struct session *session)
{
    const struct session_world *world = session->world;
    enum sp_error error = session->error;
    struct session_facts facts;

    listener_unlink(&session->listener, world->listeners);
    registry_remove(world->registry, session->entry);
    waiters_tell(&session->waiters, WAIT_GONE, SP_OK, "", 0);
    if (session->past) {
        session->past->end.asked = session->order.asked; /* in backoff, too */
        session->past->end.by = session->order.by;
    }
    session_facts(session, &facts);
    waiters_tell(&session->waiters, WAIT_STARTED, error,
                 session->text ? session->text : sp_strerror(error), 0);
    waiters_tell(&session->waiters, WAIT_READY, SP_ENOENT, facts.fate, 0);
    waiters_tell(&session->waiters, WAIT_ENDED, SP_OK, "", 0);
    report_gone(session, &facts);
    session_destroy(session);
    if (world->registry->count == 0)
        world->on_empty(world->context);
}

/* ---- the table ---- */

static const struct row {
    enum session_state state;
    enum session_input input;
    enum session_state next;
    void (*act)(struct session *session); /* may free the session */
} rows[] = {
    {SESSION_STARTING, INPUT_READY, SESSION_RUNNING, act_ready},
    {SESSION_STARTING, INPUT_STOP, SESSION_STOPPING, act_stop},
    {SESSION_STARTING, INPUT_ENDED, SESSION_BACKOFF, act_ended},
    {SESSION_RUNNING, INPUT_STOP, SESSION_STOPPING, act_stop},
    {SESSION_RUNNING, INPUT_RESTART, SESSION_RESTARTING, act_recycle},
    {SESSION_RUNNING, INPUT_ENDED, SESSION_BACKOFF, act_ended},
    {SESSION_BACKOFF, INPUT_DEADLINE, SESSION_STARTING, act_retry},
    {SESSION_BACKOFF, INPUT_RESTART, SESSION_STARTING, act_retry},
    {SESSION_BACKOFF, INPUT_GIVE_UP, SESSION_GONE, act_gone},
    {SESSION_BACKOFF, INPUT_STOP, SESSION_GONE, act_gone},
    {SESSION_RESTARTING, INPUT_STOP, SESSION_STOPPING, act_stop},
    {SESSION_RESTARTING, INPUT_DEADLINE, SESSION_RESTARTING, act_kill},
    {SESSION_RESTARTING, INPUT_ENDED, SESSION_STARTING, act_again},
    {SESSION_STOPPING, INPUT_STOP, SESSION_STOPPING, act_stop_again},
    {SESSION_STOPPING, INPUT_DEADLINE, SESSION_STOPPING, act_late},
    {SESSION_STOPPING, INPUT_ENDED, SESSION_GONE, act_gone},
};
#define ROWS (sizeof rows / sizeof rows[0])

static const char *const input_names[] = {
#define NAME(NAME, name) name,
    SESSION_INPUT_TABLE(NAME)
#undef NAME
};

/* An input that has no row in this state changes nothing: a "ready" that
 * crossed a stop, or a second restart. */
void session_apply(struct session *session, enum session_input input)
{
    for (size_t i = 0; i < ROWS; i++) {
        const struct row *row = &rows[i];

        if (row->state != session->state || row->input != input)
            continue;
        log_debug("session %s: %s: %s -> %s", session->id, input_names[input],
                  session_state_name(row->state),
                  session_state_name(row->next));
        session->state = row->next;
        row->act(session);
        return;
    }
}

/* ---- start ---- */

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    struct session *session = MAGIC_CAST(session, SESSION_MAGIC, arg);

    (void)fd;
    (void)what;
    if (session->state == SESSION_RUNNING)
        session_look_for_expiry(session);
    else
        session_apply(session, INPUT_DEADLINE);
}

static enum sp_error fail_start(struct session *session, const char *what,
                                char *out_text, size_t text_size)
{
    enum sp_error error = errno == ENOMEM ? SP_ENOMEM
                          : errno == EMFILE || errno == ENFILE ? SP_ELIMIT
                                                               : SP_ESYSTEM;

    snprintf(out_text, text_size, "%s: %s", what, strerrordesc_np(errno));
    log_error("session %s (%s): %s", session->id, module_name(session->module),
              out_text);
    listener_close(&session->listener, session->world->listeners);
    if (session->entry) {
        registry_remove(session->world->registry, session->entry);
        registry_entry_free(session->entry);
    }
    free(session->arg);
    free(session);
    return error;
}

/* The kernel gives the lowest free number: one close to the limit says that
 * descriptors run out.  What is left is for restarts and for the control
 * socket. */
static bool leaves_reserve(const struct session_world *world, int fd)
{
    if ((rlim_t)fd + DESCRIPTOR_RESERVE < world->processes->descriptors)
        return true;
    errno = EMFILE;
    return false;
}

enum sp_error session_start(const struct session_world *world,
                            const struct session_plan *plan,
                            struct session **out_session, char *out_text,
                            size_t text_size)
{
    struct session *session = calloc(1, sizeof *session);
    struct process *pooled;

    if (!session) {
        free(plan->arg);
        snprintf(out_text, text_size, "out of memory");
        return SP_ENOMEM;
    }
    session->magic = SESSION_MAGIC;
    session->state = SESSION_STARTING;
    session->world = world;
    session->module = plan->module;
    session->uid = plan->uid;
    session->arg = plan->arg;
    session->arg_size = plan->arg_size;
    session->listener.fd = -1;
    session->order.by = ASKER_NOBODY;
    session->started_ms = clock_now_ms();
    TAILQ_INIT(&session->waiters);
    session->id = plan->id;
    evtimer_assign(&session->timer, world->base, on_timer, session);
    session->entry = registry_add(world->registry, plan->id, session);
    if (!session->entry)
        return fail_start(session, "registry", out_text, text_size);
    session->id = registry_id(session->entry);
    if (session_open_listener(session, &pooled) < 0 ||
        !leaves_reserve(world, session->listener.fd)) {
        enum sp_error error =
            fail_start(session, "its socket", out_text, text_size);

        if (pooled)
            process_kill(pooled, END_LIMIT_NONE); /* its listener is no more */
        return error;
    }
    if (session_launch(session, pooled) < 0)
        return fail_start(session, "its process", out_text, text_size);
    module_count_session(session->module, 1);
    world->counters->starts++;
    session_tell(session, EVENT_START, "");
    *out_session = session;
    return SP_OK;
}
