/* SPDX-License-Identifier: MIT */
/* Subscriptions for who waits.  What they are made of is tested in
 * test_subscribe and test_subscribe_peers. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sp/subscription.h>

#include "client_scene.h"
#include "support/leaks.h"
#include "support/wait.h"

TestSuite(subscription, .fini = leaks_check, .timeout = 120);

static struct sp_subscription *subscribe(struct scene *scene, const char *id,
                                         const char *prefix)
{
    struct sp_subscription *subscription = NULL;
    enum sp_error error = sp_subscribe(scene->client, id, prefix,
                                       strlen(prefix), &subscription);

    cr_assert_eq(error, SP_OK, "%s", sp_error_name(error));
    return subscription;
}

static const struct sp_news *
expect_next(struct sp_subscription *subscription, enum sp_news_kind kind)
{
    const struct sp_news *news = NULL;
    enum sp_error error = sp_subscription_next(subscription, WAIT_MS, &news);

    cr_assert_eq(error, SP_OK, "%s", sp_error_name(error));
    cr_assert_not_null(news);
    cr_assert_eq(sp_news_kind(news), kind, "kind %d, not %d",
                 (int)sp_news_kind(news), (int)kind);
    return news;
}

static void expect_message(struct sp_subscription *subscription, const char *id,
                           const char *data)
{
    const struct sp_news *news = expect_next(subscription, SP_NEWS_MESSAGE);

    cr_expect_str_eq(sp_news_id(news), id);
    cr_expect_eq(sp_news_size(news), strlen(data));
    cr_expect_arr_eq(sp_news_data(news), data, strlen(data));
}

static void expect_end(struct sp_subscription *subscription)
{
    const struct sp_news *news = expect_next(subscription, SP_NEWS_OVER);

    cr_expect_eq(sp_news_error(news), SP_ENOENT);
    cr_expect_not_null(strstr(sp_news_text(news), "no such session"));
    for (int i = 0; i < 2; i++) {
        cr_expect_eq(sp_subscription_next(subscription, WAIT_MS, &news),
                     SP_ENOENT);
        cr_expect_null(news);
    }
}

SCENE_TEST(subscription, tells_what_begins_with_the_prefix_in_order)
{
    struct sp_subscription *subscription;

    start(scene, "a", "probe", NULL);
    subscription = subscribe(scene, "a", "news");
    expect_next(subscription, SP_NEWS_BEGUN);
    expect_reply(scene, "a", "emit news 1", "");
    expect_reply(scene, "a", "emit other", "");
    expect_reply(scene, "a", "emit news 2", "");
    expect_message(subscription, "a", "news 1");
    expect_message(subscription, "a", "news 2");
    sp_subscription_close(subscription);
}

SCENE_TEST(subscription, says_when_there_is_nothing_and_goes_on)
{
    struct sp_subscription *subscription;
    const struct sp_news *news;

    start(scene, "a", "probe", NULL);
    subscription = subscribe(scene, "a", "");
    expect_next(subscription, SP_NEWS_BEGUN);
    for (int timeout_ms = 0; timeout_ms < 40; timeout_ms += 20) {
        cr_expect_eq(sp_subscription_next(subscription, timeout_ms, &news),
                     SP_ETIMEDOUT);
        cr_expect_null(news);
    }
    expect_reply(scene, "a", "emit x", "");
    expect_message(subscription, "a", "x");
    sp_subscription_close(subscription);
}

SCENE_TEST(subscription, a_restart_is_a_gap_and_the_end_is_told_once)
{
    struct sp_subscription *subscription;

    start(scene, "a", "probe", NULL);
    subscription = subscribe(scene, "a", "");
    expect_next(subscription, SP_NEWS_BEGUN);
    expect_error(scene, SP_OK, sp_restart(scene->client, "a", scene->result));
    expect_next(subscription, SP_NEWS_GAP);
    expect_reply(scene, "a", "emit again", "");
    expect_message(subscription, "a", "again");
    expect_error(scene, SP_OK, sp_terminate(scene->client, "a", scene->result));
    expect_end(subscription);
    sp_subscription_close(subscription);
}

/* The end of one of them is not the end. */
SCENE_TEST(subscription, of_all_sessions_goes_on_when_one_ends)
{
    struct sp_subscription *subscription = subscribe(scene, NULL, "");

    cr_expect_str_eq(sp_news_id(expect_next(subscription, SP_NEWS_BEGUN)), "");
    start(scene, "a", "probe", NULL);
    cr_expect_str_eq(sp_news_id(expect_next(subscription, SP_NEWS_BEGUN)),
                     "a");
    expect_error(scene, SP_OK, sp_terminate(scene->client, "a", scene->result));
    cr_expect_str_eq(sp_news_id(expect_next(subscription, SP_NEWS_OVER)), "a");
    start(scene, "b", "probe", NULL);
    expect_next(subscription, SP_NEWS_BEGUN);
    expect_reply(scene, "b", "emit x", "");
    expect_message(subscription, "b", "x");
    sp_subscription_close(subscription);
}

SCENE_TEST(subscription, events_come_as_they_happen)
{
    struct sp_subscription *subscription;
    const struct sp_event *event;

    cr_assert_eq(sp_subscribe_events(scene->client, "a", &subscription), SP_OK);
    expect_next(subscription, SP_NEWS_BEGUN);
    start(scene, "a", "probe", NULL);
    event = sp_news_event(expect_next(subscription, SP_NEWS_EVENT));
    cr_expect_str_eq(sp_event_name(event), "start");
    cr_expect_str_eq(sp_event_id(event), "a");
    event = sp_news_event(expect_next(subscription, SP_NEWS_EVENT));
    cr_expect_str_eq(sp_event_name(event), "ready");
    sp_subscription_close(subscription);
}

SCENE_TEST(subscription, can_be_closed_with_news_that_nobody_took)
{
    struct sp_client *own = scene_client(scene);
    struct sp_subscription *subscription = NULL;

    start(scene, "a", "probe", NULL);
    cr_assert_eq(sp_subscribe(own, "a", NULL, 0, &subscription), SP_OK);
    sp_client_close(own);
    expect_next(subscription, SP_NEWS_BEGUN);
    for (int i = 0; i < 10; i++)
        expect_reply(scene, "a", "emit x", "");
    expect_message(subscription, "a", "x");
    sp_subscription_close(subscription);
    sp_subscription_close(NULL);
}

SCENE_TEST(subscription, what_cannot_be_is_refused)
{
    static const char prefix[SP_PREFIX_MAX + 1];
    struct sp_subscription *subscription = NULL;
    struct sp_client *client = scene->client;
    const struct sp_news *news;

    cr_expect_eq(sp_subscribe(NULL, "a", "", 0, &subscription), SP_EINVAL);
    cr_expect_eq(sp_subscribe(client, "a", "", 0, NULL), SP_EINVAL);
    cr_expect_eq(sp_subscribe_events(client, "a", NULL), SP_EINVAL);
    cr_expect_eq(sp_subscribe(client, "a/b", "", 0, &subscription), SP_EBADID);
    cr_expect_eq(sp_subscribe(client, "a", prefix, sizeof prefix,
                              &subscription),
                 SP_EINVAL);
    cr_expect_eq(sp_subscribe(client, "a", NULL, 1, &subscription), SP_EINVAL);
    cr_expect_null(subscription);
    subscription = subscribe(scene, "nobody", "");
    cr_expect_eq(sp_subscription_next(NULL, 0, &news), SP_EINVAL);
    cr_expect_eq(sp_subscription_next(subscription, 0, NULL), SP_EINVAL);
    cr_expect_eq(sp_subscription_next(subscription, -2, &news), SP_EINVAL);
    expect_end(subscription);
    sp_subscription_close(subscription);
}

static int misuse(struct sp_client *client,
                  struct sp_subscription *subscription)
{
    struct sp_subscription *own;
    const struct sp_news *news;
    int faults = 0;

    faults += sp_subscription_next(subscription, 0, &news) != SP_EFORKED;
    faults += sp_subscribe(client, "a", "", 0, &own) != SP_EFORKED;
    faults += sp_subscribe_events(client, "a", &own) != SP_EFORKED;
    sp_subscription_close(subscription);
    return faults;
}

SCENE_TEST(subscription, is_of_no_use_in_a_forked_child)
{
    struct sp_subscription *subscription;
    int status;
    pid_t pid;

    start(scene, "a", "probe", NULL);
    subscription = subscribe(scene, "a", "");
    expect_next(subscription, SP_NEWS_BEGUN);
    pid = fork();
    cr_assert_geq(pid, 0);
    if (pid == 0)
        _exit(misuse(scene->client, subscription));
    cr_assert_eq(waitpid(pid, &status, 0), pid);
    cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %x",
              (unsigned)status);
    expect_reply(scene, "a", "emit x", "");
    expect_message(subscription, "a", "x");
    sp_subscription_close(subscription);
}
