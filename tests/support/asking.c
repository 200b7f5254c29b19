/* SPDX-License-Identifier: MIT */
/* A client of spd for tests of spd: as little as can be between the test and
 * the socket.  Errors of the supervisor are results; errors of ours fail. */
#define _GNU_SOURCE
#include "asking.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/raw_peer.h"
#include "support/wait.h"
#include "wire/control.h"

/* ---- spd ---- */

void answer_fini(struct answer *answer)
{
    json_decref(answer->object);
    answer->object = NULL;
}

struct answer ask(const struct harness *harness, const char *json)
{
    struct answer answer = {0};
    char path[RUNDIR_PATH_SIZE];
    struct raw_message reply;

    harness_control_path(harness, path);
    raw_call(path, json, strlen(json), &reply);
    answer.error =
        control_answer_decode(reply.bytes, reply.size, &answer.object,
                              answer.text, sizeof answer.text);
    cr_assert_neq(answer.error, SP_EPROTO, "%s: %s", json,
                  (char *)reply.bytes);
    raw_message_fini(&reply);
    answer.pid =
        (pid_t)json_integer_value(json_object_get(answer.object, "pid"));
    return answer;
}

void ask_ok(const struct harness *harness, const char *json)
{
    struct answer answer = ask(harness, json);

    cr_expect_eq(answer.error, SP_OK, "%s: %s", json, answer.text);
    answer_fini(&answer);
}

static struct answer start(const struct harness *harness, const char *id,
                           const char *module, const char *arg)
{
    json_t *object = json_pack("{s:s, s:s, s:s*, s:s*}", "op", "start", "id",
                               id, "module", module, "arg", arg);
    char *json = json_dumps(object, JSON_COMPACT);
    struct answer answer;

    cr_assert_not_null(json);
    answer = ask(harness, json);
    free(json);
    json_decref(object);
    return answer;
}

enum sp_error ask_start(const struct harness *harness, const char *id,
                        const char *module, const char *arg)
{
    struct answer answer = start(harness, id, module, arg);

    answer_fini(&answer);
    return answer.error;
}

pid_t ask_started(const struct harness *harness, const char *id,
                  const char *module, const char *arg)
{
    struct answer answer = start(harness, id, module, arg);

    cr_assert_eq(answer.error, SP_OK, "start %s: %s: %s", id,
                 sp_error_name(answer.error), answer.text);
    cr_assert_gt(answer.pid, 1);
    answer_fini(&answer);
    return answer.pid;
}

void ask_refused(const struct harness *harness, const char *id,
                 const char *module, const char *arg, enum sp_error wanted,
                 const char *text)
{
    struct answer answer = start(harness, id, module, arg);

    cr_expect_eq(answer.error, wanted, "start %s: %s: %s", id,
                 sp_error_name(answer.error), answer.text);
    cr_expect_not_null(strstr(answer.text, text), "'%s' holds no '%s'",
                       answer.text, text);
    answer_fini(&answer);
}

enum sp_error ask_stop(const struct harness *harness, const char *id)
{
    struct answer answer;
    char json[256];

    snprintf(json, sizeof json, "{\"op\":\"stop\",\"id\":\"%s\"}", id);
    answer = ask(harness, json);
    answer_fini(&answer);
    return answer.error;
}

static void copy_text(char *to, size_t size, const json_t *object,
                      const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    cr_assert_not_null(text, "no %s", key);
    snprintf(to, size, "%s", text);
}

enum sp_error ask_info(const struct harness *harness, const char *id,
                       struct session_facts *out_facts)
{
    const json_t *session;
    struct answer answer;
    char json[256];

    snprintf(json, sizeof json, "{\"op\":\"info\",\"id\":\"%s\"}", id);
    answer = ask(harness, json);
    if (answer.error == SP_OK) {
        session = json_object_get(answer.object, "session");
        out_facts->pid =
            (pid_t)json_integer_value(json_object_get(session, "pid"));
        out_facts->restarts = (unsigned)json_integer_value(
            json_object_get(session, "restarts"));
        copy_text(out_facts->state, sizeof out_facts->state, session, "state");
        copy_text(out_facts->last_end, sizeof out_facts->last_end, session,
                  "last_end");
        if (strcmp(out_facts->state, "gone") == 0)
            answer.error = SP_ENOENT; /* only remembered */
    }
    answer_fini(&answer);
    return answer.error;
}

size_t ask_count(const struct harness *harness)
{
    struct answer answer = ask(harness, "{\"op\":\"list\"}");
    size_t count;

    cr_assert_eq(answer.error, SP_OK);
    count = json_array_size(json_object_get(answer.object, "sessions"));
    answer_fini(&answer);
    return count;
}

json_int_t ask_counter(const struct harness *harness, const char *name)
{
    struct answer answer = ask(harness, "{\"op\":\"stats\"}");
    json_t *stats = json_object_get(answer.object, "stats"), *row;
    json_int_t value = -1;
    size_t i;

    json_array_foreach (stats, i, row)
        if (strcmp(json_string_value(json_object_get(row, "name")), name) == 0)
            value = json_integer_value(json_object_get(row, "value"));
    cr_assert_geq(value, 0, "no %s", name);
    answer_fini(&answer);
    return value;
}

size_t ask_descriptors(const struct harness *harness)
{
    return (size_t)ask_counter(harness, "descriptors") - 1;
}

struct waited {
    const struct harness *harness;
    const char *id;
    unsigned restarts;
    pid_t pid;
};

static bool is_gone(void *context)
{
    const struct waited *waited = context;
    struct session_facts facts;

    return ask_info(waited->harness, waited->id, &facts) == SP_ENOENT;
}

void ask_until_gone(const struct harness *harness, const char *id)
{
    struct waited waited = {.harness = harness, .id = id};

    cr_assert(wait_for(is_gone, &waited, WAIT_MS), "%s is still there", id);
}

static bool is_restarted(void *context)
{
    struct waited *waited = context;
    struct session_facts facts;

    if (ask_info(waited->harness, waited->id, &facts) != SP_OK)
        return false;
    waited->pid = facts.pid;
    return facts.restarts >= waited->restarts &&
           strcmp(facts.state, "running") == 0;
}

pid_t ask_until_restarted(const struct harness *harness, const char *id,
                          unsigned restarts)
{
    struct waited waited = {harness, id, restarts, 0};

    cr_assert(wait_for(is_restarted, &waited, WAIT_MS), "%s does not restart",
              id);
    return waited.pid;
}

/* ---- sessions ---- */

char *session_call(const struct harness *harness, const char *id,
                   const char *request)
{
    char path[RUNDIR_PATH_SIZE];
    struct raw_message reply;

    harness_session_path(harness, id, path);
    raw_call(path, request, strlen(request), &reply);
    return (char *)reply.bytes;
}

void session_expect(const struct harness *harness, const char *id,
                    const char *request, const char *body)
{
    char *reply = session_call(harness, id, request);

    cr_assert_str_eq(reply, body, "%s: %s: '%s' instead of '%s'", id, request,
                     reply, body);
    free(reply);
}

uint32_t session_send(const struct harness *harness, const char *id,
                      const char *request, struct raw_peer *out_peer)
{
    static uint32_t last;
    char path[RUNDIR_PATH_SIZE];

    harness_session_path(harness, id, path);
    raw_peer_open(out_peer, path, WIRE_REQ);
    raw_peer_send_request(out_peer, ++last, request, strlen(request));
    return last;
}

void session_end_by(const struct harness *harness, const char *id,
                    const char *request)
{
    struct raw_peer peer;

    session_send(harness, id, request, &peer);
    cr_assert(raw_peer_wait_closed(&peer, WAIT_MS), "%s: %s: it lives", id,
              request);
    raw_peer_close(&peer);
}

void session_cast(const struct harness *harness, const char *id,
                  const char *message)
{
    char path[RUNDIR_PATH_SIZE];
    struct raw_peer peer;

    harness_session_path(harness, id, path);
    raw_peer_open(&peer, path, WIRE_PUSH);
    raw_peer_send_frame(&peer, message, strlen(message));
    raw_peer_close(&peer);
}
