/* SPDX-License-Identifier: MIT */
/* The life of a session process, from the fork to its exit:
 *
 *   hygiene -> hello -> (sandbox) -> start record -> init -> ready -> serve
 *           -> terminate -> exit
 *
 * Called by template.c; the endpoint does the talking, the module the work. */
#define _GNU_SOURCE
#include "session.h"

#include <errno.h>
#include <event2/event_struct.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "hygiene.h"

/* How long an ending session waits for clients to take their last replies. */
#define FLUSH_MS 1000

void session_set_comm(const char *prefix, const char *name)
{
    char comm[16]; /* TASK_COMM_LEN */

    snprintf(comm, sizeof comm, "%.4s%.11s", prefix, name);
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

/* ---- what clients send ---- */

static void on_call(void *context, struct endpoint_call *call,
                    const uint8_t *data, size_t size)
{
    struct sp_session *session = context;
    enum sp_handled handled = SP_UNKNOWN;

    if (session->module->handle_call)
        handled = session->module->handle_call(
            session, session->state, (struct sp_call *)call, data, size);
    if (handled == SP_UNKNOWN) {
        const char *text = sp_strerror(SP_EREQUEST);

        endpoint_reply_error(call, SP_EREQUEST, text, strlen(text));
    }
}

static void on_cast(void *context, const uint8_t *data, size_t size)
{
    struct sp_session *session = context;

    if (session->module->handle_cast)
        session->module->handle_cast(session, session->state, data, size);
}

static const struct endpoint_handlers handlers = {.on_call = on_call,
                                                 .on_cast = on_cast};

/* ---- start ---- */

static void say(int start_fd, enum hello_message type, const char *text)
{
    struct hello_record record = {.type = type};
    ssize_t sent;

    snprintf(record.text, sizeof record.text, "%s", text);
    do
        sent = send(start_fd, &record, sizeof record, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    if (sent != (ssize_t)sizeof record)
        _exit(WORKER_EXIT_RUNTIME); /* spd has given this start up */
}

/* The start record and its argument, behind it in the same piece of memory,
 * which is free()d with it. */
static struct start_record *receive_start(int start_fd)
{
    size_t size = sizeof(struct start_record) + START_ARG_MAX;
    struct start_record *start = malloc(size);
    struct start_record *shrunk;
    ssize_t got;

    if (!start)
        _exit(WORKER_EXIT_RUNTIME);
    do
        got = recv(start_fd, start, size, 0);
    while (got < 0 && errno == EINTR);
    if (got < 0 || !start_record_valid(start, (size_t)got))
        _exit(WORKER_EXIT_RUNTIME);
    shrunk = realloc(start, (size_t)got);
    return shrunk ? shrunk : start;
}

static void on_signal(evutil_socket_t number, short what, void *arg)
{
    (void)what;
    (void)number;
    session_end(arg, SP_END_STOP, NULL);
}

static struct event_base *create_base(void)
{
    struct event_config *config = event_config_new();
    struct event_base *base = NULL;

    if (config &&
        event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK) == 0 &&
        event_config_set_flag(config, EVENT_BASE_FLAG_IGNORE_ENV) == 0)
        base = event_base_new_with_config(config);
    if (config)
        event_config_free(config);
    return base;
}

static void watch_signal(struct sp_session *session, struct event *event,
                         int number)
{
    if (event_assign(event, session->base, number, EV_SIGNAL | EV_PERSIST,
                     on_signal, session) < 0 ||
        event_add(event, NULL) < 0)
        _exit(WORKER_EXIT_RUNTIME);
}

/* Runs the module's init and tells spd how it went; ends the process unless it
 * went well. */
static void run_init(struct sp_session *session,
                     const struct start_record *start, int start_fd)
{
    enum sp_init outcome = SP_INIT_OK;

    if (session->module->init)
        outcome = session->module->init(session, start + 1, start->arg_size,
                                        &session->state);
    switch (outcome) {
    case SP_INIT_OK:
        say(start_fd, HELLO_READY, "");
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
    session->endpoint = endpoint_create(session->base, listener_fd, &limits,
                                        &handlers, session);
    if (!session->endpoint)
        _exit(WORKER_EXIT_RUNTIME);
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
    if (session->module->terminate)
        session->module->terminate(session, session->state, session->end,
                                   session->text);
    flush_replies(session);
    session_timers_fini(&session->timers);
    endpoint_destroy(session->endpoint);
    exit(session->end == SP_END_FAILED ? WORKER_EXIT_FAILED
                                       : WORKER_EXIT_NORMAL);
}

/* ---- the whole of it ---- */

_Noreturn void session_run(pid_t supervisor, const struct sp_module *module,
                           int listener_fd, int start_fd, int log_fd)
{
    /* the process's one session: it lives as long as the process */
    static struct sp_session session;
    struct event look;
    struct start_record *start;

    if (hygiene_session(supervisor, &listener_fd, &start_fd, log_fd) < 0)
        _exit(errno == ESRCH ? WORKER_EXIT_ORPHAN : WORKER_EXIT_RUNTIME);
    say(start_fd, HELLO_HELLO, "");
    /* The session's own part of the sandbox goes here: before it reads its
     * first message. */
    start = receive_start(start_fd);

    session.module = module;
    memcpy(session.id, start->id, sizeof session.id);
    session_set_comm("sp:", session.id);
    setvbuf(stdout, NULL, _IOLBF, 0);
    session.base = create_base();
    if (!session.base)
        _exit(WORKER_EXIT_RUNTIME);
    watch_signal(&session, &look, SESSION_SIGNAL_LOOK);

    run_init(&session, start, start_fd);
    open_endpoint(&session, listener_fd, start);
    close(start_fd);
    free(start);
    if (session.ending) /* init asked for it */
        endpoint_quiesce(session.endpoint);
    while (!session.ending)
        if (event_base_dispatch(session.base) < 0)
            _exit(WORKER_EXIT_RUNTIME);
    finish(&session);
}
