/* SPDX-License-Identifier: MIT */
/* A new ID at log-in: the visitor has it, whoever knew the old one has nothing,
 * with keys and without. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <string.h>
#include <sys/queue.h>

#include <event2/http.h>
#include <event2/keyvalq_struct.h>

#include "plug_scene.h"
#include "support/harness.h"
#include "support/leaks.h"

static struct scene scene;

static void end_scene(void)
{
    scene_clear(&scene);
    leaks_check();
}

TestSuite(plug_renew, .fini = end_scene, .timeout = 120);

/* With a key that is made for it, or without keys. */
static void set_scene(bool keys)
{
    struct sp_plug_options *options = sp_plug_options_new();

    if (keys)
        cr_assert_eq(sp_plug_options_set_key_file(options, NULL, NULL, 0),
                     SP_OK);
    scene_set(&scene, options);
}

#define RENEW_TEST(name)                                                       \
    static void name(void);                                                    \
    ParameterizedTestParameters(plug_renew, name)                              \
    {                                                                          \
        static bool keys[] = {false, true};                                    \
                                                                               \
        return cr_make_param_array(bool, keys, 2);                             \
    }                                                                          \
    ParameterizedTest(bool *keys, plug_renew, name)                            \
    {                                                                          \
        set_scene(*keys);                                                      \
        name();                                                                \
    }                                                                          \
    static void name(void)

static struct visitor renewed(const struct visitor *visitor, const char *arg,
                              char *out_old)
{
    struct evhttp_request *request =
        request_new(*visitor->cookie ? visitor->cookie : NULL);
    struct visitor after;

    cr_assert_eq(sp_plug_renew(scene.plug, request, arg, arg ? strlen(arg) : 0,
                               out_old, after.id, NULL),
                 SP_OK);
    visitor_keep(&after, request);
    evhttp_request_free(request);
    return after;
}

static enum sp_error find(const struct visitor *visitor,
                          char out_id[SP_ID_MAX + 1])
{
    struct evhttp_request *request = request_new(visitor->cookie);
    enum sp_error error = sp_plug_find(scene.plug, request, out_id);

    evhttp_request_free(request);
    return error;
}

static void expect_found(const struct visitor *visitor)
{
    char id[SP_ID_MAX + 1] = "nobody";

    cr_expect_eq(find(visitor, id), SP_OK);
    cr_expect_str_eq(id, visitor->id);
}

static bool is_started(const char *id)
{
    bool started;

    cr_assert_eq(sp_started(scene.client, id, &started, NULL), SP_OK);
    return started;
}

static size_t count_sessions(void)
{
    struct sp_session_list *list;
    size_t count;

    cr_assert_eq(sp_list(scene.client, &list, NULL), SP_OK);
    count = sp_list_count(list);
    sp_list_free(list);
    return count;
}

RENEW_TEST(leaves_nothing_to_who_knew_the_id_before)
{
    struct visitor before = scene_visitor(&scene), after;
    char id[SP_ID_MAX + 1];

    after = renewed(&before, NULL, NULL);
    cr_expect_str_neq(after.id, before.id);
    cr_expect_str_neq(after.cookie, before.cookie);
    expect_found(&after);
    cr_expect_eq(find(&before, id), SP_ENOENT);
    cr_expect(!is_started(before.id));
    cr_expect_eq(count_sessions(), 1);
}

RENEW_TEST(hands_the_old_session_over_when_asked)
{
    struct visitor before = scene_visitor(&scene), after;
    struct sp_result *result = sp_result_new();
    char old[SP_ID_MAX + 1] = "unset";

    cr_assert_eq(sp_call(scene.client, before.id, "put cart full", 13, 5000,
                         result),
                 SP_OK);
    after = renewed(&before, NULL, old);
    cr_expect_str_eq(old, before.id);
    cr_expect_eq(sp_call(scene.client, old, "get cart", 8, 5000, result),
                 SP_OK);
    cr_expect_str_eq(sp_result_data(result), "full");
    expect_found(&after);
    cr_expect_eq(sp_terminate(scene.client, old, NULL), SP_OK);
    sp_result_free(result);
}

RENEW_TEST(of_somebody_without_a_session_gives_him_one)
{
    struct visitor nobody = {0}, after;
    char old[SP_ID_MAX + 1] = "unset";

    after = renewed(&nobody, NULL, old);
    cr_expect_str_eq(old, "");
    expect_found(&after);
    cr_expect_eq(count_sessions(), 1);
}

static unsigned count_cookies(struct evhttp_request *request, const char *name)
{
    const struct evkeyvalq *headers =
        evhttp_request_get_output_headers(request);
    const struct evkeyval *header;
    unsigned count = 0;

    TAILQ_FOREACH(header, headers, next)
    count += strncmp(header->value, name, strlen(name)) == 0 &&
             strcmp(header->key, "Set-Cookie") == 0;
    return count;
}

RENEW_TEST(replaces_the_cookie_that_the_response_had_and_no_other)
{
    struct evhttp_request *request = request_new(NULL);
    struct evkeyvalq *headers = evhttp_request_get_output_headers(request);
    char first[SP_ID_MAX + 1], second[SP_ID_MAX + 1];
    struct visitor visitor;

    evhttp_add_header(headers, "Set-Cookie", "a=1");
    cr_assert_eq(sp_plug_session(scene.plug, request, NULL, 0, first, NULL,
                                 NULL),
                 SP_OK);
    evhttp_add_header(headers, "Set-Cookie", "b=2");
    cr_assert_eq(sp_plug_renew(scene.plug, request, NULL, 0, NULL, second,
                               NULL),
                 SP_OK);
    cr_expect_eq(count_cookies(request, "a=1"), 1);
    cr_expect_eq(count_cookies(request, "b=2"), 1);
    cr_expect_eq(count_cookies(request, ""), 3);
    cr_expect(!is_started(first));
    evhttp_remove_header(headers, "Set-Cookie");
    evhttp_remove_header(headers, "Set-Cookie");
    strcpy(visitor.id, second);
    visitor_keep(&visitor, request);
    evhttp_request_free(request);
    expect_found(&visitor);
}

#define KEY                                                                    \
    "00112233445566778899aabbccddeeffffeeddccbbaa99887766554433221100\n"

Test(plug_renew, that_fails_leaves_the_visitor_what_he_had)
{
    struct sp_plug_options *options;
    struct evhttp_request *request;
    struct visitor before;
    char id[SP_ID_MAX + 1] = "untouched";

    set_scene(false);
    scene_replug(&scene, scene_options_of(&scene, KEY));
    before = scene_visitor(&scene);
    options = scene_options_of(&scene, KEY);
    cr_assert_eq(sp_plug_options_set_module(options, "no-such"), SP_OK);
    scene_replug(&scene, options);
    request = request_new(before.cookie);
    cr_expect_eq(sp_plug_renew(scene.plug, request, NULL, 0, NULL, id, NULL),
                 SP_EMODULE);
    cr_expect_str_eq(id, "untouched");
    cr_expect_null(set_cookie(request));
    evhttp_request_free(request);
    expect_found(&before);
}
