/* SPDX-License-Identifier: MIT */
/* libsp and the real spd and sessions: one suite over both channels.  What
 * sessions do not do on request is in test_client_peers. */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <errno.h>
#include <fcntl.h>
#include <nng/nng.h>
#include <nng/protocol/reqrep0/req.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sp/client.h>

#include "base/clock.h"
#include "support/harness.h"
#include "support/leaks.h"
#include "support/leftovers.h"
#include "support/wait.h"

TestSuite(client, .fini = leaks_check, .timeout = 120);

#define PROBE HARNESS_PROBE_CONFIG
#define MIB (1024 * 1024)
#define LONG_MS 60000 /* a call that is to be ended by something else */

struct scene {
    const char *channel;
    struct harness *harness;
    struct sp_client *client;
    struct sp_result *result;
};

struct channel_name {
    char text[8];
};

static struct criterion_test_params channel_parameters(void)
{
    static struct channel_name channels[] = {{"local"}, {"nng"}};

    return cr_make_param_array(struct channel_name, channels, 2);
}

/* What nng opens once for the process is not what a test has left open. */
static void start_nng(void)
{
    nng_socket socket;

    cr_assert_eq(nng_req0_open(&socket), 0);
    nng_close(socket);
}

static void scene_set(struct scene *scene, const char *channel)
{
    char where[64];

    if (strcmp(channel, "nng") == 0) {
        start_nng();
        leftovers_allow_sockets(2);
    }
    scene->channel = channel;
    scene->harness = harness_start(PROBE);
    scene->result = sp_result_new();
    snprintf(where, sizeof where, "%s%s",
             strcmp(channel, "nng") == 0 ? "ipc://" : "",
             harness_runtime_dir(scene->harness));
    cr_assert_eq(sp_client_open(where, &scene->client), SP_OK);
}

static void scene_clear(struct scene *scene)
{
    sp_result_free(scene->result);
    sp_client_close(scene->client);
    harness_stop(scene->harness);
}

/* One test, over each channel, with spd and a client. */
#define BOTH(name)                                                             \
    static void name(struct scene *scene);                                     \
    ParameterizedTestParameters(client, name)                                  \
    {                                                                          \
        return channel_parameters();                                           \
    }                                                                          \
    ParameterizedTest(struct channel_name *channel, client, name)              \
    {                                                                          \
        struct scene scene;                                                    \
                                                                               \
        scene_set(&scene, channel->text);                                      \
        name(&scene);                                                          \
        scene_clear(&scene);                                                   \
    }                                                                          \
    static void name(struct scene *scene)

/* ---- short forms -------------------------------------------------------- */

#define expect_error(scene, error, operation)                                  \
    do {                                                                       \
        enum sp_error got_ = (operation);                                      \
        cr_expect_eq(got_, (error), "%s, not %s: %s", sp_error_name(got_),     \
                     sp_error_name(error), sp_result_text((scene)->result));   \
    } while (0)

static pid_t start(struct scene *scene, const char *id, const char *module,
                   const char *arg)
{
    enum sp_error error = sp_start(scene->client, id, module, arg,
                                   arg ? strlen(arg) : 0, scene->result);

    cr_assert_eq(error, SP_OK, "%s: %s", id, sp_result_text(scene->result));
    return sp_result_pid(scene->result);
}

static enum sp_error call(struct scene *scene, const char *id,
                          const char *request, int timeout_ms)
{
    return sp_call(scene->client, id, request, strlen(request), timeout_ms,
                   scene->result);
}

static void expect_reply(struct scene *scene, const char *id,
                         const char *request, const char *reply)
{
    expect_error(scene, SP_OK, call(scene, id, request, LONG_MS));
    cr_expect_str_eq((const char *)sp_result_data(scene->result), reply);
    cr_expect_eq(sp_result_size(scene->result), strlen(reply));
    cr_expect_eq(sp_result_progress(scene->result), SP_PROGRESS_ANSWERED);
}

/* ---- start, find, end --------------------------------------------------- */

BOTH(starts_a_session_once)
{
    pid_t pid = start(scene, "alice", NULL, NULL);
    bool started = false;
    pid_t told = 0;

    cr_expect_gt(pid, 1);
    expect_error(scene, SP_EALREADY, sp_start(scene->client, "alice", "counter",
                                              "7", 1, scene->result));
    cr_expect_eq(sp_result_pid(scene->result), pid);
    expect_error(scene, SP_OK, sp_started(scene->client, "alice", &started, NULL));
    cr_expect(started);
    expect_error(scene, SP_OK, sp_session_pid(scene->client, "alice", &told, NULL));
    cr_expect_eq(told, pid);
}

BOTH(tells_why_a_session_did_not_start)
{
    static const struct {
        const char *module, *arg;
        enum sp_error error;
        const char *text;
    } rows[] = {
        {"probe", "fail because it rains", SP_EINIT, "because it rains"},
        {"probe", "ignore", SP_EIGNORED, NULL},
        {"nonesuch", NULL, SP_EMODULE, NULL},
        {"../echo", NULL, SP_EMODULE, NULL},
        {"", NULL, SP_EMODULE, NULL},
        {"\xff", NULL, SP_EMODULE, NULL},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bool started = true;

        expect_error(scene, rows[i].error,
                     sp_start(scene->client, "a", rows[i].module, rows[i].arg,
                              rows[i].arg ? strlen(rows[i].arg) : 0,
                              scene->result));
        if (rows[i].text)
            cr_expect_str_eq(sp_result_text(scene->result), rows[i].text);
        expect_error(scene, SP_OK, sp_started(scene->client, "a", &started, NULL));
        cr_expect(!started);
    }
}

BOTH(hands_any_bytes_over_as_the_argument)
{
    start(scene, "c", "counter", "40");
    expect_reply(scene, "c", "incr 2", "42");
    expect_error(scene, SP_EMSGSIZE,
                 sp_start(scene->client, "d", "probe", scene,
                          64 * MIB, scene->result));
}

BOTH(ends_a_session_by_id_and_by_pid)
{
    pid_t pid = start(scene, "a", NULL, NULL);
    bool started = true;

    expect_error(scene, SP_OK, sp_terminate(scene->client, "a", scene->result));
    cr_expect(wait_pid_gone(pid, 0), "it is gone when sp_terminate() returns");
    pid = start(scene, "a", NULL, NULL);
    expect_error(scene, SP_OK,
                 sp_terminate_pid(scene->client, pid, scene->result));
    cr_expect(wait_pid_gone(pid, 0));
    expect_error(scene, SP_OK, sp_started(scene->client, "a", &started, NULL));
    cr_expect(!started);
}

BOTH(says_when_there_is_no_such_session)
{
    struct sp_session_info *info;
    bool started = true;
    pid_t pid;

    expect_error(scene, SP_ENOENT, call(scene, "nobody", "x", LONG_MS));
    cr_expect_eq(sp_result_progress(scene->result), SP_PROGRESS_NOT_SENT);
    expect_error(scene, SP_ENOENT,
                 sp_cast(scene->client, "nobody", "x", 1, scene->result));
    expect_error(scene, SP_ENOENT,
                 sp_terminate(scene->client, "nobody", scene->result));
    expect_error(scene, SP_ENOENT,
                 sp_terminate_pid(scene->client, getpid(), scene->result));
    expect_error(scene, SP_ENOENT,
                 sp_terminate_pid(scene->client, -1, scene->result));
    expect_error(scene, SP_ENOENT, sp_info(scene->client, "nobody", &info, NULL));
    expect_error(scene, SP_ENOENT,
                 sp_session_pid(scene->client, "nobody", &pid, NULL));
    expect_error(scene, SP_OK, sp_started(scene->client, "nobody", &started, NULL));
    cr_expect(!started);
}

BOTH(a_session_that_was_ended_is_not_found_by_its_old_connection)
{
    start(scene, "a", "echo", NULL);
    expect_reply(scene, "a", "x", "x");
    expect_error(scene, SP_OK, sp_cast(scene->client, "a", "x", 1, NULL));
    expect_error(scene, SP_OK, sp_terminate(scene->client, "a", NULL));
    if (strcmp(scene->channel, "local") == 0) {
        expect_error(scene, SP_ENOENT, call(scene, "a", "x", LONG_MS));
    } else {
        /* nng's thread may see the end of the old connection a little later */
        enum sp_error error = call(scene, "a", "x", LONG_MS);

        cr_expect(error == SP_ENOENT || error == SP_EDIED);
    }
    start(scene, "a", "kv", NULL);
    expect_reply(scene, "a", "incr n", "1");
}

/* ---- invalid arguments -------------------------------------------------- */

BOTH(refuses_invalid_ids_on_every_verb)
{
    static const char *const ids[] = {
        "",     "abc\n", "../x", "a/b", "a b", ".", "\xc3\xa4", "a\x80", "~",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    };

    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        struct sp_session_info *info;
        char url[SP_URL_MAX + 1];
        bool started;
        pid_t pid;

        expect_error(scene, SP_EBADID, sp_start(scene->client, ids[i], NULL,
                                                NULL, 0, scene->result));
        expect_error(scene, SP_EBADID, call(scene, ids[i], "x", LONG_MS));
        expect_error(scene, SP_EBADID,
                     sp_cast(scene->client, ids[i], "x", 1, scene->result));
        expect_error(scene, SP_EBADID,
                     sp_terminate(scene->client, ids[i], scene->result));
        expect_error(scene, SP_EBADID,
                     sp_started(scene->client, ids[i], &started, NULL));
        expect_error(scene, SP_EBADID,
                     sp_session_pid(scene->client, ids[i], &pid, NULL));
        expect_error(scene, SP_EBADID, sp_info(scene->client, ids[i], &info, NULL));
        expect_error(scene, SP_EBADID, sp_session_url(scene->client, ids[i],
                                                      url, sizeof url));
    }
}

BOTH(refuses_what_is_not_there)
{
    struct sp_result *result = scene->result;

    expect_error(scene, SP_EINVAL, sp_call(NULL, "a", "x", 1, 1, result));
    expect_error(scene, SP_EINVAL,
                 sp_call(scene->client, NULL, "x", 1, 1, result));
    expect_error(scene, SP_EINVAL,
                 sp_call(scene->client, "a", NULL, 1, 1, result));
    expect_error(scene, SP_EINVAL,
                 sp_call(scene->client, "a", "x", 1, -2, result));
    cr_expect_eq(sp_result_error(result), SP_EINVAL);
    expect_error(scene, SP_EINVAL, sp_cast(scene->client, "a", NULL, 1, NULL));
    expect_error(scene, SP_EINVAL,
                 sp_start(scene->client, "a", NULL, NULL, 1, result));
    expect_error(scene, SP_EINVAL, sp_start(NULL, "a", NULL, NULL, 0, NULL));
    expect_error(scene, SP_EINVAL, sp_terminate(NULL, "a", NULL));
    expect_error(scene, SP_EINVAL, sp_terminate_pid(NULL, 7, NULL));
    expect_error(scene, SP_EINVAL, sp_started(scene->client, "a", NULL, NULL));
    expect_error(scene, SP_EINVAL, sp_session_pid(scene->client, "a", NULL, NULL));
    expect_error(scene, SP_EINVAL, sp_info(scene->client, "a", NULL, NULL));
    expect_error(scene, SP_EINVAL, sp_list(scene->client, NULL, NULL));
    expect_error(scene, SP_EINVAL, sp_modules(scene->client, NULL, NULL));
    expect_error(scene, SP_EINVAL, sp_ping(NULL, NULL));
    expect_error(scene, SP_EINVAL, sp_session_url(scene->client, "a", NULL, 9));
    expect_error(scene, SP_EINVAL, sp_client_open(NULL, NULL));
}

/* ---- calls -------------------------------------------------------------- */

BOTH(a_call_gets_the_reply_of_its_request)
{
    start(scene, "a", "echo", NULL);
    expect_reply(scene, "a", "hello", "hello");
    expect_reply(scene, "a", "", "");
    expect_error(scene, SP_OK, sp_call(scene->client, "a", NULL, 0,
                                       SP_TIMEOUT_INFINITE, scene->result));
    expect_error(scene, SP_OK,
                 sp_call(scene->client, "a", "x", 1, LONG_MS, NULL));
}

BOTH(bodies_are_any_bytes)
{
    static const char *const bodies[] = {"\0SP!6 x", "\0SP=abc", "\0SP>abc",
                                         "\0SP&abc", "\0SP\0\0\0\0",
                                         "\0\0\0\0\0\0\0"};

    start(scene, "a", "echo", NULL);
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
        for (size_t size = 0; size <= 7; size++) {
            expect_error(scene, SP_OK, sp_call(scene->client, "a", bodies[i],
                                               size, LONG_MS, scene->result));
            cr_expect_eq(sp_result_size(scene->result), size);
            cr_expect_arr_eq(sp_result_data(scene->result), bodies[i], size);
        }
}

BOTH(a_modules_error_comes_with_its_text)
{
    start(scene, "a", "probe", NULL);
    expect_error(scene, SP_EREPLY, call(scene, "a", "error no such thing",
                                        LONG_MS));
    cr_expect_str_eq(sp_result_text(scene->result), "no such thing");
    cr_expect_eq(sp_result_progress(scene->result), SP_PROGRESS_ANSWERED);
    cr_expect_eq(sp_result_size(scene->result), 0);
    expect_error(scene, SP_EREQUEST, call(scene, "a", "sing", LONG_MS));
    expect_reply(scene, "a", "echo still well", "still well");
}

BOTH(large_messages_arrive_whole)
{
    static const size_t sizes[] = {MIB, 16 * MIB};
    char *body = malloc(16 * MIB);

    for (size_t i = 0; i < 16 * MIB; i++)
        body[i] = (char)(i * 31 >> 5);
    start(scene, "a", "echo", NULL);
    for (size_t i = 0; i < 2; i++) {
        expect_error(scene, SP_OK, sp_call(scene->client, "a", body, sizes[i],
                                           LONG_MS, scene->result));
        cr_assert_eq(sp_result_size(scene->result), sizes[i]);
        cr_expect_eq(memcmp(sp_result_data(scene->result), body, sizes[i]), 0);
    }
    free(body);
}

/* Over nng the error can lose the race with the end of the connection. */
BOTH(a_message_over_the_limit_is_refused_and_harms_nothing)
{
    char *body = calloc(1, 16 * MIB + 1);
    enum sp_error error;

    start(scene, "a", "echo", NULL);
    expect_reply(scene, "a", "x", "x");
    error = sp_call(scene->client, "a", body, 16 * MIB + 1, LONG_MS,
                    scene->result);
    if (strcmp(scene->channel, "local") == 0)
        expect_error(scene, SP_EMSGSIZE, error);
    else
        cr_expect(error == SP_EMSGSIZE || error == SP_EDIED);
    free(body);
    while (call(scene, "a", "x", LONG_MS) == SP_EDIED)
        cr_assert_str_eq(scene->channel, "nng");
    expect_reply(scene, "a", "y", "y");
}

BOTH(a_reply_larger_than_the_result_was_before_fits)
{
    start(scene, "a", "probe", NULL);
    for (int i = 0; i < 3; i++) {
        expect_reply(scene, "a", "echo small", "small");
        expect_error(scene, SP_OK, call(scene, "a", "zeros 3000000", LONG_MS));
        cr_expect_eq(sp_result_size(scene->result), 3000000);
    }
}

BOTH(after_a_time_out_the_next_call_gets_its_own_reply)
{
    start(scene, "a", "probe", NULL);
    expect_reply(scene, "a", "echo warm", "warm");
    for (int i = 0; i < 5; i++) {
        expect_error(scene, SP_ETIMEDOUT,
                     call(scene, "a", "later 200 late", 50));
        cr_expect_eq(sp_result_progress(scene->result), SP_PROGRESS_SENT);
        expect_reply(scene, "a", "later 300 right", "right");
    }
}

/* ---- casts -------------------------------------------------------------- */

static bool has_counted(void *context)
{
    struct scene *scene = context;

    return call(scene, "a", "count", LONG_MS) == SP_OK &&
           strcmp(sp_result_data(scene->result), "200") == 0;
}

BOTH(casts_are_handled_in_the_order_they_were_sent)
{
    char wanted[1024] = "";

    start(scene, "a", "probe", NULL);
    for (int i = 0; i < 200; i++) {
        char text[8];

        snprintf(text, sizeof text, "%d", i);
        expect_error(scene, SP_OK, sp_cast(scene->client, "a", text,
                                           strlen(text), scene->result));
        cr_expect_eq(sp_result_progress(scene->result), SP_PROGRESS_SENT);
        sprintf(wanted + strlen(wanted), "%s%s", i > 0 ? "," : "", text);
    }
    if (strcmp(scene->channel, "nng") == 0)
        cr_assert(wait_for(has_counted, scene, WAIT_MS));
    expect_reply(scene, "a", "casts", wanted);
}

Test(client, a_call_sees_every_cast_before_it)
{
    struct scene scene;

    scene_set(&scene, "local");
    start(&scene, "a", "counter", "0");
    for (int i = 1; i <= 500; i++) {
        char wanted[8];

        expect_error(&scene, SP_OK,
                     sp_cast(scene.client, "a", "incr", 4, NULL));
        snprintf(wanted, sizeof wanted, "%d", i);
        expect_reply(&scene, "a", "get", wanted);
    }
    scene_clear(&scene);
}

BOTH(closing_the_client_loses_no_cast)
{
    char where[64];

    start(scene, "a", "counter", "0");
    snprintf(where, sizeof where, "%s%s",
             strcmp(scene->channel, "nng") == 0 ? "ipc://" : "",
             harness_runtime_dir(scene->harness));
    for (int i = 0; i < 10; i++) {
        struct sp_client *client;

        cr_assert_eq(sp_client_open(where, &client), SP_OK);
        for (int j = 0; j < 20; j++)
            cr_assert_eq(sp_cast(client, "a", "incr", 4, NULL), SP_OK);
        sp_client_close(client);
    }
    expect_reply(scene, "a", "wait 200", "200");
}

/* ---- deaths ------------------------------------------------------------- */

struct caller {
    pthread_t thread;
    atomic_int tid;
    struct scene *scene;
    const char *request;
    struct sp_result *result;
};

static void *caller_main(void *context)
{
    struct caller *caller = context;

    atomic_store(&caller->tid, gettid());
    sp_call(caller->scene->client, "a", caller->request,
            strlen(caller->request), SP_TIMEOUT_INFINITE, caller->result);
    return NULL;
}

static bool is_asleep(void *context)
{
    struct caller *caller = context;
    char path[64], state = '?';
    FILE *file;

    snprintf(path, sizeof path, "/proc/self/task/%d/stat",
             atomic_load(&caller->tid));
    file = fopen(path, "re");
    if (!file)
        return false;
    if (fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
        state = '?';
    fclose(file);
    return state == 'S';
}

/* Returns when the caller sleeps: then its request is sent, since its way there
 * is free and nothing else makes it sleep. */
static void caller_start(struct caller *caller, struct scene *scene,
                         const char *request)
{
    *caller = (struct caller){
        .scene = scene, .request = request, .result = sp_result_new()};
    cr_assert_eq(pthread_create(&caller->thread, NULL, caller_main, caller), 0);
    cr_assert(wait_for(is_asleep, caller, WAIT_MS));
}

static void caller_expect(struct caller *caller, enum sp_error error,
                          enum sp_progress progress)
{
    pthread_join(caller->thread, NULL);
    cr_expect_eq(sp_result_error(caller->result), error, "%s",
                 sp_result_text(caller->result));
    cr_expect_eq(sp_result_progress(caller->result), progress);
    sp_result_free(caller->result);
}

BOTH(a_killed_session_ends_its_callers_at_once_and_no_others)
{
    pid_t pid = start(scene, "a", "probe", NULL);
    struct caller callers[4];

    start(scene, "b", "kv", NULL);
    expect_reply(scene, "b", "incr n", "1");
    expect_reply(scene, "a", "echo x", "x");
    for (int i = 0; i < 4; i++)
        caller_start(&callers[i], scene, "never");
    /* sent behind them: when it is answered, they have been read */
    expect_reply(scene, "a", "echo x", "x");
    kill(pid, SIGKILL);
    for (int i = 0; i < 4; i++)
        caller_expect(&callers[i], SP_EDIED, SP_PROGRESS_SENT);
    expect_reply(scene, "b", "incr n", "2");
}

BOTH(a_request_that_ends_its_session_may_have_run)
{
    start(scene, "a", "probe", NULL);
    expect_reply(scene, "a", "echo x", "x");
    expect_error(scene, SP_EDIED, call(scene, "a", "crash", LONG_MS));
    cr_expect_eq(sp_result_progress(scene->result), SP_PROGRESS_SENT);
}

/* Over nng a call can be handed to a connection whose end nng has not seen. */
Test(client, the_first_call_after_a_crash_is_answered_by_the_successor)
{
    struct scene scene;

    scene_set(&scene, "local");
    start(&scene, "a", "kv", NULL);
    for (int i = 0; i < 3; i++) {
        pid_t pid;

        expect_reply(&scene, "a", "incr n", "1");
        expect_error(&scene, SP_OK, sp_session_pid(scene.client, "a", &pid, NULL));
        kill(pid, SIGKILL);
        cr_assert(wait_pid_gone(pid, WAIT_MS));
    }
    scene_clear(&scene);
}

BOTH(a_supervisor_that_was_killed_is_none)
{
    struct sp_session_list *list;

    start(scene, "a", "echo", NULL);
    expect_reply(scene, "a", "x", "x");
    expect_error(scene, SP_OK, sp_ping(scene->client, scene->result));
    harness_kill_spd(scene->harness);
    expect_error(scene, SP_ENOSUP, sp_ping(scene->client, scene->result));
    expect_error(scene, SP_ENOSUP, sp_list(scene->client, &list, NULL));
    expect_error(scene, SP_ENOSUP, sp_start(scene->client, "b", NULL, NULL, 0,
                                            scene->result));
    while (call(scene, "a", "x", LONG_MS) == SP_EDIED)
        cr_assert_str_eq(scene->channel, "nng");
    expect_error(scene, SP_ENOSUP, call(scene, "a", "x", LONG_MS));
    harness_start_spd(scene->harness);
    start(scene, "a", "echo", NULL);
    expect_reply(scene, "a", "x", "x");
}

/* ---- many threads ------------------------------------------------------- */

#define THREADS 16
#define ROUNDS 200

struct crowd {
    struct scene *scene;
    unsigned number;
    const char *complaint;
};

static void *crowd_main(void *context)
{
    struct crowd *crowd = context;
    struct sp_result *result = sp_result_new();
    char *large = malloc(100000);

    for (unsigned i = 0; i < ROUNDS && !crowd->complaint; i++) {
        size_t length = i % 20 == 0 ? 100000 : 32;
        enum sp_error error;

        memset(large, 'a' + (int)crowd->number, length);
        snprintf(large, length, "%u %u", crowd->number, i);
        error = sp_call(crowd->scene->client, "a", large, length, LONG_MS,
                        result);
        if (error != SP_OK)
            crowd->complaint = sp_error_name(error);
        else if (sp_result_size(result) != length ||
                 memcmp(sp_result_data(result), large, length) != 0)
            crowd->complaint = "somebody else's reply";
        if (i % 3 == 0 &&
            sp_cast(crowd->scene->client, "c", "incr", 4, NULL) != SP_OK)
            crowd->complaint = "cast";
    }
    sp_result_free(result);
    free(large);
    return NULL;
}

BOTH(many_threads_share_a_client_and_a_session)
{
    struct crowd crowd[THREADS];
    pthread_t threads[THREADS];
    char request[32];

    start(scene, "a", "echo", NULL);
    start(scene, "c", "counter", "0");
    for (unsigned i = 0; i < THREADS; i++) {
        crowd[i] = (struct crowd){scene, i, NULL};
        cr_assert_eq(
            pthread_create(&threads[i], NULL, crowd_main, &crowd[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        cr_expect_null(crowd[i].complaint, "%s", crowd[i].complaint);
    }
    snprintf(request, sizeof request, "wait %d",
             THREADS * ((ROUNDS + 2) / 3));
    expect_reply(scene, "c", request, request + 5);
}

static void *start_main(void *context)
{
    struct crowd *crowd = context;
    enum sp_error error =
        sp_start(crowd->scene->client, "same", NULL, NULL, 0, NULL);

    crowd->complaint = error == SP_OK         ? "started"
                       : error == SP_EALREADY ? "already"
                                              : sp_error_name(error);
    return NULL;
}

BOTH(many_threads_start_one_session)
{
    struct crowd crowd[THREADS];
    pthread_t threads[THREADS];
    int started = 0;

    for (unsigned i = 0; i < THREADS; i++) {
        crowd[i] = (struct crowd){scene, i, NULL};
        cr_assert_eq(
            pthread_create(&threads[i], NULL, start_main, &crowd[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        if (strcmp(crowd[i].complaint, "started") == 0)
            started++;
        else
            cr_expect_str_eq(crowd[i].complaint, "already");
    }
    cr_expect_eq(started, 1);
}

/* ---- what there is ------------------------------------------------------ */

BOTH(tells_what_it_knows_of_a_session)
{
    pid_t pid = start(scene, "a", "probe", NULL);
    struct sp_session_info *info;

    expect_error(scene, SP_OK, sp_info(scene->client, "a", &info, NULL));
    cr_expect_str_eq(sp_info_id(info), "a");
    cr_expect_str_eq(sp_info_module(info), "probe");
    cr_expect_str_eq(sp_info_state(info), "running");
    cr_expect_str_eq(sp_info_last_end(info), "");
    cr_expect_eq(sp_info_pid(info), pid);
    cr_expect_eq(sp_info_restarts(info), 0);
    cr_expect_lt(sp_info_age_ms(info), 60000u);
    sp_info_free(info);
    call(scene, "a", "crash", LONG_MS);
    call(scene, "a", "echo x", LONG_MS);
    expect_error(scene, SP_OK, sp_info(scene->client, "a", &info, NULL));
    cr_expect_eq(sp_info_restarts(info), 1);
    cr_expect_str_eq(sp_info_last_end(info), "killed by SIGSEGV");
    cr_expect_neq(sp_info_pid(info), pid);
    sp_info_free(info);
    sp_info_free(NULL);
}

BOTH(lists_sessions_in_the_order_of_their_ids)
{
    static const char *const ids[] = {"b", "a", "Z", "_", "a-1", "10", "9"};
    static const char *const order[] = {"10", "9", "Z", "_", "a", "a-1", "b"};
    struct sp_session_list *list;

    expect_error(scene, SP_OK, sp_list(scene->client, &list, NULL));
    cr_expect_eq(sp_list_count(list), 0);
    sp_list_free(list);
    for (size_t i = 0; i < 7; i++)
        start(scene, ids[i], "kv", NULL);
    expect_error(scene, SP_OK, sp_list(scene->client, &list, NULL));
    cr_assert_eq(sp_list_count(list), 7);
    for (size_t i = 0; i < 7; i++)
        cr_expect_str_eq(sp_info_id(sp_list_at(list, i)), order[i]);
    sp_list_free(list);
    sp_list_free(NULL);
}

BOTH(lists_modules_in_the_order_of_their_names)
{
    static const char *const names[] = {"counter", "echo", "kv", "probe"};
    struct sp_module_list *modules;

    start(scene, "a", "echo", NULL);
    expect_error(scene, SP_OK, sp_modules(scene->client, &modules, NULL));
    cr_assert_eq(sp_modules_count(modules), 4);
    for (size_t i = 0; i < 4; i++) {
        cr_expect_str_eq(sp_modules_name(modules, i), names[i]);
        cr_expect_eq(sp_modules_path(modules, i)[0], '/');
        cr_expect_eq(sp_modules_sessions(modules, i), i == 1);
        cr_expect_eq(sp_modules_is_default(modules, i), i == 2);
    }
    sp_modules_free(modules);
    sp_modules_free(NULL);
}

BOTH(ping_tells_version_and_process)
{
    expect_error(scene, SP_OK, sp_ping(scene->client, scene->result));
    cr_expect_str_eq((const char *)sp_result_data(scene->result), SP_VERSION);
    cr_expect_eq(sp_result_pid(scene->result), harness_spd(scene->harness));
    expect_error(scene, SP_OK, sp_ping(scene->client, NULL));
    cr_expect_str_eq(sp_version(), SP_VERSION);
}

BOTH(a_sessions_url_can_be_dialed_by_nng)
{
    char url[SP_URL_MAX + 1], wanted[SP_URL_MAX + 1];

    snprintf(wanted, sizeof wanted, "ipc://%s/sessions/a",
             harness_runtime_dir(scene->harness));
    expect_error(scene, SP_OK,
                 sp_session_url(scene->client, "a", url, sizeof url));
    cr_expect_str_eq(url, wanted);
    cr_expect_str_eq(sp_client_runtime_dir(scene->client),
                     harness_runtime_dir(scene->harness));
    expect_error(scene, SP_EMSGSIZE,
                 sp_session_url(scene->client, "a", url, strlen(wanted)));
    expect_error(scene, SP_OK,
                 sp_session_url(scene->client, "a", url, strlen(wanted) + 1));
}

/* ---- opening a client --------------------------------------------------- */

static void expect_open(const char *where, enum sp_error error,
                        const char *culprit)
{
    struct sp_client *client = NULL;
    char text[256];
    enum sp_error got = sp_client_open(where, &client);

    cr_expect_eq(got, error, "%s: %s", where, sp_error_name(got));
    if (error == SP_OK) {
        sp_client_close(client);
        return;
    }
    cr_expect_null(client);
    cr_expect_eq(sp_client_diagnose(where, text, sizeof text), error);
    cr_expect_not_null(strstr(text, culprit), "%s", text);
}

Test(client, opens_no_directory_that_is_not_to_be_trusted)
{
    char dir[LEFTOVERS_DIRECTORY_SIZE], link[64], other[64];

    leftovers_directory(dir);
    snprintf(link, sizeof link, "%s/link", dir);
    snprintf(other, sizeof other, "%s/other", dir);
    cr_assert_eq(symlink(dir, link), 0);
    cr_assert_eq(mkdir(other, 0700), 0);
    expect_open(dir, SP_OK, NULL);
    expect_open(other, SP_OK, NULL);
    expect_open(link, SP_EPERM, link);
    chmod(other, 0755);
    expect_open(other, SP_EPERM, "0755");
    chmod(other, 0710);
    expect_open(other, SP_OK, NULL);
    if (geteuid() == 0 && chown(other, 65534, 65534) == 0)
        expect_open(other, SP_EPERM, "65534");
    expect_open("/tmp/nonesuch-libsp", SP_ENOSUP, "/tmp/nonesuch-libsp");
    expect_open("relative", SP_EINVAL, "relative");
    expect_open("", SP_EINVAL, "absolute");
    expect_open("tcp://127.0.0.1:1", SP_EINVAL, "tcp:");
    expect_open("ipc://relative", SP_EINVAL, "relative");
    expect_open("/a/path/that/is/longer/than/33/byt", SP_EINVAL, "33");
    leftovers_remove(dir);
}

Test(client, takes_directory_and_channel_from_the_environment)
{
    char dir[LEFTOVERS_DIRECTORY_SIZE];
    struct sp_client *client;

    leftovers_directory(dir);
    setenv(SP_RUNTIME_DIR_ENV, dir, 1);
    cr_assert_eq(sp_client_open(NULL, &client), SP_OK);
    cr_expect_str_eq(sp_client_runtime_dir(client), dir);
    sp_client_close(client);
    setenv(SP_CHANNEL_ENV, "carrier pigeon", 1);
    expect_open(NULL, SP_EINVAL, "carrier pigeon");
    setenv(SP_CHANNEL_ENV, "nng", 1);
    expect_open(NULL, SP_OK, NULL);
    leftovers_remove(dir);
}

Test(client, makes_new_ids_that_are_valid_and_differ)
{
    char one[SP_ID_MAX + 1], two[SP_ID_MAX + 1];

    sp_session_id_new(one);
    sp_session_id_new(two);
    cr_expect_eq(strlen(one), 36);
    cr_expect(sp_id_valid(one, strlen(one)));
    cr_expect_eq(one[14], '4', "a version 4 UUID: %s", one);
    cr_expect_str_neq(one, two);
}

/* ---- a supervisor of one's own ------------------------------------------ */

struct home {
    struct leftovers *leftovers;
    char dir[LEFTOVERS_DIRECTORY_SIZE];
    char run[64];
};

static void home_make(struct home *home)
{
    home->leftovers = leftovers_note();
    leftovers_directory(home->dir);
    snprintf(home->run, sizeof home->run, "%s/run", home->dir);
}

static void home_leave(struct home *home)
{
    leftovers_check_empty(home->run);
    leftovers_remove(home->dir);
    leftovers_check(home->leftovers);
}

Test(client, runs_a_supervisor_of_its_own)
{
    struct sp_result *result = sp_result_new();
    struct sp_supervisor *supervisor;
    struct sp_client *client;
    struct home home;
    pid_t session;

    home_make(&home);
    cr_assert_eq(sp_supervisor_start(home.run, NULL, harness_spd_program(),
                                     &supervisor, result),
                 SP_OK, "%s", sp_result_text(result));
    cr_expect_eq(sp_result_pid(result), sp_supervisor_pid(supervisor));
    cr_assert_eq(sp_client_open(home.run, &client), SP_OK);
    cr_assert_eq(sp_ping(client, result), SP_OK);
    cr_expect_eq(sp_result_pid(result), sp_supervisor_pid(supervisor));
    cr_assert_eq(sp_start(client, "a", NULL, NULL, 0, result), SP_OK);
    session = sp_result_pid(result);
    sp_supervisor_stop(supervisor);
    cr_expect(wait_pid_gone(session, 0), "it went with its supervisor");
    cr_expect_eq(sp_ping(client, result), SP_ENOSUP);
    sp_client_close(client);
    sp_result_free(result);
    sp_supervisor_stop(NULL);
    home_leave(&home);
}

Test(client, finds_the_spd_that_belongs_to_it)
{
    struct sp_result *result = sp_result_new();
    struct sp_supervisor *supervisor;
    struct home home;
    char link[32], exe[256] = "";

    if (getenv("SP_TEST_SPD"))
        cr_skip("another spd is under test");
    home_make(&home);
    cr_assert_eq(
        sp_supervisor_start(home.run, NULL, NULL, &supervisor, result), SP_OK,
        "%s", sp_result_text(result));
    snprintf(link, sizeof link, "/proc/%d/exe",
             (int)sp_supervisor_pid(supervisor));
    cr_assert_gt(readlink(link, exe, sizeof exe - 1), 0);
    cr_expect_str_eq(exe, harness_spd_program());
    sp_supervisor_stop(supervisor);
    sp_result_free(result);
    home_leave(&home);
}

static void expect_no_supervisor(const char *run, const char *config,
                                 const char *spd, const char *text)
{
    struct sp_result *result = sp_result_new();
    struct sp_supervisor *supervisor = NULL;

    cr_expect_eq(sp_supervisor_start(run, config, spd, &supervisor, result),
                 SP_ESYSTEM);
    cr_expect_null(supervisor);
    cr_expect_not_null(strstr(sp_result_text(result), text), "%s",
                       sp_result_text(result));
    sp_result_free(result);
}

Test(client, tells_why_a_supervisor_did_not_start)
{
    struct home home;

    home_make(&home);
    expect_no_supervisor(home.run, NULL, "/nonesuch/spd",
                         "/nonesuch/spd: No such file or directory");
    expect_no_supervisor(home.run, NULL, "/bin/false", "ended with status 1");
    expect_no_supervisor(home.run, "/nonesuch.conf", harness_spd_program(),
                         "ended with status");
    expect_no_supervisor("relative", NULL, harness_spd_program(),
                         "ended with status");
    home_leave(&home);
}

/* Descriptors of the caller, its signal mask and ignored signals. */
Test(client, its_supervisor_inherits_nothing_else)
{
    struct sp_supervisor *supervisor;
    struct home home;
    sigset_t block;
    char path[64], line[256];
    int leak;
    FILE *status;

    home_make(&home);
    leak = fcntl(STDIN_FILENO, F_DUPFD, 50);
    cr_assert_eq(leak, 50);
    signal(SIGUSR1, SIG_IGN);
    sigemptyset(&block);
    sigaddset(&block, SIGTERM);
    sigprocmask(SIG_BLOCK, &block, NULL);
    cr_assert_eq(sp_supervisor_start(home.run, NULL, harness_spd_program(),
                                     &supervisor, NULL),
                 SP_OK);
    snprintf(path, sizeof path, "/proc/%d/fd/50",
             (int)sp_supervisor_pid(supervisor));
    cr_expect(access(path, F_OK) < 0);
    snprintf(path, sizeof path, "/proc/%d/status",
             (int)sp_supervisor_pid(supervisor));
    status = fopen(path, "re");
    while (fgets(line, sizeof line, status)) {
        unsigned long long mask;

        if (sscanf(line, "SigBlk: %llx", &mask) == 1)
            cr_expect_eq(mask & 1ull << (SIGTERM - 1), 0, "%s", line);
        if (sscanf(line, "SigIgn: %llx", &mask) == 1)
            cr_expect_eq(mask & 1ull << (SIGUSR1 - 1), 0, "%s", line);
    }
    fclose(status);
    sp_supervisor_stop(supervisor);
    close(leak);
    home_leave(&home);
}

/* Starts a supervisor and a session, tells their pids, and waits to be killed.
 * In a child of the test. */
static void be_a_front_end(const char *run, int report)
{
    struct sp_result *result = sp_result_new();
    struct sp_supervisor *supervisor;
    struct sp_client *client;
    pid_t pids[2];

    if (sp_supervisor_start(run, NULL, harness_spd_program(), &supervisor,
                            NULL) != SP_OK ||
        sp_client_open(run, &client) != SP_OK ||
        sp_start(client, "a", NULL, NULL, 0, result) != SP_OK)
        _exit(1);
    pids[0] = sp_supervisor_pid(supervisor);
    pids[1] = sp_result_pid(result);
    if (write(report, pids, sizeof pids) != sizeof pids)
        _exit(1);
    for (;;)
        pause();
}

Test(client, its_supervisor_ends_with_it_however_it_ends)
{
    int report[2], supervisor, session;
    struct home home;
    pid_t pids[2], child;

    home_make(&home);
    cr_assert_eq(pipe2(report, O_CLOEXEC), 0);
    child = fork();
    if (child == 0)
        be_a_front_end(home.run, report[1]);
    close(report[1]);
    cr_assert(wait_readable(report[0], WAIT_MS));
    cr_assert_eq(read(report[0], pids, sizeof pids), (ssize_t)sizeof pids);
    close(report[0]);
    supervisor = pidfd_open(pids[0], 0);
    session = pidfd_open(pids[1], 0);
    cr_assert(supervisor >= 0 && session >= 0);
    kill(child, SIGKILL);
    cr_expect(wait_exit(supervisor, WAIT_MS));
    cr_expect(wait_exit(session, WAIT_MS));
    close(supervisor);
    close(session);
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
        continue;
    leftovers_reap_orphans(WAIT_MS);
    home_leave(&home);
}

static void *start_supervisor(void *context)
{
    struct sp_supervisor **supervisor = context;
    struct home *home = *(struct home **)context;

    *supervisor = NULL;
    sp_supervisor_start(home->run, NULL, harness_spd_program(), supervisor,
                        NULL);
    return NULL;
}

/* It must not end with the thread that started it. */
Test(client, its_supervisor_outlives_the_thread_that_started_it)
{
    struct sp_client *client;
    struct home home;
    pthread_t thread;
    void *shared = &home;

    home_make(&home);
    cr_assert_eq(pthread_create(&thread, NULL, start_supervisor, &shared), 0);
    pthread_join(thread, NULL);
    cr_assert_not_null(shared);
    cr_assert_eq(sp_client_open(home.run, &client), SP_OK);
    cr_expect_eq(sp_start(client, "a", NULL, NULL, 0, NULL), SP_OK);
    cr_expect_eq(sp_ping(client, NULL), SP_OK);
    sp_client_close(client);
    sp_supervisor_stop(shared);
    home_leave(&home);
}
