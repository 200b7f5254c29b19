/* SPDX-License-Identifier: MIT */
/* Subscriptions for who waits: an asynchronous client of its own, which is
 * turned until it has told something.  One turn may tell several pieces of
 * news, which are kept here until they are asked for; as long as there are any
 * nothing is read, so that they are no more than what one turn reads. */
#define _GNU_SOURCE
#include <sp/subscription.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "async.h"
#include "base/clock.h"
#include "events.h"
#include "news.h"

/* A copy of what a callback was told; what it points to is its own. */
struct piece {
    struct sp_news news;
    struct piece *next;
    char id[SP_ID_MAX + 1];
    char text[SP_TEXT_MAX + 1];
    char data[];
};

struct sp_subscription {
    struct sp_async *async; /* owned */
    bool all;               /* of all sessions */
    bool over;              /* nothing more will be told */
    enum sp_error error;    /* why, if not by SP_NEWS_OVER */
    struct piece *pieces;   /* owned; to be given */
    struct piece *given;    /* owned; the last one */
};

/* ---- pieces ---- */

static void piece_destroy(struct piece *piece)
{
    if (!piece)
        return;
    event_free((struct sp_event *)piece->news.event);
    free(piece);
}

/* NULL: no memory. */
static struct piece *piece_create(const struct sp_news *news)
{
    struct piece *piece = malloc(sizeof *piece + news->size);
    struct sp_event *event = NULL;

    if (piece && news->event)
        event = event_copy(news->event);
    if (!piece || (news->event && !event)) {
        free(piece);
        return NULL;
    }
    piece->news = *news;
    piece->news.event = event;
    snprintf(piece->id, sizeof piece->id, "%s", news->id);
    piece->news.id = piece->id;
    snprintf(piece->text, sizeof piece->text, "%s",
             news->text ? news->text : "");
    piece->news.text = news->text ? piece->text : NULL;
    if (news->size > 0)
        memcpy(piece->data, news->data, news->size);
    piece->news.data = piece->data;
    return piece;
}

static bool ends_all(const struct sp_subscription *subscription,
                     const struct sp_news *news)
{
    return news->kind == SP_NEWS_OVER &&
           (!subscription->all || !*sp_news_id(news));
}

static void told(struct sp_async *async, const struct sp_news *news,
                 void *context)
{
    struct sp_subscription *subscription = context;
    struct piece *piece;

    (void)async;
    if (subscription->over)
        return;
    piece = piece_create(news);
    if (piece) {
        LL_APPEND(subscription->pieces, piece);
        subscription->over = ends_all(subscription, news);
    } else {
        subscription->over = true;
        subscription->error = SP_ENOMEM;
    }
}

/* ---- life ---- */

static enum sp_error create(struct sp_client *client,
                            struct sp_subscription **out_subscription)
{
    struct sp_subscription *subscription;
    enum sp_error error;

    subscription = calloc(1, sizeof *subscription);
    if (!subscription)
        return SP_ENOMEM;
    subscription->error = SP_ENOENT;
    error = sp_async_new(client, &subscription->async);
    if (error == SP_OK)
        *out_subscription = subscription;
    else
        free(subscription);
    return error;
}

/* After it was told what for. */
static enum sp_error begin(struct sp_subscription *subscription,
                           enum sp_error error,
                           struct sp_subscription **out_subscription)
{
    if (error == SP_OK)
        *out_subscription = subscription;
    else
        sp_subscription_close(subscription);
    return error;
}

enum sp_error sp_subscribe(struct sp_client *client, const char *id,
                           const void *prefix, size_t size,
                           struct sp_subscription **out_subscription)
{
    struct sp_subscription *subscription;
    enum sp_error error =
        out_subscription ? create(client, &subscription) : SP_EINVAL;

    if (error != SP_OK)
        return error;
    subscription->all = !id;
    error = sp_async_subscribe(subscription->async, id, prefix, size, told,
                               subscription, NULL);
    return begin(subscription, error, out_subscription);
}

enum sp_error
sp_subscribe_events(struct sp_client *client, const char *id,
                    struct sp_subscription **out_subscription)
{
    struct sp_subscription *subscription;
    enum sp_error error =
        out_subscription ? create(client, &subscription) : SP_EINVAL;

    if (error != SP_OK)
        return error;
    error = sp_async_subscribe_events(subscription->async, id, told,
                                      subscription, NULL);
    return begin(subscription, error, out_subscription);
}

static void forget_given(struct sp_subscription *subscription)
{
    piece_destroy(subscription->given);
    subscription->given = NULL;
}

void sp_subscription_close(struct sp_subscription *subscription)
{
    struct piece *piece, *next;

    if (!subscription || !origin_is_here(subscription->async->origin))
        return;
    sp_async_free(subscription->async);
    forget_given(subscription);
    LL_FOREACH_SAFE (subscription->pieces, piece, next)
        piece_destroy(piece);
    free(subscription);
}

/* ---- waiting ---- */

static const struct sp_news *give(struct sp_subscription *subscription)
{
    struct piece *piece = subscription->pieces;

    LL_DELETE(subscription->pieces, piece);
    subscription->given = piece;
    return &piece->news;
}

/* One turn, also when no time is left. */
static enum sp_error turn(struct sp_subscription *subscription,
                          int64_t deadline)
{
    struct pollfd poller = {.fd = sp_async_fd(subscription->async),
                            .events = POLLIN};
    int ready = poll(&poller, 1, deadline_left(deadline));

    if (ready < 0 && errno != EINTR)
        return SP_ESYSTEM;
    if (ready == 0)
        return SP_ETIMEDOUT;
    return ready > 0 ? sp_async_dispatch(subscription->async) : SP_OK;
}

enum sp_error sp_subscription_next(struct sp_subscription *subscription,
                                   int timeout_ms,
                                   const struct sp_news **out_news)
{
    int64_t deadline = deadline_after(timeout_ms);
    enum sp_error error = SP_OK;

    if (!subscription || !out_news || timeout_ms < SP_TIMEOUT_INFINITE)
        return SP_EINVAL;
    *out_news = NULL;
    if (!origin_is_here(subscription->async->origin))
        return SP_EFORKED;
    forget_given(subscription);
    while (!subscription->pieces && !subscription->over && error == SP_OK)
        error = turn(subscription, deadline);
    if (subscription->pieces) {
        *out_news = give(subscription);
        return SP_OK;
    }
    return subscription->over ? subscription->error : error;
}
