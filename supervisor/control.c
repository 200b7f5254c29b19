/* SPDX-License-Identifier: MIT */
/* Requests on the control socket: who may, what is asked, the answer.  The
 * codec is wire/control.c, the connection endpoint/. */
#define _GNU_SOURCE
#include "control.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "control_own.h"
#include "supervisor.h"

/* ---- answers ---- */

void answer(struct endpoint_call *call, json_t *object)
{
    char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;

    json_decref(object);
    if (text)
        endpoint_reply(call, text, strlen(text));
    else
        endpoint_reply_error(call, SP_EPROTO, "out of memory", 13);
    free(text);
}

void answer_error(struct endpoint_call *call, enum sp_error error,
                  const char *text)
{
    answer(call, control_answer_error(error, text));
}

void answer_done(struct endpoint_call *call)
{
    static const char text[] = "{\"ok\":true}";

    endpoint_reply(call, text, sizeof text - 1);
}

/* The answer to a start: it need not go through objects. */
void answer_pid(struct endpoint_call *call, pid_t pid)
{
    char text[64];
    int size =
        snprintf(text, sizeof text, "{\"ok\":true,\"pid\":%d}", (int)pid);

    endpoint_reply(call, text, (size_t)size);
}

void answer_absent(const struct question *question)
{
    int64_t now_ms = clock_now_ms();
    const struct session_facts *facts = tombstones_find(
        &question->supervisor->tombstones, question->request->id, now_ms);
    char text[SP_TEXT_MAX];

    if (facts)
        snprintf(text, sizeof text, "%s (%s, %lld s ago)",
                 sp_strerror(SP_ENOENT), facts->fate,
                 (long long)((now_ms - facts->now_ms) / 1000));
    answer_error(question->call, SP_ENOENT, facts ? text : NULL);
}

struct session *wanted_session(const struct question *question)
{
    struct session *session = registry_find(&question->supervisor->registry,
                                            question->request->id);

    if (!session)
        answer_absent(question);
    return session;
}

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

static bool is_admin(uid_t uid)
{
    return uid == 0 || uid == geteuid();
}

static bool ask_kernel(int socket_fd, struct ucred *out_peer)
{
    socklen_t size = sizeof *out_peer;

    return getsockopt(socket_fd, SOL_SOCKET, SO_PEERCRED, out_peer, &size) == 0;
}

static bool privileged(void *context, int socket_fd)
{
    struct ucred peer;

    (void)context;
    return ask_kernel(socket_fd, &peer) && is_admin(peer.uid);
}

static bool identify(struct question *question)
{
    const struct runtime *runtime = &question->supervisor->runtime;
    int socket_fd = endpoint_call_socket(question->call);
    struct ucred peer;

    if (!ask_kernel(socket_fd, &peer))
        return false;
    question->by = (struct asker){peer.uid, peer.pid};
    question->admin = is_admin(peer.uid);
    return question->admin ||
           (runtime->shared && (peer.gid == runtime->group ||
                                in_groups(socket_fd, runtime->group)));
}

/* ---- questions ---- */

static void (*const operations[])(const struct question *question) = {
#define ROW(op, NAME, one_of, optional) op_##op,
    CONTROL_OP_TABLE(ROW)
#undef ROW
};

static void on_call(void *context, struct endpoint_call *call,
                    const uint8_t *data, size_t size)
{
    struct control *control = context;
    struct control_request request;
    struct question question = {.control = control,
                                .supervisor = control->supervisor,
                                .call = call,
                                .request = &request};
    char text[SP_TEXT_MAX + 1];
    enum sp_error error;

    if (!identify(&question)) {
        control->supervisor->counters.not_permitted++;
        answer_error(call, SP_EPERM, NULL);
        return;
    }
    error = control_request_decode(data, size, &request, text, sizeof text);
    if (error != SP_OK) {
        control->supervisor->counters.requests_bad++;
        answer_error(call, error, text);
        return;
    }
    operations[request.op](&question);
    control_request_fini(&request);
}

static const struct endpoint_handlers handlers = {.privileged = privileged,
                                                   .on_call = on_call};

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
    limits.reserved = (unsigned)supervisor->config.supervisor.admin_reserve;
    control->supervisor = supervisor;
    pending_init(control);
    lister_init(&control->lister, supervisor->base, &supervisor->registry);
    doctor_init(&control->doctor, supervisor->base,
                &supervisor->config.supervisor, supervisor->runtime.dir,
                supervisor->cgroup);
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
    pending_fini(control);
    lister_fini(&control->lister);
    doctor_fini(&control->doctor);
    endpoint_destroy(control->endpoint);
    free(control);
}

bool control_has_child(const struct control *control, pid_t pid)
{
    return doctor_runs(&control->doctor, pid);
}

bool control_flushed(const struct control *control)
{
    return endpoint_flushed(control->endpoint);
}

void control_publish(struct control *control, const char *event, size_t size)
{
    endpoint_publish(control->endpoint, event, size);
    pending_events(control);
}

const struct endpoint_counters *control_counters(const struct control *control)
{
    return endpoint_counters(control->endpoint);
}
