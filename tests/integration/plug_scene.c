/* SPDX-License-Identifier: MIT */
/* A plug and requests to it.  Used by test_plug and test_plug_keys. */
#include "plug_scene.h"

#include <criterion/criterion.h>
#include <stdio.h>

#include <event2/event.h>
#include <event2/http.h>

#include "support/harness.h"

void scene_set(struct scene *scene, struct sp_plug_options *options)
{
    scene->harness = harness_start(NULL);
    cr_assert_eq(
        sp_client_open(harness_runtime_dir(scene->harness), &scene->client),
        SP_OK);
    cr_assert_eq(sp_plug_new(scene->client, options, &scene->plug), SP_OK);
    sp_plug_options_free(options);
}

void scene_clear(struct scene *scene)
{
    sp_plug_free(scene->plug);
    sp_client_close(scene->client);
    harness_stop(scene->harness);
    libevent_global_shutdown();
}

struct evhttp_request *request_new(const char *cookie)
{
    struct evhttp_request *request = evhttp_request_new(NULL, NULL);

    cr_assert_not_null(request);
    if (cookie)
        evhttp_add_header(evhttp_request_get_input_headers(request), "Cookie",
                          cookie);
    return request;
}

const char *set_cookie(struct evhttp_request *request)
{
    return evhttp_find_header(evhttp_request_get_output_headers(request),
                              "Set-Cookie");
}

struct outcome session_of(struct scene *scene, const char *cookie)
{
    struct evhttp_request *request = request_new(cookie);
    struct outcome outcome = {0};

    outcome.error = sp_plug_session(scene->plug, request, NULL, 0, outcome.id,
                                    &outcome.visit, NULL);
    outcome.cookie_set = set_cookie(request) != NULL;
    evhttp_request_free(request);
    return outcome;
}

void cookie_of(const char *id, char out[96])
{
    snprintf(out, 96, SP_PLUG_COOKIE "=%s", id);
}

struct outcome session_of_id(struct scene *scene, const char *id)
{
    char cookie[96];

    cookie_of(id, cookie);
    return session_of(scene, cookie);
}

void expect_known(struct scene *scene, const char *id)
{
    struct outcome outcome = session_of_id(scene, id);

    cr_expect_eq(outcome.error, SP_OK);
    cr_expect_eq(outcome.visit, SP_VISIT_KNOWN);
    cr_expect_str_eq(outcome.id, id);
    cr_expect(!outcome.cookie_set);
}
