/* SPDX-License-Identifier: MIT */
/* libsp-evhttp against a real spd: which cookies lead to a session, what is
 * remembered, and what happens when there is no room.  Requests are made here,
 * as evhttp would hand them over. */
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include <event2/event.h>
#include <event2/http.h>

#include "plug_scene.h"
#include "support/harness.h"
#include "support/leaks.h"

TestSuite(plug, .fini = leaks_check, .timeout = 120);

static struct sp_plug_options *options_of_capacity(size_t capacity)
{
    struct sp_plug_options *options = sp_plug_options_new();

    cr_assert_eq(sp_plug_options_set_capacity(options, capacity), SP_OK);
    return options;
}

static bool is_started(struct scene *scene, const char *id)
{
    bool started;

    cr_assert_eq(sp_started(scene->client, id, &started, NULL), SP_OK);
    return started;
}

/* ---- who is who --------------------------------------------------------- */

Test(plug, starts_a_session_and_finds_it_again)
{
    struct scene scene;
    struct outcome first;

    scene_set(&scene, NULL);
    first = session_of(&scene, NULL);
    cr_assert_eq(first.error, SP_OK);
    cr_expect_eq(first.visit, SP_VISIT_NEW);
    cr_expect(first.cookie_set);
    cr_expect(is_started(&scene, first.id));
    expect_known(&scene, first.id);
    scene_clear(&scene);
}

Test(plug, uses_only_sessions_that_it_has_started)
{
    struct scene scene;
    struct outcome outcome;

    scene_set(&scene, NULL);
    cr_assert_eq(sp_start(scene.client, "victim", NULL, NULL, 0, NULL), SP_OK);
    outcome = session_of_id(&scene, "victim");
    cr_expect_eq(outcome.error, SP_OK);
    cr_expect_eq(outcome.visit, SP_VISIT_NEW);
    cr_expect_str_neq(outcome.id, "victim");
    scene_clear(&scene);
}

Test(plug, does_not_know_the_sessions_of_another_plug)
{
    struct scene scene;
    struct sp_plug *other;
    struct evhttp_request *request;
    char id[SP_ID_MAX + 1], cookie[96];

    scene_set(&scene, NULL);
    cookie_of(session_of(&scene, NULL).id, cookie);
    cr_assert_eq(sp_plug_new(scene.client, NULL, &other), SP_OK);
    request = request_new(cookie);
    cr_expect_eq(sp_plug_find(other, request, id), SP_ENOENT);
    cr_expect_eq(sp_plug_find(scene.plug, request, id), SP_OK);
    evhttp_request_free(request);
    sp_plug_free(other);
    scene_clear(&scene);
}

Test(plug, renews_a_session_that_has_ended)
{
    struct scene scene;
    struct outcome first, second;

    scene_set(&scene, NULL);
    first = session_of(&scene, NULL);
    cr_assert_eq(sp_terminate(scene.client, first.id, NULL), SP_OK);
    second = session_of_id(&scene, first.id);
    cr_expect_eq(second.error, SP_OK);
    cr_expect_eq(second.visit, SP_VISIT_RENEWED);
    cr_expect_str_neq(second.id, first.id);
    cr_expect(second.cookie_set);
    second = session_of_id(&scene, first.id);
    cr_expect_eq(second.visit, SP_VISIT_NEW, "it is forgotten then");
    scene_clear(&scene);
}

Test(plug, finds_without_starting)
{
    struct scene scene;
    struct evhttp_request *request = request_new(NULL);
    struct outcome first;
    char id[SP_ID_MAX + 1] = "untouched", cookie[96];

    scene_set(&scene, NULL);
    cr_expect_eq(sp_plug_find(scene.plug, request, id), SP_ENOENT);
    cr_expect_str_eq(id, "untouched");
    cr_expect_null(set_cookie(request));
    evhttp_request_free(request);
    first = session_of(&scene, NULL);
    cookie_of(first.id, cookie);
    request = request_new(cookie);
    cr_expect_eq(sp_plug_find(scene.plug, request, id), SP_OK);
    cr_expect_str_eq(id, first.id);
    cr_assert_eq(sp_terminate(scene.client, first.id, NULL), SP_OK);
    cr_expect_eq(sp_plug_find(scene.plug, request, id), SP_ENOENT);
    evhttp_request_free(request);
    cr_expect_eq(session_of_id(&scene, first.id).visit, SP_VISIT_RENEWED,
                 "and without forgetting");
    scene_clear(&scene);
}

Test(plug, starts_one_session_for_one_request)
{
    struct scene scene;
    struct evhttp_request *request = request_new(NULL);
    char first[SP_ID_MAX + 1], second[SP_ID_MAX + 1];
    enum sp_visit visit;

    scene_set(&scene, NULL);
    cr_assert_eq(sp_plug_session(scene.plug, request, NULL, 0, first, NULL,
                                 NULL),
                 SP_OK);
    cr_assert_eq(sp_plug_session(scene.plug, request, NULL, 0, second, &visit,
                                 NULL),
                 SP_OK);
    cr_expect_str_eq(second, first);
    cr_expect_eq(visit, SP_VISIT_KNOWN);
    evhttp_request_free(request);
    scene_clear(&scene);
}

Test(plug, looks_at_several_cookies_of_its_name)
{
    struct scene scene;
    struct evhttp_request *request;
    struct outcome dead, live;
    char id[SP_ID_MAX + 1], cookie[256];

    scene_set(&scene, NULL);
    dead = session_of(&scene, NULL);
    live = session_of(&scene, NULL);
    cr_assert_eq(sp_terminate(scene.client, dead.id, NULL), SP_OK);
    snprintf(cookie, sizeof cookie, "a=1; sp_session=%s; sp_session=%s",
             dead.id, live.id);
    request = request_new(cookie);
    cr_expect_eq(sp_plug_find(scene.plug, request, id), SP_OK);
    cr_expect_str_eq(id, live.id);
    evhttp_request_free(request);
    request = request_new("sp_session=forged");
    cookie_of(live.id, cookie);
    evhttp_add_header(evhttp_request_get_input_headers(request), "cookie",
                      cookie);
    cr_expect_eq(sp_plug_find(scene.plug, request, id), SP_OK);
    evhttp_request_free(request);
    scene_clear(&scene);
}

Test(plug, finds_its_cookie_behind_any_number_that_others_have_set)
{
    struct scene scene;
    struct outcome first;
    char cookie[2048] = "", own[96];

    scene_set(&scene, NULL);
    first = session_of(&scene, NULL);
    for (int i = 0; i < 100; i++)
        strcat(cookie, "sp_session=x; ");
    cookie_of(first.id, own);
    strcat(cookie, own);
    cr_expect_str_eq(session_of(&scene, cookie).id, first.id);
    scene_clear(&scene);
}

/* ---- a new session ------------------------------------------------------ */

Test(plug, starts_its_module_with_the_argument)
{
    struct scene scene;
    struct evhttp_request *request = request_new(NULL);
    struct sp_plug_options *options = sp_plug_options_new();
    struct sp_result *result = sp_result_new();
    char id[SP_ID_MAX + 1];

    cr_assert_eq(sp_plug_options_set_module(options, "counter"), SP_OK);
    scene_set(&scene, options);
    cr_assert_eq(sp_plug_session(scene.plug, request, "41", 2, id, NULL, NULL),
                 SP_OK);
    cr_assert_eq(sp_call(scene.client, id, "incr", 4, 5000, result), SP_OK);
    cr_expect_str_eq(sp_result_data(result), "42");
    evhttp_request_free(request);
    sp_result_free(result);
    scene_clear(&scene);
}

Test(plug, says_why_a_session_does_not_start_and_keeps_no_place_for_it)
{
    struct scene scene;
    struct sp_plug_options *options = options_of_capacity(1);
    struct sp_result *result = sp_result_new();

    cr_assert_eq(sp_plug_options_set_module(options, "no-such"), SP_OK);
    scene_set(&scene, options);
    for (int i = 0; i < 3; i++) {
        struct evhttp_request *request = request_new(NULL);
        char id[SP_ID_MAX + 1] = "untouched";

        cr_expect_eq(sp_plug_session(scene.plug, request, NULL, 0, id, NULL,
                                     result),
                     SP_EMODULE);
        cr_expect_eq(sp_result_error(result), SP_EMODULE);
        cr_expect_str_eq(id, "untouched");
        cr_expect_null(set_cookie(request));
        evhttp_request_free(request);
    }
    sp_result_free(result);
    scene_clear(&scene);
}

Test(plug, sets_the_cookie_that_it_was_told_to)
{
    struct scene scene;
    struct evhttp_request *request = request_new(NULL);
    struct sp_plug_options *options = sp_plug_options_new();
    char id[SP_ID_MAX + 1], expected[160];

    cr_assert_eq(sp_plug_options_set_cookie(options, "__Host-me"), SP_OK);
    cr_assert_eq(sp_plug_options_set_secure(options, true), SP_OK);
    scene_set(&scene, options);
    cr_assert_eq(sp_plug_session(scene.plug, request, NULL, 0, id, NULL, NULL),
                 SP_OK);
    snprintf(expected, sizeof expected,
             "__Host-me=%s; Path=/; HttpOnly; SameSite=Lax; Secure", id);
    cr_expect_str_eq(set_cookie(request), expected);
    evhttp_request_free(request);
    scene_clear(&scene);
}

/* ---- the bound ---------------------------------------------------------- */

Test(plug, refuses_newcomers_while_all_its_sessions_live)
{
    struct scene scene;
    struct outcome first, second;

    scene_set(&scene, options_of_capacity(2));
    first = session_of(&scene, NULL);
    second = session_of(&scene, NULL);
    for (int i = 0; i < 3; i++)
        cr_expect_eq(session_of(&scene, NULL).error, SP_ELIMIT);
    expect_known(&scene, first.id);
    expect_known(&scene, second.id);
    scene_clear(&scene);
}

Test(plug, gives_the_place_of_an_ended_session_to_a_newcomer)
{
    struct scene scene;
    struct outcome first, second, third;

    scene_set(&scene, options_of_capacity(2));
    first = session_of(&scene, NULL);
    second = session_of(&scene, NULL);
    cr_assert_eq(sp_terminate(scene.client, second.id, NULL), SP_OK);
    third = session_of(&scene, NULL);
    cr_expect_eq(third.error, SP_OK);
    cr_expect_eq(third.visit, SP_VISIT_NEW);
    expect_known(&scene, first.id);
    expect_known(&scene, third.id);
    cr_expect_eq(session_of(&scene, NULL).error, SP_ELIMIT);
    scene_clear(&scene);
}

Test(plug, finds_an_ended_session_behind_many_living_ones_in_the_end)
{
    enum { MANY = 40 };
    struct scene scene;
    struct outcome last = {0};
    int tries = 0;

    scene_set(&scene, options_of_capacity(MANY));
    for (int i = 0; i < MANY; i++)
        last = session_of(&scene, NULL);
    cr_assert_eq(sp_terminate(scene.client, last.id, NULL), SP_OK);
    while (session_of(&scene, NULL).error == SP_ELIMIT && tries < MANY)
        tries++;
    cr_expect_leq(tries, MANY / 16);
    scene_clear(&scene);
}

struct newcomers {
    struct scene *scene;
    pthread_t thread;
    size_t admitted;
};

#define NEWCOMERS 20

static void *admit_newcomers(void *arg)
{
    struct newcomers *newcomers = arg;

    for (int i = 0; i < NEWCOMERS; i++) {
        struct outcome outcome = session_of(newcomers->scene, NULL);

        if (outcome.error == SP_OK)
            newcomers->admitted++;
        else
            cr_expect_eq(outcome.error, SP_ELIMIT);
    }
    return NULL;
}

Test(plug, keeps_its_bound_when_threads_share_it)
{
    enum { THREADS = 4, CAPACITY = 50 };
    struct scene scene;
    struct newcomers newcomers[THREADS] = {0};
    struct sp_session_list *list;
    size_t admitted = 0;

    scene_set(&scene, options_of_capacity(CAPACITY));
    for (int i = 0; i < THREADS; i++) {
        newcomers[i].scene = &scene;
        cr_assert_eq(pthread_create(&newcomers[i].thread, NULL,
                                    admit_newcomers, &newcomers[i]),
                     0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(newcomers[i].thread, NULL);
        admitted += newcomers[i].admitted;
    }
    cr_expect_eq(admitted, CAPACITY, "%zu were let in", admitted);
    cr_assert_eq(sp_list(scene.client, &list, NULL), SP_OK);
    cr_expect_eq(sp_list_count(list), CAPACITY, "none was started in vain");
    sp_list_free(list);
    scene_clear(&scene);
}

/* ---- wrong use ---------------------------------------------------------- */

Test(plug, refuses_options_that_make_no_sense)
{
    struct sp_plug_options *options = sp_plug_options_new();
    char name[SP_ID_MAX + 2] = "";

    memset(name, 'm', SP_ID_MAX + 1);
    cr_expect_eq(sp_plug_options_set_cookie(options, "a b"), SP_EINVAL);
    cr_expect_eq(sp_plug_options_set_cookie(options, NULL), SP_EINVAL);
    cr_expect_eq(sp_plug_options_set_cookie(NULL, "a"), SP_EINVAL);
    cr_expect_eq(sp_plug_options_set_module(options, ""), SP_EINVAL);
    cr_expect_eq(sp_plug_options_set_module(options, name), SP_EINVAL);
    cr_expect_eq(sp_plug_options_set_module(options, NULL), SP_OK);
    cr_expect_eq(sp_plug_options_set_capacity(options, 0), SP_EINVAL);
    cr_expect_eq(
        sp_plug_options_set_capacity(options, SP_PLUG_CAPACITY_MAX + 1),
        SP_EINVAL);
    sp_plug_options_free(options);
    sp_plug_options_free(NULL);
}

Test(plug, refuses_a_cookie_that_browsers_would)
{
    struct scene scene;
    struct sp_plug_options *options = sp_plug_options_new();
    struct sp_plug *plug;

    scene_set(&scene, NULL);
    cr_assert_eq(sp_plug_options_set_cookie(options, "__Secure-a"), SP_OK);
    cr_expect_eq(sp_plug_new(scene.client, options, &plug), SP_EINVAL);
    cr_expect_eq(sp_plug_new(NULL, NULL, &plug), SP_EINVAL);
    sp_plug_options_free(options);
    sp_plug_free(NULL);
    scene_clear(&scene);
}

Test(plug, without_a_supervisor_says_so_and_sets_no_cookie)
{
    struct scene scene;
    struct outcome outcome;

    scene_set(&scene, NULL);
    outcome = session_of(&scene, NULL);
    harness_kill_spd(scene.harness);
    cr_expect_eq(session_of(&scene, NULL).error, SP_ENOSUP);
    outcome = session_of_id(&scene, outcome.id);
    cr_expect_eq(outcome.error, SP_ENOSUP);
    cr_expect(!outcome.cookie_set);
    harness_start_spd(scene.harness);
    scene_clear(&scene);
}
