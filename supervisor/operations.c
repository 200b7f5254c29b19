/* SPDX-License-Identifier: MIT */
/* The operations that do something to sessions, or to spd. */
#define _GNU_SOURCE
#include <stdio.h>
#include <unistd.h>

#include <sp/version.h>

#include "admission.h"
#include "base/clock.h"
#include "control_own.h"
#include "module.h"
#include "reload.h"
#include "supervisor.h"

void op_ping(const struct question *question)
{
    json_t *object = control_answer_ok();

    if (object) {
        json_object_set_new(object, "version", json_string(SP_VERSION));
        json_object_set_new(object, "pid", json_integer(getpid()));
    }
    answer(question->call, object);
}

/* ---- start ---- */

static void told_started(void *context, enum sp_error error, const char *text,
                         pid_t pid)
{
    if (error == SP_OK)
        answer_pid(context, pid);
    else
        answer_error(context, error, text);
}

static void answer_already(struct endpoint_call *call, pid_t pid)
{
    json_t *object = control_answer_error(SP_EALREADY, NULL);

    if (object)
        json_object_set_new(object, "pid", json_integer(pid));
    answer(call, object);
}

/* Somebody else's start, which this caller waited for, has succeeded. */
static void told_already(void *context, enum sp_error error, const char *text,
                         pid_t pid)
{
    if (error == SP_OK)
        answer_already(context, pid);
    else
        answer_error(context, error, text);
}

static void wait_or_fail(const struct question *question,
                         struct session *session, enum wait_for what,
                         waiter_told_fn *told)
{
    if (!session_wait(session, what, told, question->call))
        answer_error(question->call, SP_ENOMEM, NULL);
}

static void refuse(const struct question *question, const struct module *module,
                   enum sp_error error, const char *text)
{
    supervisor_tell_refusal(question->supervisor, question->request->id,
                            module ? module_name(module)
                                   : question->request->module,
                            error, text);
    answer_error(question->call, error, text);
}

static void start_new(const struct question *question)
{
    struct supervisor *supervisor = question->supervisor;
    struct control_request *request = question->request;
    struct session_plan plan = {.id = request->id, .uid = question->by.uid};
    struct session *session;
    char text[SP_TEXT_MAX + 1];
    enum sp_error error;

    error = admission_ask(question, &plan.module, text, sizeof text);
    if (error != SP_OK) {
        refuse(question, plan.module, error, text);
        return;
    }
    plan.arg = request->arg;
    plan.arg_size = request->arg_size;
    request->arg = NULL; /* taken */
    error = session_start(&supervisor->world, &plan, &session, text,
                          sizeof text);
    if (error != SP_OK) {
        supervisor->counters.refused_resources++;
        users_end(&supervisor->users, plan.uid, clock_now_ms());
        refuse(question, plan.module, error, text);
        return;
    }
    wait_or_fail(question, session, WAIT_STARTED, told_started);
}

void op_start(const struct question *question)
{
    struct session *session = registry_find(&question->supervisor->registry,
                                            question->request->id);

    if (!session)
        start_new(question);
    else if (session_was_ready(session))
        answer_already(question->call, session_pid(session));
    else
        wait_or_fail(question, session, WAIT_STARTED, told_already);
}

/* ---- stop and restart ---- */

static struct session *find_by_pid(const struct supervisor *supervisor,
                                   pid_t pid)
{
    struct process *process = process_find(&supervisor->processes, pid);

    return process && !process_pooled(process) ? process_owner(process) : NULL;
}

static void told_gone(void *context, enum sp_error error, const char *text,
                      pid_t pid)
{
    (void)error;
    (void)text;
    (void)pid;
    answer_done(context);
}

void op_stop(const struct question *question)
{
    const struct control_request *request = question->request;
    struct session_order order = {.asked = END_ASKED_STOP,
                                  .drain = request->drain,
                                  .by = question->by};
    struct session *session =
        request->keys & CONTROL_KEY_PID
            ? find_by_pid(question->supervisor, request->pid)
            : registry_find(&question->supervisor->registry, request->id);

    if (!session)
        answer_absent(question);
    else if (!session_wait(session, WAIT_GONE, told_gone, question->call))
        answer_error(question->call, SP_ENOMEM, NULL);
    else
        session_stop(session, &order);
}

void op_restart(const struct question *question)
{
    struct session *session = wanted_session(question);

    if (!session)
        return;
    if (session_state(session) == SESSION_STOPPING)
        answer_error(question->call, SP_ENOENT, "the session is stopping");
    else if (!session_wait(session, WAIT_READY, told_started, question->call))
        answer_error(question->call, SP_ENOMEM, NULL);
    else
        session_restart(session, question->by);
}

/* ---- what needs a process ---- */

static void answer_outcome(const struct question *question, enum sp_error error)
{
    if (error == SP_OK)
        answer_done(question->call);
    else
        answer_error(question->call, error,
                     "the session has no process that could be");
}

void op_pause(const struct question *question)
{
    struct session *session = wanted_session(question);

    if (session)
        answer_outcome(question, session_pause(session));
}

void op_resume(const struct question *question)
{
    struct session *session = wanted_session(question);

    if (session)
        answer_outcome(question, session_resume(session));
}

void op_signal(const struct question *question)
{
    struct session *session = wanted_session(question);

    if (session)
        answer_outcome(question,
                       session_signal(session, question->request->signal));
}

void op_touch(const struct question *question)
{
    struct session *session = wanted_session(question);

    if (!session)
        return;
    session_touch(session);
    answer_done(question->call);
}

/* ---- spd itself ---- */

void op_reload(const struct question *question)
{
    char text[SP_TEXT_MAX + 1];
    struct reload_report report;
    enum sp_error error = reload(question->supervisor, "on request", &report,
                                 text, sizeof text);
    json_t *names;

    if (error != SP_OK) {
        answer_error(question->call, error, text);
        return;
    }
    names = json_array();
    for (size_t i = 0; i < report.fixed_count; i++)
        json_array_append_new(names, json_string(report.fixed[i]));
    answer(question->call,
           json_pack("{s:b, s:i, s:i, s:i, s:o}", "ok", true, "changed",
                     (int)report.modules.changed, "added",
                     (int)report.modules.added, "removed",
                     (int)report.modules.removed, "restart_needed", names));
}
