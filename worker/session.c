/* SPDX-License-Identifier: MIT */
/* The life of a session process, from the fork to its exit:
 *
 *   sandbox -> hygiene -> start record -> hello -> init -> ready -> serve
 *           -> terminate -> exit
 *
 * A pooled one says hello and waits for its start record; all that needs none
 * is done before.
 *
 * Called by template.c; the endpoint does the talking, serve.c what goes with
 * each message, the module the work. */
#define _GNU_SOURCE
#include "session.h"

#include <errno.h>
#include <event2/event_struct.h>
#include <signal.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/clock.h"
#include "canary.h"
#include "hygiene.h"
#include "report.h"
#include "sandbox/sandbox.h"
#include "serve.h"
#include "warm.h"

/* How long an ending session waits for clients to take their last replies. */
#define FLUSH_MS 1000
/* How long one that is to be recycled answers what has arrived; its listener is
 * not served meanwhile. */
#define RECYCLE_MS 5000
/* How long all others wait for the reader of a large reply: 10 MiB can have left
 * by then. */
#define READER_WAIT_MS 2

void session_set_comm(const char *prefix, const char *name)
{
    char comm[16] = ""; /* TASK_COMM_LEN */

    strncat(comm, prefix, 4);
    strncat(comm, name, 11);
    prctl(PR_SET_NAME, comm, 0, 0, 0);
}

void session_end(struct sp_session *session, enum sp_end end, const char *text)
{
    if (session->ending)
        return;
    session->ending = true;
    session->end = end;
    snprintf(session->text, sizeof session->text, "%s", text ? text : "");
    if (session->endpoint)
        endpoint_quiesce(session->endpoint);
    event_base_loopbreak(session->base);
}

static void on_drained(void *context)
{
    struct sp_session *session = context;

    session_end(session, session->drain_end, session->drain_text);
}

void session_drain(struct sp_session *session, enum endpoint_backlog backlog,
                   enum sp_end end, const char *text)
{
    if (session->ending)
        return;
    session->draining = true;
    session->drain_backlog = backlog;
    session->drain_end = end;
    snprintf(session->drain_text, sizeof session->drain_text, "%s", text);
    if (session->endpoint) /* else as soon as there is one */
        endpoint_drain(session->endpoint, backlog, on_drained);
}

static void on_recycle_late(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    on_drained(arg);
}

void session_recycle(struct sp_session *session, const char *text)
{
    static const struct timeval wait = {RECYCLE_MS / 1000, 0};

    if (session->ending || session->draining)
        return;
    session_drain(session, ENDPOINT_BACKLOG_LEAVE, SP_END_RECYCLE, text);
    event_base_once(session->base, -1, EV_TIMEOUT, on_recycle_late, session,
                    &wait);
}

/* ---- start ---- */

static void say(int start_fd, enum hello_message type, const char *text)
{
    struct hello_record record = {.type = type};
    ssize_t sent;

    strncat(record.text, text, sizeof record.text - 1);
    do
        sent = send(start_fd, &record, sizeof record, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    if (sent != (ssize_t)sizeof record)
        _exit(WORKER_EXIT_RUNTIME); /* spd has given this start up */
}

/* The argument has memory of its own: what is not written to costs nothing, and
 * what was is given back behind init.  A page begins there. */
static alignas(SLOT_SIZE) char argument[START_ARG_MAX];

static void mask_signal(int how)
{
    sigset_t look;

    sigemptyset(&look);
    sigaddset(&look, SESSION_SIGNAL_LOOK);
    if (sigprocmask(how, &look, NULL) < 0)
        _exit(WORKER_EXIT_RUNTIME);
}

static bool has_come(int start_fd)
{
    ssize_t got;

    do
        got = recv(start_fd, NULL, 0, MSG_PEEK | MSG_DONTWAIT);
    while (got < 0 && errno == EINTR);
    return got >= 0 || errno != EAGAIN;
}

/* It is there already, unless this process is pooled: true.  One that waits is
 * nobody's session, and is ended by the signal that would stop one. */
static bool receive_start(const struct sp_session *session, int start_fd,
                          struct start_record *out_start)
{
    struct iovec iov[2] = {{out_start, sizeof *out_start},
                           {argument, sizeof argument}};
    bool waits = !has_come(start_fd);
    ssize_t got;

    if (waits) {
        session_set_comm("spp:", "pooled");
        warm_up(session->slot);
        mask_signal(SIG_UNBLOCK);
        say(start_fd, HELLO_HELLO, "");
    }
    do
        got = readv(start_fd, iov, 2);
    while (got < 0 && errno == EINTR);
    if (waits)
        mask_signal(SIG_BLOCK);
    if (got < 0 || !start_record_valid(out_start, (size_t)got))
        _exit(WORKER_EXIT_RUNTIME);
    return waits;
}

static void forget_argument(const struct start_record *start)
{
    if (start->arg_size > 0)
        madvise(argument, sizeof argument, MADV_DONTNEED);
}

/* What is needed of it after init. */
static void take_start(struct sp_session *session,
                       const struct start_record *start)
{
    memcpy(session->id, start->id, sizeof session->id);
    memcpy(session->ended, start->ended, sizeof session->ended);
    session->max_message = start->max_message;
    session->max_calls = start->max_calls;
    session->max_memory = start->max_memory;
    session->slow_call = start->slow_call;
}

static void on_signal(evutil_socket_t number, short what, void *arg)
{
    struct sp_session *session = arg;
    struct report_order order;

    (void)what;
    (void)number;
    report_order_get(session->slot, &order);
    switch (order.command) {
    case SLOT_GO_ON: /* it is not spd who sent it */
        session_end(session, SP_END_STOP, "");
        return;
    case SLOT_STOP:
        session_end(session, order.end, order.text);
        return;
    case SLOT_DRAIN:
        session_drain(session, ENDPOINT_BACKLOG_SERVE, order.end, order.text);
        return;
    }
}

static struct event_base *create_base(void)
{
    struct event_config *config = event_config_new();
    struct event_base *base = NULL;

    if (config &&
        event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK) == 0 &&
        event_config_set_flag(config, EVENT_BASE_FLAG_IGNORE_ENV) == 0 &&
        event_config_set_flag(config, EVENT_BASE_FLAG_NO_CACHE_TIME) == 0)
        base = event_base_new_with_config(config);
    if (config)
        event_config_free(config);
    return base;
}

/* The signal has been blocked since the fork: from here on it is seen, however
 * early it came. */
static void watch_signal(struct sp_session *session, struct event *event)
{
    if (event_assign(event, session->base, SESSION_SIGNAL_LOOK,
                     EV_SIGNAL | EV_PERSIST, on_signal, session) < 0 ||
        event_add(event, NULL) < 0)
        _exit(WORKER_EXIT_RUNTIME);
    mask_signal(SIG_UNBLOCK);
}

/* Each record is a turn of spd's: what takes no time needs no hello before it.
 * What is to be said when init has succeeded. */
static enum hello_message start_hello(const struct sp_session *session,
                                      bool pooled, int start_fd)
{
    if (pooled)
        return HELLO_READY; /* it has said hello */
    if (!session->module->init)
        return HELLO_AT_ONCE;
    say(start_fd, HELLO_HELLO, "");
    return HELLO_READY;
}

/* Runs the module's init and tells spd how it went; ends the process unless it
 * went well. */
static void run_init(struct sp_session *session,
                     const struct start_record *start, bool pooled,
                     int start_fd)
{
    enum hello_message ready = start_hello(session, pooled, start_fd);
    enum sp_init outcome = SP_INIT_OK;

    report_begin(session->slot, SLOT_INIT, NULL);
    if (session->module->init)
        outcome = session->module->init(session, argument, start->arg_size,
                                        &session->state);
    report_end(session->slot);
    switch (outcome) {
    case SP_INIT_OK:
        say(start_fd, ready, "");
        return;
    case SP_INIT_IGNORE:
        say(start_fd, HELLO_IGNORED, "");
        break;
    case SP_INIT_FAIL:
        say(start_fd, HELLO_INIT_ERROR, session->text);
        break;
    }
    exit(WORKER_EXIT_INIT);
}

static void open_endpoint(struct sp_session *session, int listener_fd,
                          const struct start_record *start)
{
    struct endpoint_limits limits = ENDPOINT_LIMITS_DEFAULT;

    limits.max_message = start->max_message;
    limits.max_connections = start->max_connections;
    limits.reader_wait_ms = READER_WAIT_MS;
    session->endpoint = endpoint_create(session->base, listener_fd, &limits,
                                        &serve_handlers, session);
    if (!session->endpoint)
        _exit(WORKER_EXIT_RUNTIME);
    if (session->ending) /* init, or a signal during it, asked for it */
        endpoint_quiesce(session->endpoint);
    else if (session->draining)
        endpoint_drain(session->endpoint, session->drain_backlog, on_drained);
}

/* ---- serving ---- */

/* After a batch: looks at all that the loop waits for, until there is more to
 * do for clients, or the time is up. */
static void look_again(struct sp_session *session)
{
    uint64_t handled = report_handled(session->slot);
    unsigned batch = session->batch;
    bool came = false;

    session->batch = 0;
    if (!patience_begin(&session->patience, batch))
        return;
    do {
        event_base_loop(session->base, EVLOOP_NONBLOCK);
        came = report_handled(session->slot) != handled;
    } while (!came && !session->ending && patience_lasts(&session->patience));
    patience_end(&session->patience, came);
    endpoint_set_eager(session->endpoint, session->patience.pays);
}

static void serve(struct sp_session *session)
{
    while (!session->ending) {
        if (session->batch == 0 && event_base_dispatch(session->base) < 0)
            _exit(WORKER_EXIT_RUNTIME);
        if (session->batch > 0)
            look_again(session);
    }
}

/* ---- end ---- */

/* Lets clients take what they were answered, for a while. */
static void flush_replies(struct sp_session *session)
{
    int64_t deadline = deadline_after(FLUSH_MS);
    struct timeval look_again = {0, 100 * 1000};

    while (!endpoint_flushed(session->endpoint) &&
           deadline_left(deadline) > 0) {
        event_base_loopexit(session->base, &look_again);
        event_base_loop(session->base, EVLOOP_ONCE);
    }
}

static _Noreturn void finish(struct sp_session *session)
{
    report_begin(session->slot, SLOT_TERMINATE, NULL);
    if (session->module->terminate)
        session->module->terminate(session, session->state, session->end,
                                   session->text);
    report_end(session->slot);
    flush_replies(session);
    report_goodbye(session->slot, session->end, session->text);
    /* The kernel gives back what there is.  Nothing of the module's runs behind
     * terminate, and exit() alone took a third of the time of an end: pages
     * that no session has touched before. */
    fflush(NULL);
    _exit(session->end == SP_END_FAILED ? WORKER_EXIT_FAILED
                                       : WORKER_EXIT_NORMAL);
}

/* ---- the whole of it ---- */

_Noreturn void session_run(pid_t supervisor, const struct sp_module *module,
                           struct sandbox *sandbox, const int fds[FORK_FDS],
                           uint32_t page)
{
    /* the process's one session: it lives as long as the process */
    static struct sp_session session;
    int listener_fd = fds[FORK_FD_LISTENER], start_fd = fds[FORK_FD_START];
    struct start_record start;
    struct event look;
    bool pooled;

    canary_renew();
    session.slot = report_open(WORKER_SLOTS_FD, page);
    if (!session.slot || sandbox_enter(sandbox) < 0)
        _exit(WORKER_EXIT_RUNTIME);
    if (hygiene_session(sandbox_parent(sandbox, supervisor), &listener_fd,
                        &start_fd, fds[FORK_FD_LOG]) < 0)
        _exit(errno == ESRCH ? WORKER_EXIT_ORPHAN : WORKER_EXIT_RUNTIME);

    session.module = module;
    session.pid = getpid();
    session.base = create_base();
    if (!session.base)
        _exit(WORKER_EXIT_RUNTIME);
    pooled = receive_start(&session, start_fd, &start);
    take_start(&session, &start);
    session_set_comm("sp:", session.id);
    watch_signal(&session, &look);

    run_init(&session, &start, pooled, start_fd);
    open_endpoint(&session, listener_fd, &start);
    close(start_fd);
    forget_argument(&start);
    serve(&session);
    finish(&session);
}
