/* SPDX-License-Identifier: MIT */
/* Requests on the control socket: who may, what is asked, the answer.  The
 * codec is wire/control.c, the connection endpoint/; here is one function an
 * operation. */
#define _GNU_SOURCE
#include "control.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <sp/version.h>

#include "base/clock.h"
#include "endpoint/endpoint.h"
#include "module.h"
#include "reload.h"
#include "supervisor.h"
#include "wire/control.h"

struct control {
    struct supervisor *supervisor; /* borrowed */
    struct endpoint *endpoint;     /* owned */
};

/* ---- answers ---- */

static void answer(struct endpoint_call *call, json_t *object)
{
    char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;

    json_decref(object);
    if (text)
        endpoint_reply(call, text, strlen(text));
    else
        endpoint_reply_error(call, SP_EPROTO, "out of memory", 13);
    free(text);
}

static void answer_error(struct endpoint_call *call, enum sp_error error,
                         const char *text)
{
    answer(call, control_answer_error(error, text));
}

static json_t *with_pid(json_t *object, pid_t pid)
{
    if (object)
        json_object_set_new(object, "pid", json_integer(pid));
    return object;
}

static json_t *describe(const struct session *session)
{
    char words[END_TEXT_MAX];

    end_text(session_last_end(session), words);
    return json_pack(
        "{s:s, s:s, s:s, s:i, s:i, s:I, s:s}", "id", session_id(session),
        "module", session_module_name(session), "state",
        session_state_name(session_state(session)), "pid",
        (int)session_pid(session), "restarts", (int)session_restarts(session),
        "age_ms", (json_int_t)session_age_ms(session), "last_end", words);
}

/* "no such session", and how it ended if that is known. */
static void answer_absent(struct supervisor *supervisor,
                          struct endpoint_call *call, const char *id)
{
    char text[TOMBSTONE_TEXT_SIZE + 64];
    int64_t age_ms;
    const char *fate = tombstones_find(&supervisor->tombstones, id,
                                       clock_now_ms(), &age_ms);

    if (fate)
        snprintf(text, sizeof text, "%s (%s, %lld s ago)",
                 sp_strerror(SP_ENOENT), fate, (long long)(age_ms / 1000));
    answer_error(call, SP_ENOENT, fate ? text : NULL);
}

/* ---- operations ---- */

static void op_ping(struct supervisor *supervisor, struct endpoint_call *call,
                    struct control_request *request)
{
    json_t *object = control_answer_ok();

    (void)supervisor;
    (void)request;
    if (object)
        json_object_set_new(object, "version", json_string(SP_VERSION));
    answer(call, with_pid(object, getpid()));
}

static void told_started(void *context, enum sp_error error, const char *text,
                         pid_t pid)
{
    if (error == SP_OK)
        answer(context, with_pid(control_answer_ok(), pid));
    else
        answer_error(context, error, text);
}

static void answer_already(struct endpoint_call *call, pid_t pid)
{
    answer(call, with_pid(control_answer_error(SP_EALREADY, NULL), pid));
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

static void wait_or_fail(struct endpoint_call *call, enum sp_error error)
{
    if (error != SP_OK)
        answer_error(call, error, NULL);
}

/* After "is it started already?": may there be one more?  The order is part of
 * the protocol. */
static enum sp_error admit(const struct supervisor *supervisor,
                           const struct control_request *request,
                           struct module **out_module, char *text,
                           size_t text_size)
{
    const struct supervisor_settings *settings =
        &supervisor->config.supervisor;

    if (supervisor->stopping) {
        snprintf(text, text_size, "the supervisor is stopping");
        return SP_ENOSUP;
    }
    *out_module = supervisor_module(supervisor, request->module);
    if (!*out_module) {
        snprintf(text, text_size, "unknown module '%s'", request->module);
        return SP_EMODULE;
    }
    if (request->arg_size > settings->max_arg) {
        snprintf(text, text_size,
                 "the argument has %zu bytes, more than max_arg = %llu",
                 request->arg_size, (unsigned long long)settings->max_arg);
        return SP_EMSGSIZE;
    }
    if (supervisor->registry.count >= settings->max_sessions) {
        snprintf(text, text_size, "max_sessions = %llu are running",
                 (unsigned long long)settings->max_sessions);
        return SP_ELIMIT;
    }
    return SP_OK;
}

static void op_start(struct supervisor *supervisor, struct endpoint_call *call,
                     struct control_request *request)
{
    struct session *session = registry_find(&supervisor->registry, request->id);
    struct session_plan plan = {.id = request->id};
    char text[SP_TEXT_MAX + 1];
    enum sp_error error;

    if (session && session_was_ready(session)) {
        answer_already(call, session_pid(session));
        return;
    }
    if (session) {
        wait_or_fail(call, session_wait_started(session, told_already, call));
        return;
    }
    error = admit(supervisor, request, &plan.module, text, sizeof text);
    if (error == SP_OK) {
        plan.arg = request->arg;
        plan.arg_size = request->arg_size;
        request->arg = NULL; /* taken */
        error = session_start(&supervisor->world, &plan, &session, text,
                              sizeof text);
    }
    if (error == SP_OK)
        wait_or_fail(call, session_wait_started(session, told_started, call));
    else
        answer_error(call, error, text);
}

static struct session *find_by_pid(const struct supervisor *supervisor,
                                   pid_t pid)
{
    struct process *process = process_find(&supervisor->processes, pid);

    return process ? process_owner(process) : NULL;
}

static void told_gone(void *context, enum sp_error error, const char *text,
                      pid_t pid)
{
    (void)error;
    (void)text;
    (void)pid;
    answer(context, control_answer_ok());
}

static void op_stop(struct supervisor *supervisor, struct endpoint_call *call,
                    struct control_request *request)
{
    struct session *session =
        request->keys & CONTROL_KEY_PID
            ? find_by_pid(supervisor, request->pid)
            : registry_find(&supervisor->registry, request->id);
    enum sp_error error;

    if (!session) {
        answer_absent(supervisor, call, request->id);
        return;
    }
    error = session_wait_gone(session, told_gone, call);
    if (error == SP_OK)
        session_stop(session, SESSION_STOP_ASKED);
    else
        answer_error(call, error, NULL);
}

static void op_info(struct supervisor *supervisor, struct endpoint_call *call,
                    struct control_request *request)
{
    const struct session *session =
        registry_find(&supervisor->registry, request->id);
    json_t *object;

    if (!session) {
        answer_absent(supervisor, call, request->id);
        return;
    }
    object = control_answer_ok();
    if (object)
        json_object_set_new(object, "session", describe(session));
    answer(call, object);
}

static void op_list(struct supervisor *supervisor, struct endpoint_call *call,
                    struct control_request *request)
{
    size_t count;
    struct session **sessions = registry_sorted(&supervisor->registry, &count);
    json_t *array = json_array();
    json_t *object = control_answer_ok();

    (void)request;
    if (!sessions || !array || !object) {
        free(sessions);
        json_decref(array);
        json_decref(object);
        answer_error(call, SP_ENOMEM, NULL);
        return;
    }
    for (size_t i = 0; i < count; i++)
        json_array_append_new(array, describe(sessions[i]));
    free(sessions);
    json_object_set_new(object, "sessions", array);
    answer(call, object);
}

static void op_modules(struct supervisor *supervisor,
                       struct endpoint_call *call,
                       struct control_request *request)
{
    const char *chosen = supervisor->config.supervisor.default_module;
    json_t *array = json_array();
    json_t *object = control_answer_ok();

    (void)request;
    for (size_t i = 0; i < supervisor->catalog.count; i++) {
        const struct module *module = supervisor->catalog.modules[i];
        const char *name = module_name(module);

        json_array_append_new(
            array, json_pack("{s:s, s:s, s:b, s:i}", "name", name, "path",
                             module_settings(module)->path, "default",
                             strcmp(name, chosen) == 0, "sessions",
                             (int)catalog_sessions(&supervisor->catalog,
                                                   name)));
    }
    if (object)
        json_object_set_new(object, "modules", array);
    else
        json_decref(array);
    answer(call, object);
}

static void op_reload(struct supervisor *supervisor, struct endpoint_call *call,
                      struct control_request *request)
{
    char text[SP_TEXT_MAX + 1];
    struct reload_report report;
    enum sp_error error =
        reload(supervisor, "on request", &report, text, sizeof text);
    json_t *names;

    (void)request;
    if (error != SP_OK) {
        answer_error(call, error, text);
        return;
    }
    names = json_array();
    for (size_t i = 0; i < report.fixed_count; i++)
        json_array_append_new(names, json_string(report.fixed[i]));
    answer(call,
           json_pack("{s:b, s:i, s:i, s:i, s:o}", "ok", true, "changed",
                     (int)report.modules.changed, "added",
                     (int)report.modules.added, "removed",
                     (int)report.modules.removed, "restart_needed", names));
}

/* PENDING: each of these gets its function. */
#define NOT_YET(op)                                                            \
    static void op_##op(struct supervisor *supervisor,                         \
                        struct endpoint_call *call,                            \
                        struct control_request *request)                       \
    {                                                                          \
        (void)supervisor;                                                      \
        (void)request;                                                         \
        answer_error(call, SP_EINVAL, #op ": not yet");                        \
    }
NOT_YET(restart)
NOT_YET(pause)
NOT_YET(resume)
NOT_YET(signal)
NOT_YET(touch)
NOT_YET(wait)
NOT_YET(cause)
NOT_YET(events)
NOT_YET(stats)

static void (*const operations[])(struct supervisor *supervisor,
                                  struct endpoint_call *call,
                                  struct control_request *request) = {
#define ROW(op, NAME, one_of, optional) op_##op,
    CONTROL_OP_TABLE(ROW)
#undef ROW
};

/* ---- who may ---- */

static bool in_groups(int socket_fd, gid_t group)
{
    gid_t groups[1024];
    socklen_t size = sizeof groups;

    if (getsockopt(socket_fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size) < 0)
        return false;
    for (size_t i = 0; i < size / sizeof groups[0]; i++)
        if (groups[i] == group)
            return true;
    return false;
}

static bool allowed(const struct supervisor *supervisor, int socket_fd)
{
    const struct runtime *runtime = &supervisor->runtime;
    struct ucred peer;
    socklen_t size = sizeof peer;

    if (getsockopt(socket_fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
        return false;
    return peer.uid == 0 || peer.uid == geteuid() ||
           (runtime->shared && (peer.gid == runtime->group ||
                                in_groups(socket_fd, runtime->group)));
}

static void on_call(void *context, struct endpoint_call *call,
                    const uint8_t *data, size_t size)
{
    struct control *control = context;
    struct control_request request;
    char text[SP_TEXT_MAX + 1];
    enum sp_error error;

    if (!allowed(control->supervisor, endpoint_call_socket(call))) {
        answer_error(call, SP_EPERM, NULL);
        return;
    }
    error = control_request_decode(data, size, &request, text, sizeof text);
    if (error != SP_OK) {
        answer_error(call, error, text);
        return;
    }
    operations[request.op](control->supervisor, call, &request);
    control_request_fini(&request);
}

static const struct endpoint_handlers handlers = {.on_call = on_call};

/* ---- life ---- */

struct control *control_create(struct supervisor *supervisor, int listen_fd)
{
    struct endpoint_limits limits = ENDPOINT_LIMITS_DEFAULT;
    struct control *control = calloc(1, sizeof *control);

    if (!control)
        return NULL;
    limits.max_message = CONTROL_REQUEST_MAX;
    limits.max_connections =
        (unsigned)supervisor->config.supervisor.control_connections;
    control->supervisor = supervisor;
    control->endpoint = endpoint_create(supervisor->base, listen_fd, &limits,
                                        &handlers, control);
    if (!control->endpoint) {
        free(control);
        return NULL;
    }
    return control;
}

void control_destroy(struct control *control)
{
    if (!control)
        return;
    endpoint_destroy(control->endpoint);
    free(control);
}

bool control_flushed(const struct control *control)
{
    return endpoint_flushed(control->endpoint);
}
