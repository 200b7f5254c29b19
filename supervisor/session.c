/* SPDX-License-Identifier: MIT */
/* The life of a session: the table in session.h, as rows.  When to restart is
 * policy.c's decision, how a process is started and reaped process.c's. */
#define _GNU_SOURCE
#include "session.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/random.h>
#include <unistd.h>

#include <sp/id.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/magic.h"
#include "base/text.h"
#include "module.h"
#include "policy.h"
#include "process.h"
#include "registry.h"
#include "runtime.h"
#include "tombstones.h"
#include "wire/template.h"

#define SESSION_MAGIC 0x53507365u
#define DESCRIPTOR_RESERVE 64

enum session_event {
    EVENT_READY,
    EVENT_GONE, /* its process */
    EVENT_STOP,
    EVENT_DEADLINE,
    EVENT_GIVE_UP,
};

static const char *const event_names[] = {"ready", "process gone", "stop",
                                          "deadline", "give up"};

struct waiter {
    session_told_fn *told;
    void *context;
    bool for_start;
    STAILQ_ENTRY(waiter) link; /* session.waiters */
};

STAILQ_HEAD(waiter_list, waiter);

struct session {
    uint32_t magic;
    enum session_state state; /* written by session_apply() alone */
    bool was_ready;
    const struct session_world *world; /* borrowed */
    struct module *module;             /* borrowed */
    struct registry_entry *entry;      /* owned */
    struct process *process;           /* NULL without one; frees itself */
    char id[SP_ID_MAX + 1];
    void *arg; /* owned */
    size_t arg_size;
    int listener_fd; /* owned */
    struct event listener_closed;
    bool listener_dead; /* a process of its own has shut it down */
    enum session_stop_reason stop_reason;
    bool stop_requested; /* session_stop() */
    bool given_up;       /* its budget is spent */
    int64_t started_ms;
    int64_t ready_ms; /* of its process; 0 before */
    unsigned restarts;
    struct end last_end;
    struct policy_history history;
    struct event deadline;
    struct waiter_list waiters;
    /* Why the start failed, for those who wait for it. */
    enum sp_error error;
    char *text; /* owned; NULL: nothing to add */
};

static void session_apply(struct session *session, enum session_event event);

/* ---- those who wait ---- */

static enum sp_error add_waiter(struct session *session, session_told_fn *told,
                                void *context, bool for_start)
{
    struct waiter *waiter = malloc(sizeof *waiter);

    if (!waiter)
        return SP_ENOMEM;
    *waiter = (struct waiter){.told = told,
                              .context = context,
                              .for_start = for_start};
    STAILQ_INSERT_TAIL(&session->waiters, waiter, link);
    return SP_OK;
}

enum sp_error session_wait_started(struct session *session,
                                   session_told_fn *told, void *context)
{
    return add_waiter(session, told, context, true);
}

enum sp_error session_wait_gone(struct session *session, session_told_fn *told,
                                void *context)
{
    return add_waiter(session, told, context, false);
}

/* Tells those on the list who wait for this, and takes them off it. */
static void tell(struct waiter_list *waiters, bool for_start,
                 enum sp_error error, const char *text, pid_t pid)
{
    struct waiter_list others = STAILQ_HEAD_INITIALIZER(others);
    struct waiter *waiter;

    while ((waiter = STAILQ_FIRST(waiters))) {
        STAILQ_REMOVE_HEAD(waiters, link);
        if (waiter->for_start == for_start) {
            waiter->told(waiter->context, error, text, pid);
            free(waiter);
        } else {
            STAILQ_INSERT_TAIL(&others, waiter, link);
        }
    }
    STAILQ_CONCAT(waiters, &others);
}

static void remember_error(struct session *session, enum sp_error error,
                           const char *text)
{
    if (session->error != SP_OK)
        return; /* the first one is the cause */
    session->error = error;
    session->text = strdup(text);
}

/* ---- what its process tells ---- */

static void on_ready(void *owner)
{
    session_apply(MAGIC_CAST(session, SESSION_MAGIC, owner), EVENT_READY);
}

static void on_refused(void *owner, enum sp_error error, const char *text)
{
    struct session *session = MAGIC_CAST(session, SESSION_MAGIC, owner);
    char printable[SP_TEXT_MAX + 1];

    text_printable(printable, sizeof printable, text, strlen(text));
    remember_error(session, error, printable);
    if (error != SP_EIGNORED)
        log_info("session %s (%s): init failed: %s", session->id,
                 module_name(session->module), printable);
}

static void on_gone(void *owner, const struct end *end, enum sp_error error,
                    const char *text)
{
    struct session *session = MAGIC_CAST(session, SESSION_MAGIC, owner);
    char words[END_TEXT_MAX];

    session->process = NULL;
    session->last_end = *end;
    end_text(end, words);
    if (error != SP_OK)
        remember_error(session, error, text);
    else if (!session->was_ready)
        remember_error(session, SP_EINIT, words);
    session_apply(session, EVENT_GONE);
}

/* Sessions share their listener with spd.  One that shuts it down has broken
 * its contract, and nobody could reach it any more. */
static void on_listener_closed(evutil_socket_t fd, short what, void *arg)
{
    struct session *session = MAGIC_CAST(session, SESSION_MAGIC, arg);

    (void)fd;
    (void)what;
    event_del(&session->listener_closed);
    session->listener_dead = true;
    log_warn("session %s (%s, pid %d): shut its listener down; killed",
             session->id, module_name(session->module),
             (int)session_pid(session));
    session_kill(session);
}

static const struct process_events process_events = {on_ready, on_refused,
                                                     on_gone};

/* ---- its listener ---- */

/* Asks for the end of it alone: not for each connection that comes. */
static int open_listener(struct session *session)
{
    session->listener_fd =
        runtime_listen_session(session->world->runtime, session->id);
    if (session->listener_fd < 0)
        return -1;
    event_assign(&session->listener_closed, session->world->base,
                 session->listener_fd, EV_CLOSED | EV_PERSIST,
                 on_listener_closed, session);
    return event_add(&session->listener_closed, NULL);
}

static void close_listener(struct session *session)
{
    if (session->listener_fd < 0)
        return;
    event_del(&session->listener_closed);
    runtime_unlink_session(session->world->runtime, session->id);
    close(session->listener_fd);
    session->listener_fd = -1;
}

/* A successor does not inherit a dead one. */
static int renew_listener(struct session *session)
{
    if (!session->listener_dead)
        return 0;
    close_listener(session);
    session->listener_dead = false;
    return open_listener(session);
}

/* ---- actions ---- */

static int launch(struct session *session)
{
    struct process_plan plan = {.id = session->id,
                                .arg = session->arg,
                                .arg_size = session->arg_size,
                                .listener_fd = session->listener_fd};

    session->process = process_start(session->world->processes, session->module,
                                     &plan, &process_events, session);
    return session->process ? 0 : -1;
}

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
    tell(&session->waiters, true, SP_OK, "", session_pid(session));
}

static void start_deadline(struct session *session, int64_t ms)
{
    struct timeval delay = {(time_t)(ms / 1000),
                            (suseconds_t)(ms % 1000 * 1000)};

    evtimer_add(&session->deadline, &delay);
}

static void act_stop(struct session *session)
{
    remember_error(session, SP_EINIT, "it was stopped while it started");
    process_signal(session->process, SESSION_SIGNAL_LOOK);
    start_deadline(session,
                   (int64_t)module_settings(session->module)->stop_timeout);
}

static void act_kill(struct session *session)
{
    log_warn("session %s (%s, pid %d): did not stop in time; killed",
             session->id, module_name(session->module),
             (int)session_pid(session));
    process_signal(session->process, SIGKILL);
}

static struct policy_verdict ask_policy(struct session *session)
{
    const struct module_settings *settings = module_settings(session->module);
    struct policy_settings policy = {
        .restart = (enum policy_restart)settings->restart,
        .max_restarts = (unsigned)settings->max_restarts,
        .max_ms = (int64_t)settings->max_seconds,
        .first_delay_ms = (int64_t)settings->restart_delay,
        .max_delay_ms = (int64_t)settings->max_restart_delay,
        .stable_ms = (int64_t)settings->stable_time,
    };
    struct policy_end end = {.now_ms = clock_now_ms(),
                             .normal = end_normal(&session->last_end)};

    if (session->ready_ms > 0)
        end.lived_ms = end.now_ms - session->ready_ms;
    session->ready_ms = 0;
    /* without it the delays are not spread, which harms nothing */
    if (getrandom(&end.random, sizeof end.random, GRND_NONBLOCK) < 0)
        end.random = 0;
    return policy_decide(&policy, &session->history, &end);
}

/* Its process has gone without having been told to. */
static void act_ended(struct session *session)
{
    struct policy_verdict verdict = {POLICY_FINAL, 0};
    char words[END_TEXT_MAX];

    end_text(&session->last_end, words);
    if (session->was_ready)
        verdict = ask_policy(session);
    switch (verdict.decision) {
    case POLICY_FINAL:
        session_apply(session, EVENT_GIVE_UP);
        return;
    case POLICY_RESTART:
        log_info("session %s (%s): %s; restarting in %lld ms", session->id,
                 module_name(session->module), words,
                 (long long)verdict.delay_ms);
        if (verdict.delay_ms > 0)
            start_deadline(session, verdict.delay_ms);
        else
            session_apply(session, EVENT_DEADLINE);
        return;
    case POLICY_GIVE_UP:
        session->given_up = true;
        log_warn("session %s (%s): %s; given up after %u restarts in %llu ms",
                 session->id, module_name(session->module), words,
                 session->history.count,
                 (unsigned long long)module_settings(session->module)
                     ->max_seconds);
        session_apply(session, EVENT_GIVE_UP);
        return;
    }
}

static void act_retry(struct session *session)
{
    session->restarts++;
    if (renew_listener(session) < 0 || launch(session) < 0) {
        log_error("session %s (%s): cannot be restarted: %s", session->id,
                  module_name(session->module), strerrordesc_np(errno));
        session->last_end = (struct end){.kind = END_UNBORN};
        session_apply(session, EVENT_GONE);
    }
}

static void session_destroy(struct session *session)
{
    const struct session_world *world = session->world;

    assert(!session->process);
    event_del(&session->deadline);
    registry_remove(world->registry, session->entry);
    module_count_session(session->module, -1);
    close_listener(session);
    free(session->arg);
    free(session->text);
    session->magic = 0;
    free(session);
}

/* In words: what its tombstone says. */
static void describe_fate(const struct session *session, char *out,
                          size_t out_size)
{
    char words[END_TEXT_MAX];

    end_text(&session->last_end, words);
    if (session->stop_requested)
        snprintf(out, out_size, "stopped on request");
    else if (session->given_up)
        snprintf(out, out_size, "given up after %u restarts; last: %s",
                 session->restarts, words);
    else
        snprintf(out, out_size, "%s", words);
}

/* Those who wait are told when the ID is free again: their next start must not
 * meet the old session. */
static void act_gone(struct session *session)
{
    const struct session_world *world = session->world;
    struct waiter_list waiters = STAILQ_HEAD_INITIALIZER(waiters);
    enum sp_error error = session->error;
    char *text = session->text;
    char words[END_TEXT_MAX];
    char fate[TOMBSTONE_TEXT_SIZE];

    end_text(&session->last_end, words);
    if (session->was_ready) {
        log_info("session %s (%s): gone: %s", session->id,
                 module_name(session->module), words);
        describe_fate(session, fate, sizeof fate);
        world->on_gone(world->context, session->id, fate);
    }
    STAILQ_CONCAT(&waiters, &session->waiters);
    session->text = NULL;
    session_destroy(session);
    tell(&waiters, true, error, text ? text : sp_strerror(error), 0);
    tell(&waiters, false, SP_OK, "", 0);
    free(text);
    if (world->registry->count == 0)
        world->on_empty(world->context);
}

/* ---- the table ---- */

static const struct row {
    enum session_state state;
    enum session_event event;
    enum session_state next;
    void (*act)(struct session *session); /* may free the session */
} rows[] = {
    {SESSION_STARTING, EVENT_READY, SESSION_RUNNING, act_ready},
    {SESSION_STARTING, EVENT_STOP, SESSION_STOPPING, act_stop},
    {SESSION_STARTING, EVENT_GONE, SESSION_BACKOFF, act_ended},
    {SESSION_RUNNING, EVENT_STOP, SESSION_STOPPING, act_stop},
    {SESSION_RUNNING, EVENT_GONE, SESSION_BACKOFF, act_ended},
    {SESSION_BACKOFF, EVENT_DEADLINE, SESSION_STARTING, act_retry},
    {SESSION_BACKOFF, EVENT_GIVE_UP, SESSION_GONE, act_gone},
    {SESSION_BACKOFF, EVENT_STOP, SESSION_GONE, act_gone},
    {SESSION_STOPPING, EVENT_DEADLINE, SESSION_STOPPING, act_kill},
    {SESSION_STOPPING, EVENT_GONE, SESSION_GONE, act_gone},
};
#define ROWS (sizeof rows / sizeof rows[0])

const char *session_state_name(enum session_state state)
{
    switch (state) {
#define CASE(NAME, name)                                                       \
    case SESSION_##NAME:                                                       \
        return name;
        SESSION_STATE_TABLE(CASE)
#undef CASE
    }
    return "?";
}

/* An event that has no row in this state changes nothing: a second stop, or a
 * "ready" that crossed one. */
static void session_apply(struct session *session, enum session_event event)
{
    for (size_t i = 0; i < ROWS; i++) {
        const struct row *row = &rows[i];

        if (row->state != session->state || row->event != event)
            continue;
        log_debug("session %s: %s: %s -> %s", session->id, event_names[event],
                  session_state_name(row->state),
                  session_state_name(row->next));
        session->state = row->next;
        row->act(session);
        return;
    }
}

static void on_deadline(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    session_apply(MAGIC_CAST(session, SESSION_MAGIC, arg), EVENT_DEADLINE);
}

/* ---- start and stop ---- */

static enum sp_error fail_start(struct session *session, const char *what,
                                char *out_text, size_t text_size)
{
    enum sp_error error = errno == ENOMEM ? SP_ENOMEM
                          : errno == EMFILE || errno == ENFILE ? SP_ELIMIT
                                                               : SP_ESYSTEM;

    snprintf(out_text, text_size, "%s: %s", what, strerrordesc_np(errno));
    log_error("session %s (%s): %s", session->id, module_name(session->module),
              out_text);
    close_listener(session);
    if (session->entry)
        registry_remove(session->world->registry, session->entry);
    free(session->arg);
    free(session);
    return error;
}

/* The kernel gives the lowest free number: one close to the limit says that
 * descriptors run out.  What is left is for restarts and for the control
 * socket. */
static bool leaves_reserve(int fd)
{
    if (fd + DESCRIPTOR_RESERVE < sysconf(_SC_OPEN_MAX))
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

    if (!session) {
        free(plan->arg);
        snprintf(out_text, text_size, "out of memory");
        return SP_ENOMEM;
    }
    session->magic = SESSION_MAGIC;
    session->state = SESSION_STARTING;
    session->world = world;
    session->module = plan->module;
    session->arg = plan->arg;
    session->arg_size = plan->arg_size;
    session->listener_fd = -1;
    session->started_ms = clock_now_ms();
    STAILQ_INIT(&session->waiters);
    snprintf(session->id, sizeof session->id, "%s", plan->id);
    evtimer_assign(&session->deadline, world->base, on_deadline, session);
    session->entry = registry_add(world->registry, plan->id, session);
    if (!session->entry)
        return fail_start(session, "registry", out_text, text_size);
    if (open_listener(session) < 0 || !leaves_reserve(session->listener_fd))
        return fail_start(session, "its socket", out_text, text_size);
    if (launch(session) < 0)
        return fail_start(session, "its process", out_text, text_size);
    module_count_session(session->module, 1);
    *out_session = session;
    return SP_OK;
}

void session_stop(struct session *session, enum session_stop_reason reason)
{
    session->stop_reason = reason;
    session->stop_requested = true;
    session_apply(session, EVENT_STOP);
}

void session_kill(struct session *session)
{
    if (session->process)
        process_signal(session->process, SIGKILL);
}

/* ---- what there is to know ---- */

const char *session_id(const struct session *session)
{
    return session->id;
}

const char *session_module_name(const struct session *session)
{
    return module_name(session->module);
}

enum session_state session_state(const struct session *session)
{
    return session->state;
}

int session_was_ready(const struct session *session)
{
    return session->was_ready;
}

pid_t session_pid(const struct session *session)
{
    return session->process ? process_pid(session->process) : 0;
}

unsigned session_restarts(const struct session *session)
{
    return session->restarts;
}

int64_t session_age_ms(const struct session *session)
{
    return clock_now_ms() - session->started_ms;
}

const struct end *session_last_end(const struct session *session)
{
    return &session->last_end;
}
