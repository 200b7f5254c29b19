/* SPDX-License-Identifier: MIT */
/* A subscription connects, says what it wants, and tells what it hears.  When
 * its connection ends it makes the next one: while a session restarts, that
 * waits in its listener, and when the session is gone there is no listener.
 *
 * It reads in the loop's step of a turn and tells as a chore, since a
 * subscriber may do anything: also end the subscription (`left`), which is then
 * freed when it has been served, or all (router.stopped).  Callers:
 * subscribe.c, fan.c. */
#define _GNU_SOURCE
#include "feed.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "async.h"
#include "base/clock.h"
#include "dial.h"
#include "events.h"
#include "news.h"
#include "stream.h"
#include "wire/published.h"
#include "wire/sp.h"

/* A message up to this size is taken whatever the memory limits say. */
#define SMALL_MESSAGE (16 * 1024)

struct feed {
    struct watcher watcher; /* first */
    struct chore chore;     /* to connect, or to tell what has come */
    struct holder holder;   /* of its ticket */
    struct alarm retry;     /* when to connect again */
    struct dial_pause pause;
    struct sp_async *async; /* borrowed */
    uint64_t number;        /* its ticket */
    char id[SP_ID_MAX + 1]; /* or DIAL_CONTROL */
    sp_async_told *told;
    void *context;

    int fd; /* owned; -1: it has no connection */
    struct stream stream;
    size_t held; /* bytes of the stream, which are counted in the budget */
    bool closed; /* the peer has ended the connection */
    bool begun;  /* on this connection or one before it */

    bool serving;
    bool left; /* it is over or cancelled */

    size_t hello_size;
    uint8_t hello[WIRE_HANDSHAKE_SIZE + WIRE_FRAME_HEADER_SIZE +
                  WIRE_SUBSCRIPTION_MAX]; /* all that it ever says */
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

static void set_held(struct feed *feed, size_t held)
{
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
    if (feed->fd < 0)
        return;
    loop_unwatch(&feed->async->router.loop, feed->fd, &feed->watcher);
    close(feed->fd);
    feed->fd = -1;
    feed->closed = false;
    stream_fini(&feed->stream);
    set_held(feed, 0);
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
    feed->pause = DIAL_PAUSE_FIRST;
    tell(feed, &news);
}

static void tell_event(struct feed *feed, const struct stream_item *item)
{
    struct sp_event *event = NULL;
    enum sp_error error = event_read(item->data, item->size, &event);
    struct sp_news news = {.kind = SP_NEWS_EVENT, .event = event};

    if (error == SP_OK)
        tell(feed, &news);
    else
        end(feed, error, NULL);
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
    struct stream_item item = stream_next(&feed->stream, message_max(feed));
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

/* A fresh socket takes so few bytes, or its peer has closed it. */
static void use(struct feed *feed, int fd)
{
    if (!loop_watch(&feed->async->router.loop, fd, &feed->watcher)) {
        close(fd);
        end(feed, SP_ENOMEM, NULL);
        return;
    }
    feed->fd = fd;
    if (send(fd, feed->hello, feed->hello_size,
             MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)feed->hello_size)
        return;
    disconnect(feed);
    pause_connecting(feed);
}

/* What may pass by itself, and what not. */
static void feed_connect(struct feed *feed)
{
    struct sp_result result;
    enum sp_error error;
    int fd;

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
    bool begun = feed->stream.begun;

    disconnect(feed);
    if (begun)
        mark(feed);
    else
        pause_connecting(feed);
}

/* ---- in a turn ---- */

/* Once: what it reads is told before it reads more. */
static void on_ready(struct watcher *watcher, bool readable, bool writable)
{
    struct feed *feed = (struct feed *)watcher;
    uint8_t *room;
    size_t size;
    ssize_t got = 0;

    (void)readable;
    (void)writable;
    if (feed->chore.due)
        return;
    room = stream_room(&feed->stream, &size);
    if (room)
        got = recv(feed->fd, room, size, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got > 0)
        stream_commit(&feed->stream, (size_t)got);
    else
        feed->closed = true; /* without memory it gives the connection up */
    set_held(feed, feed->stream.in.capacity);
    mark(feed);
}

static void hear(struct feed *feed)
{
    const struct router *router = &feed->async->router;

    while (!feed->left && !router->stopped && tell_next(feed))
        ;
    if (feed->left)
        return;
    stream_relax(&feed->stream);
    set_held(feed, feed->stream.in.capacity);
    if (feed->closed)
        connect_again(feed);
}

static void serve(struct chore *chore)
{
    struct feed *feed = feed_of_chore(chore);

    feed->serving = true;
    if (feed->fd >= 0)
        hear(feed);
    else
        feed_connect(feed);
    feed->serving = false;
    if (feed->left)
        feed_destroy(feed);
}

/* ---- the beginning ---- */

static void build_hello(struct feed *feed, const struct feed_order *order)
{
    uint8_t *frame = feed->hello + WIRE_HANDSHAKE_SIZE;
    size_t size = wire_subscription_put(frame + WIRE_FRAME_HEADER_SIZE,
                                        order->prefix, order->size);

    wire_handshake_put(feed->hello, WIRE_SUB);
    wire_frame_put(frame, size);
    feed->hello_size = WIRE_HANDSHAKE_SIZE + WIRE_FRAME_HEADER_SIZE + size;
}

/* NULL: no memory. */
static struct feed *feed_create(struct sp_async *async,
                                const struct feed_order *order)
{
    struct feed *feed = calloc(1, sizeof *feed);

    if (!feed || !alarms_join(&async->router.loop.alarms)) {
        free(feed);
        return NULL;
    }
    feed->watcher.on_ready = on_ready;
    feed->chore.run = serve;
    feed->holder.cancel = cancel;
    feed->retry.ring = on_retry;
    feed->pause = DIAL_PAUSE_FIRST;
    feed->async = async;
    feed->fd = -1;
    feed->told = order->told;
    feed->context = order->context;
    strcpy(feed->id, order->id);
    build_hello(feed, order);
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
