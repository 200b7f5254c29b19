/* SPDX-License-Identifier: MIT */
/* A plug and requests to it.  Used by test_plug*. */
#define _GNU_SOURCE
#include "plug_scene.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>
#include <event2/http.h>

#include "nng_once.h"
#include "support/harness.h"

void scene_set(struct scene *scene, struct sp_plug_options *options)
{
    nng_once_if_channel();
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

struct sp_plug_options *scene_options_of(struct scene *scene, const char *keys)
{
    struct sp_plug_options *options = sp_plug_options_new();
    char path[128], text[256] = "";
    int fd;

    snprintf(path, sizeof path, "%s/keys", harness_dir(scene->harness));
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    cr_assert(fd >= 0);
    cr_assert_eq(write(fd, keys, strlen(keys)), (ssize_t)strlen(keys));
    close(fd);
    cr_assert_eq(sp_plug_options_set_key_file(options, path, text, sizeof text),
                 SP_OK, "%s", text);
    return options;
}

void scene_replug(struct scene *scene, struct sp_plug_options *options)
{
    sp_plug_free(scene->plug);
    cr_assert_eq(sp_plug_new(scene->client, options, &scene->plug), SP_OK);
    sp_plug_options_free(options);
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

void visitor_keep(struct visitor *visitor, struct evhttp_request *request)
{
    const char *value = set_cookie(request);

    cr_assert_not_null(value);
    snprintf(visitor->cookie, sizeof visitor->cookie, "%.*s",
             (int)strcspn(value, ";"), value);
}

struct visitor scene_visitor(struct scene *scene)
{
    struct evhttp_request *request = request_new(NULL);
    struct visitor visitor;
    enum sp_visit visit;

    cr_assert_eq(sp_plug_session(scene->plug, request, NULL, 0, visitor.id,
                                 &visit, NULL),
                 SP_OK);
    cr_expect_eq(visit, SP_VISIT_NEW);
    visitor_keep(&visitor, request);
    evhttp_request_free(request);
    return visitor;
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
