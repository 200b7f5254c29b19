/* SPDX-License-Identifier: MIT */
/* Sets and clears the scene of a test of libsp.  Used by test_client and
 * test_client_calls. */
#define _GNU_SOURCE
#include "client_scene.h"

#include <stdio.h>
#include <string.h>

#include "nng_once.h"
#include "support/leftovers.h"

struct criterion_test_params channel_parameters(void)
{
    static struct channel_name channels[] = {{"local"}, {"nng"}};

    return cr_make_param_array(struct channel_name, channels, 2);
}

bool scene_is_local(const struct scene *scene)
{
    return strcmp(scene->channel, "local") == 0;
}

struct sp_client *scene_client(const struct scene *scene)
{
    struct sp_client *client;
    char where[64];

    snprintf(where, sizeof where, "%s%s",
             scene_is_local(scene) ? "" : "ipc://",
             harness_runtime_dir(scene->harness));
    cr_assert_eq(sp_client_open(where, &client), SP_OK);
    return client;
}

void scene_set(struct scene *scene, const char *channel)
{
    scene->channel = channel;
    if (!scene_is_local(scene)) {
        nng_once();
        leftovers_allow_sockets(2);
    }
    scene->harness = harness_start(HARNESS_PROBE_CONFIG);
    scene->result = sp_result_new();
    scene->client = scene_client(scene);
}

void scene_clear(struct scene *scene)
{
    sp_result_free(scene->result);
    sp_client_close(scene->client);
    harness_stop(scene->harness);
}

pid_t start(struct scene *scene, const char *id, const char *module,
            const char *arg)
{
    enum sp_error error = sp_start(scene->client, id, module, arg,
                                   arg ? strlen(arg) : 0, scene->result);

    cr_assert_eq(error, SP_OK, "%s: %s", id, sp_result_text(scene->result));
    return sp_result_pid(scene->result);
}

enum sp_error call(struct scene *scene, const char *id, const char *request,
                   int timeout_ms)
{
    return sp_call(scene->client, id, request, strlen(request), timeout_ms,
                   scene->result);
}

void expect_reply(struct scene *scene, const char *id, const char *request,
                  const char *reply)
{
    expect_error(scene, SP_OK, call(scene, id, request, LONG_MS));
    cr_expect_str_eq((const char *)sp_result_data(scene->result), reply);
    cr_expect_eq(sp_result_size(scene->result), strlen(reply));
    cr_expect_eq(sp_result_progress(scene->result), SP_PROGRESS_ANSWERED);
}
