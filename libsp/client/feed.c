/* SPDX-License-Identifier: MIT */
/* A subscription connects, says what it wants, and tells what it hears.  When
 * its connection ends it makes the next one: while a session restarts, that
 * waits in its listener, and when the session is gone there is no listener.
 *
 * It hears in the loop's step of a turn and tells as a chore, since a
 * subscriber may do anything: also end the subscription (`left`), which is then
 * freed when it has been served, or all (router.stopped).  Callers:
 * subscribe.c, fan.c. */
#define _GNU_SOURCE
#include "feed.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "async.h"
#include "base/clock.h"
#include "dial.h"
#include "ear.h"
#include "events.h"
#include "news.h"

/* A message up to this size is taken whatever the memory limits say. */
#define SMALL_MESSAGE (16 * 1024)

/* What nng is given to connect, and what at most, where it takes longer. */
#define PATIENCE_MIN_MS 500
#define PATIENCE_MAX_MS 30000

struct feed {
    struct chore chore;     /* to connect, or to tell what has come */
    struct holder holder;   /* of its ticket */
    struct alarm retry;     /* when to connect again */
    struct dial_pause pause;
    struct sp_async *async; /* borrowed */
    uint64_t number;        /* its ticket */
    char id[SP_ID_MAX + 1]; /* or DIAL_CONTROL */
    sp_async_told *told;
    void *context;

    struct ear *ear; /* owned; NULL: it has no connection */
    size_t held;     /* bytes of the ear's, which are counted in the budget */
    int patience_ms;
    bool begun;      /* on this connection or one before it */
    uint64_t last;   /* number of the last event; 0: there was none since it
                      * has begun on this connection */

    bool serving;
    bool left; /* it is over or cancelled */

    size_t prefix_size;
    uint8_t prefix[];
};

static struct feed *feed_of_chore(struct chore *chore)
{
    return (struct feed *)((char *)chore - offsetof(struct feed, chore));
}

static struct feed *feed_of_holder(struct holder *holder)
{
    return (struct feed *)((char *)holder - offsetof(struct feed, holder));
}

static struct feed *feed_of_alarm(struct alarm *alarm)
{
    return (struct feed *)((char *)alarm - offsetof(struct feed, retry));
}

/* Has it served soon. */
static void mark(struct feed *feed)
{
    chore_mark(&feed->async->chores, &feed->chore);
}

/* ---- memory ---- */

static void count_held(struct feed *feed)
{
    size_t held = feed->ear ? feed->ear->held : 0;

    feed->async->router.bytes += held - feed->held;
    feed->held = held;
}

/* The largest message that may be received. */
static size_t message_max(const struct feed *feed)
{
    const struct router *router = &feed->async->router;
    size_t others = router->bytes - feed->held;
    size_t max = others < router->bytes_max ? router->bytes_max - others : 0;

    if (max > router->route_bytes_max)
        max = router->route_bytes_max;
    return max > SMALL_MESSAGE ? max : SMALL_MESSAGE;
}

/* ---- the end ---- */

static void disconnect(struct feed *feed)
{
    if (feed->ear)
        ear_close(feed->ear);
    feed->ear = NULL;
    count_held(feed);
}

static void feed_destroy(struct feed *feed)
{
    chore_unmark(&feed->async->chores, &feed->chore);
    disconnect(feed);
    alarms_leave(&feed->async->router.loop.alarms, &feed->retry);
    free(feed);
}

/* Its ticket is nobody's from now on, and it is told nothing more. */
static void leave(struct feed *feed)
{
    assert(!feed->left);
    feed->left = true;
    tickets_take(&feed->async->ops, feed->number);
    feed->async->feeds.count--;
}

static enum sp_progress cancel(struct holder *holder)
{
    struct feed *feed = feed_of_holder(holder);

    leave(feed);
    if (!feed->serving)
        feed_destroy(feed);
    return SP_PROGRESS_NOT_SENT;
}

/* ---- telling ---- */

static void tell(struct feed *feed, struct sp_news *news)
{
    news->id = feed->id;
    feed->told(feed->async, news, feed->context);
}

static void end(struct feed *feed, enum sp_error error, const char *text)
{
    struct sp_news news = {
        .kind = SP_NEWS_OVER, .error = error, .text = text};

    leave(feed);
    tell(feed, &news);
}

static void tell_begun(struct feed *feed)
{
    struct sp_news news = {.kind = feed->begun ? SP_NEWS_GAP : SP_NEWS_BEGUN};

    feed->begun = true;
    feed->last = 0;
    feed->pause = DIAL_PAUSE_FIRST;
    feed->patience_ms = PATIENCE_MIN_MS;
    tell(feed, &news);
}

static bool is_wanted(const struct feed *feed, const struct stream_item *item)
{
    return item->size >= feed->prefix_size &&
           memcmp(item->data, feed->prefix, feed->prefix_size) == 0;
}

/* nng's SUB is not told what it loses; but events are numbered, and it gets
 * them all. */
static void tell_missing(struct feed *feed, uint64_t seq)
{
    uint64_t missing = feed->last > 0 ? seq - feed->last - 1 : 0;
    struct sp_news loss = {.kind = SP_NEWS_LOST, .lost = missing};
    struct sp_news gap = {.kind = SP_NEWS_GAP};

    feed->last = seq;
    if (missing > 0 && feed->async->router.post)
        tell(feed, feed->prefix_size > 0 ? &gap : &loss);
}

static bool is_served(const struct feed *feed)
{
    return !feed->left && !feed->async->router.stopped;
}

static void tell_event(struct feed *feed, const struct stream_item *item)
{
    struct sp_event *event = NULL;
    enum sp_error error = event_read(item->data, item->size, &event);
    struct sp_news news = {.kind = SP_NEWS_EVENT, .event = event};

    if (error == SP_OK)
        tell_missing(feed, sp_event_seq(event));
    if (error != SP_OK)
        end(feed, error, NULL);
    else if (is_served(feed) && is_wanted(feed, item))
        tell(feed, &news);
    event_free(event);
}

static void tell_message(struct feed *feed, const struct stream_item *item)
{
    struct sp_news news = {.kind = SP_NEWS_MESSAGE,
                           .data = item->data,
                           .size = item->size};

    if (*feed->id)
        tell(feed, &news);
    else
        tell_event(feed, item);
}

/* False: there is nothing left to tell. */
static bool tell_next(struct feed *feed)
{
    struct stream_item item = ear_next(feed->ear, message_max(feed));
    struct sp_news loss = {.kind = SP_NEWS_LOST, .lost = item.lost};

    switch (item.kind) {
    case STREAM_NOTHING:
        return false;
    case STREAM_BEGUN:
        tell_begun(feed);
        return true;
    case STREAM_MESSAGE:
        tell_message(feed, &item);
        return true;
    case STREAM_LOST:
        tell(feed, &loss);
        return true;
    case STREAM_BAD:
        end(feed, SP_EPROTO, NULL);
        return true;
    }
    return false;
}

/* ---- connecting ---- */

static void on_retry(struct alarm *alarm)
{
    mark(feed_of_alarm(alarm));
}

static void pause_connecting(struct feed *feed)
{
    alarms_set(&feed->async->router.loop.alarms, &feed->retry,
               clock_now_ms() + dial_pause_next(&feed->pause));
}

static void on_heard(struct ear *ear, void *owner)
{
    struct feed *feed = owner;

    (void)ear;
    count_held(feed);
    mark(feed);
}

/* Over nng, all events are wanted, to see which are missing. */
static void use(struct feed *feed, int fd)
{
    struct router *router = &feed->async->router;
    bool all = router->post && !*feed->id;
    struct ear_order order = {
        .router = router,
        .id = feed->id,
        .prefix = feed->prefix,
        .size = all ? 0 : feed->prefix_size,
        .on_heard = on_heard,
        .owner = feed,
        .patience_ms = feed->patience_ms,
    };

    feed->ear = ear_open(&order, fd);
    if (!feed->ear)
        end(feed, SP_ENOMEM, NULL);
}

/* Where there are as many subscriptions as may be, one that connects again
 * waits until nng has closed its last socket. */
static bool has_room(const struct feed *feed)
{
    const struct sp_async *async = feed->async;

    return async->router.ears < async->feeds.max ||
           async->router.ears < async->feeds.count;
}

/* What may pass by itself, and what not. */
static void feed_connect(struct feed *feed)
{
    struct sp_result result;
    enum sp_error error;
    int fd;

    if (!has_room(feed)) {
        pause_connecting(feed);
        return;
    }
    result_init(&result);
    error = router_dial(&feed->async->router, feed->id, &fd, &result);
    if (error == SP_OK)
        use(feed, fd);
    else if (error == SP_EAGAIN || error == SP_ESYSTEM ||
             (error == SP_ENOSUP && !*feed->id))
        pause_connecting(feed);
    else
        end(feed, error, sp_result_text(&result));
    result_fini(&result);
}

/* A peer that never let it begin is not to be asked again and again. */
static void connect_again(struct feed *feed)
{
    bool begun = feed->ear->begun;

    disconnect(feed);
    if (begun) {
        mark(feed);
        return;
    }
    feed->patience_ms *= 2;
    if (feed->patience_ms > PATIENCE_MAX_MS)
        feed->patience_ms = PATIENCE_MAX_MS;
    pause_connecting(feed);
}

/* ---- in a turn ---- */

static void hear(struct feed *feed)
{
    while (is_served(feed) && tell_next(feed))
        ;
    if (!is_served(feed))
        return;
    ear_relax(feed->ear);
    count_held(feed);
    if (feed->ear->ended)
        connect_again(feed);
}

static void serve(struct chore *chore)
{
    struct feed *feed = feed_of_chore(chore);

    feed->serving = true;
    if (feed->ear)
        hear(feed);
    else
        feed_connect(feed);
    feed->serving = false;
    if (feed->left)
        feed_destroy(feed);
}

/* ---- the beginning ---- */

/* NULL: no memory. */
static struct feed *feed_create(struct sp_async *async,
                                const struct feed_order *order)
{
    struct feed *feed = calloc(1, sizeof *feed + order->size);

    if (!feed || !alarms_join(&async->router.loop.alarms)) {
        free(feed);
        return NULL;
    }
    feed->chore.run = serve;
    feed->holder.cancel = cancel;
    feed->retry.ring = on_retry;
    feed->pause = DIAL_PAUSE_FIRST;
    feed->async = async;
    feed->patience_ms = PATIENCE_MIN_MS;
    feed->told = order->told;
    feed->context = order->context;
    strcpy(feed->id, order->id);
    feed->prefix_size = order->size;
    if (order->size > 0)
        memcpy(feed->prefix, order->prefix, order->size);
    return feed;
}

enum sp_error feed_open(struct sp_async *async, const struct feed_order *order,
                        struct sp_ticket *out_ticket)
{
    struct feed *feed;

    if (async->feeds.count >= async->feeds.max)
        return SP_EAGAIN;
    feed = feed_create(async, order);
    if (!feed)
        return SP_ENOMEM;
    feed->number = tickets_give(&async->ops, &feed->holder);
    if (feed->number == 0) {
        feed_destroy(feed);
        return SP_ENOMEM;
    }
    async->feeds.count++;
    mark(feed);
    if (out_ticket)
        out_ticket->number = feed->number;
    return SP_OK;
}
