/* SPDX-License-Identifier: MIT */
/* libsp-evhttp with keys, against a real spd: signed IDs lead to sessions
 * whoever has started them, and nothing else does; keys are changed; cookie or
 * header; TLS or not. */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <event2/http.h>

#include "plug_scene.h"
#include "support/harness.h"
#include "support/leaks.h"

TestSuite(plug_keys, .fini = leaks_check, .timeout = 120);

#define COOKIE "__Host-" SP_PLUG_COOKIE
#define HEADER "X-Session"
#define DIGITS "00112233445566778899aabbccddeeff"
#define OLD_KEY DIGITS DIGITS "\n"
#define NEW_KEY DIGITS "ffeeddccbbaa99887766554433221100\n"

static void scene_set_keys(struct scene *scene, const char *keys)
{
    scene_set(scene, NULL);
    scene_replug(scene, scene_options_of(scene, keys));
}

static void expect_to_be(struct scene *scene, const char *cookie,
                         const char *id)
{
    struct evhttp_request *request = request_new(cookie);
    char found[SP_ID_MAX + 1] = "nobody";

    sp_plug_find(scene->plug, request, found);
    cr_expect_str_eq(found, id, "%s leads to %s", cookie, found);
    evhttp_request_free(request);
}

/* ---- who is who --------------------------------------------------------- */

Test(plug_keys, find_a_session_again_in_another_plug)
{
    struct scene scene;
    struct visitor ann;
    struct outcome again;

    scene_set_keys(&scene, NEW_KEY);
    ann = scene_visitor(&scene);
    scene_replug(&scene, scene_options_of(&scene, NEW_KEY));
    again = session_of(&scene, ann.cookie);
    cr_expect_eq(again.error, SP_OK);
    cr_expect_eq(again.visit, SP_VISIT_KNOWN);
    cr_expect_str_eq(again.id, ann.id);
    cr_expect(!again.cookie_set);
    scene_clear(&scene);
}

Test(plug_keys, set_a_cookie_that_only_this_host_gets_over_tls)
{
    struct scene scene;
    struct evhttp_request *request = request_new(NULL);
    char id[SP_ID_MAX + 1], begin[128];
    const char *value;

    scene_set_keys(&scene, NEW_KEY);
    cr_assert_eq(sp_plug_session(scene.plug, request, NULL, 0, id, NULL, NULL),
                 SP_OK);
    value = set_cookie(request);
    snprintf(begin, sizeof begin, COOKIE "=%s.", id);
    cr_assert(strncmp(value, begin, strlen(begin)) == 0, "%s", value);
    cr_expect_str_eq(value + strlen(begin) + 64,
                     "; Path=/; HttpOnly; SameSite=Lax; Secure");
    evhttp_request_free(request);
    scene_clear(&scene);
}

Test(plug_keys, set_a_cookie_for_plain_http_when_told)
{
    struct scene scene;
    struct sp_plug_options *options;
    struct visitor ann;

    scene_set(&scene, NULL);
    options = scene_options_of(&scene, NEW_KEY);
    cr_assert_eq(sp_plug_options_set_plain_http(options, true), SP_OK);
    scene_replug(&scene, options);
    ann = scene_visitor(&scene);
    cr_expect(strncmp(ann.cookie, SP_PLUG_COOKIE "=", 11) == 0, "%s",
              ann.cookie);
    expect_to_be(&scene, ann.cookie, ann.id);
    scene_replug(&scene, scene_options_of(&scene, NEW_KEY));
    expect_to_be(&scene, ann.cookie, "nobody");
    scene_clear(&scene);
}

Test(plug_keys, take_no_cookie_that_they_have_not_signed)
{
    struct scene scene;
    struct visitor ann, bob;
    char cookie[512];

    scene_set_keys(&scene, NEW_KEY);
    ann = scene_visitor(&scene);
    bob = scene_visitor(&scene);
    snprintf(cookie, sizeof cookie, COOKIE "=%s", ann.id);
    expect_to_be(&scene, cookie, "nobody");
    snprintf(cookie, sizeof cookie, COOKIE "=%s.%064d", ann.id, 0);
    expect_to_be(&scene, cookie, "nobody");
    snprintf(cookie, sizeof cookie, COOKIE "=%s%s", ann.id,
             strchr(bob.cookie, '.'));
    expect_to_be(&scene, cookie, "nobody");
    snprintf(cookie, sizeof cookie, "%sA", ann.cookie);
    expect_to_be(&scene, cookie, "nobody");
    snprintf(cookie, sizeof cookie, "%.*s", (int)strlen(ann.cookie) - 1,
             ann.cookie);
    expect_to_be(&scene, cookie, "nobody");
    snprintf(cookie, sizeof cookie, "x" COOKIE "%s", strchr(ann.cookie, '='));
    expect_to_be(&scene, cookie, "nobody");
    expect_to_be(&scene, ann.cookie, ann.id);
    scene_clear(&scene);
}

Test(plug_keys, of_one_plug_are_not_those_of_another)
{
    struct scene scene;
    struct sp_plug_options *options = sp_plug_options_new();
    struct visitor ann;

    cr_assert_eq(sp_plug_options_set_key_file(options, NULL, NULL, 0), SP_OK);
    scene_set(&scene, options);
    ann = scene_visitor(&scene);
    expect_to_be(&scene, ann.cookie, ann.id);
    options = sp_plug_options_new();
    cr_assert_eq(sp_plug_options_set_key_file(options, NULL, NULL, 0), SP_OK);
    scene_replug(&scene, options);
    expect_to_be(&scene, ann.cookie, "nobody");
    scene_clear(&scene);
}

Test(plug_keys, take_the_first_cookie_of_several_whose_session_is_there)
{
    struct scene scene;
    struct visitor dead, live;
    char cookie[1024];
    size_t size;

    scene_set_keys(&scene, NEW_KEY);
    dead = scene_visitor(&scene);
    live = scene_visitor(&scene);
    cr_assert_eq(sp_terminate(scene.client, dead.id, NULL), SP_OK);
    snprintf(cookie, sizeof cookie, COOKIE "=x; %s; %s", dead.cookie,
             live.cookie);
    expect_to_be(&scene, cookie, live.id);
    size = 0;
    for (int i = 0; i < 16; i++)
        size += (size_t)sprintf(cookie + size, COOKIE "=forged; ");
    strcpy(cookie + size, live.cookie);
    expect_to_be(&scene, cookie, "nobody");
    expect_to_be(&scene, cookie + strlen(COOKIE "=forged; "), live.id);
    scene_clear(&scene);
}

Test(plug_keys, tell_an_id_without_asking_for_its_session)
{
    struct scene scene;
    struct evhttp_request *request;
    struct visitor ann;
    char id[SP_ID_MAX + 1] = "nobody";

    scene_set_keys(&scene, NEW_KEY);
    ann = scene_visitor(&scene);
    cr_assert_eq(sp_terminate(scene.client, ann.id, NULL), SP_OK);
    request = request_new(ann.cookie);
    cr_expect_eq(sp_plug_peek(scene.plug, request, id), SP_OK);
    cr_expect_str_eq(id, ann.id);
    evhttp_request_free(request);
    request = request_new(COOKIE "=forged");
    cr_expect_eq(sp_plug_peek(scene.plug, request, id), SP_ENOENT);
    evhttp_request_free(request);
    scene_clear(&scene);
}

/* ---- other keys --------------------------------------------------------- */

Test(plug_keys, are_changed_without_a_visitor_being_lost)
{
    struct scene scene;
    struct visitor ann;
    struct evhttp_request *request;
    char id[SP_ID_MAX + 1];

    scene_set_keys(&scene, OLD_KEY NEW_KEY);
    ann = scene_visitor(&scene);
    scene_replug(&scene, scene_options_of(&scene, NEW_KEY OLD_KEY));
    request = request_new(ann.cookie);
    cr_assert_eq(sp_plug_session(scene.plug, request, NULL, 0, id, NULL, NULL),
                 SP_OK);
    cr_expect_str_eq(id, ann.id);
    visitor_keep(&ann, request);
    evhttp_request_free(request);
    scene_replug(&scene, scene_options_of(&scene, NEW_KEY));
    expect_to_be(&scene, ann.cookie, ann.id);
    scene_clear(&scene);
}

Test(plug_keys, that_are_gone_have_signed_nothing)
{
    struct scene scene;
    struct visitor ann;
    struct outcome outcome;

    scene_set_keys(&scene, OLD_KEY);
    ann = scene_visitor(&scene);
    scene_replug(&scene, scene_options_of(&scene, NEW_KEY));
    outcome = session_of(&scene, ann.cookie);
    cr_expect_eq(outcome.error, SP_OK);
    cr_expect_eq(outcome.visit, SP_VISIT_NEW);
    cr_expect_str_neq(outcome.id, ann.id);
    cr_expect(outcome.cookie_set);
    scene_clear(&scene);
}

/* ---- a header ----------------------------------------------------------- */

static const char *told(struct evhttp_request *request)
{
    return evhttp_find_header(evhttp_request_get_output_headers(request),
                              HEADER);
}

static struct evhttp_request *request_by_header(const char *value,
                                                const char *cookie)
{
    struct evhttp_request *request = request_new(cookie);

    evhttp_add_header(evhttp_request_get_input_headers(request), "x-session",
                      value);
    return request;
}

Test(plug_keys, tell_an_id_by_the_header_to_who_uses_it)
{
    struct scene scene;
    struct sp_plug_options *options;
    struct evhttp_request *request = request_by_header("", NULL);
    char id[SP_ID_MAX + 1], again[SP_ID_MAX + 1], value[256];

    scene_set(&scene, NULL);
    options = scene_options_of(&scene, NEW_KEY);
    cr_assert_eq(sp_plug_options_set_header(options, HEADER), SP_OK);
    scene_replug(&scene, options);
    cr_assert_eq(sp_plug_session(scene.plug, request, NULL, 0, id, NULL, NULL),
                 SP_OK);
    cr_expect_null(set_cookie(request));
    cr_assert_not_null(told(request));
    snprintf(value, sizeof value, "%s", told(request));
    cr_assert_eq(sp_plug_session(scene.plug, request, NULL, 0, again, NULL,
                                 NULL),
                 SP_OK);
    cr_expect_str_eq(again, id, "one session for one request");
    evhttp_request_free(request);
    request = request_by_header(value, NULL);
    cr_expect_eq(sp_plug_find(scene.plug, request, again), SP_OK);
    cr_expect_str_eq(again, id);
    evhttp_request_free(request);
    scene_clear(&scene);
}

Test(plug_keys, let_the_header_go_before_cookies)
{
    struct scene scene;
    struct sp_plug_options *options;
    struct evhttp_request *request;
    struct visitor ann;
    char id[SP_ID_MAX + 1];

    scene_set(&scene, NULL);
    options = scene_options_of(&scene, NEW_KEY);
    cr_assert_eq(sp_plug_options_set_header(options, HEADER), SP_OK);
    scene_replug(&scene, options);
    ann = scene_visitor(&scene);
    expect_to_be(&scene, ann.cookie, ann.id);
    request = request_by_header("forged", ann.cookie);
    cr_expect_eq(sp_plug_find(scene.plug, request, id), SP_ENOENT);
    evhttp_request_free(request);
    request = request_by_header(strchr(ann.cookie, '=') + 1, NULL);
    cr_expect_eq(sp_plug_find(scene.plug, request, id), SP_ENOENT,
                 "a cookie's value is none of the header's");
    evhttp_request_free(request);
    scene_clear(&scene);
}

/* ---- wrong use ---------------------------------------------------------- */

Test(plug_keys, that_others_can_read_are_refused)
{
    struct scene scene;
    struct sp_plug_options *options;
    char path[128], text[256] = "";

    scene_set(&scene, NULL);
    options = scene_options_of(&scene, NEW_KEY);
    snprintf(path, sizeof path, "%s/keys", harness_dir(scene.harness));
    cr_assert_eq(chmod(path, 0644), 0);
    cr_expect_eq(sp_plug_options_set_key_file(options, path, text, sizeof text),
                 SP_EPERM);
    cr_expect(strstr(text, "others may use it"), "%s", text);
    cr_expect_eq(sp_plug_options_set_key_file(options, path, NULL, 0),
                 SP_EPERM);
    cr_expect_eq(sp_plug_options_set_key_file(NULL, path, NULL, 0), SP_EINVAL);
    cr_expect_eq(sp_plug_options_set_header(options, "a b"), SP_EINVAL);
    cr_expect_eq(sp_plug_options_set_plain_http(NULL, true), SP_EINVAL);
    sp_plug_options_free(options);
    scene_clear(&scene);
}

Test(plug_keys, and_plain_http_go_with_no_prefix_that_wants_tls)
{
    struct scene scene;
    struct sp_plug_options *options;
    struct sp_plug *plug;
    struct visitor ann;

    scene_set(&scene, NULL);
    options = scene_options_of(&scene, NEW_KEY);
    cr_assert_eq(sp_plug_options_set_cookie(options, COOKIE), SP_OK);
    cr_assert_eq(sp_plug_options_set_plain_http(options, true), SP_OK);
    cr_expect_eq(sp_plug_new(scene.client, options, &plug), SP_EINVAL);
    cr_assert_eq(sp_plug_options_set_plain_http(options, false), SP_OK);
    scene_replug(&scene, options);
    ann = scene_visitor(&scene);
    cr_expect(strncmp(ann.cookie, COOKIE "=", strlen(COOKIE) + 1) == 0,
              "the prefix is not there twice");
    scene_clear(&scene);
}
