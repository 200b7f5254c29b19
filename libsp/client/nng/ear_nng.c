/* SPDX-License-Identifier: MIT */
/* Hears by a SUB socket of nng's.  nng's threads put what comes into a queue of
 * ours at once, since what waits in nng's own is dropped there without a word
 * when it is full; what our queue has no room for is counted.
 *
 * nng's SUB sends nothing, so the peer takes it for one that does not want to
 * know what is lost, and begins when it has shaken hands.  Caller: feed.c. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <utlist.h>

#include "base/clock.h"
#include "client/ear.h"
#include "client/router.h"
#include "post.h"
#include "strand.h"

/* Bytes that wait for a subscriber, as a session keeps them for a peer. */
#define QUEUE_MAX (1024 * 1024)

struct heard {
    nng_msg *message;     /* owned */
    uint64_t lost_before; /* messages that had no room */
    struct heard *prev, *next;
};

struct ear_nng {
    struct ear ear;      /* first */
    struct strand *strand;
    struct alarm alarm;  /* until it has a connection */
    bool up;
    struct heard *now;   /* what was given last */

    /* Under the post's lock. */
    struct heard *queue;
    size_t bytes;  /* in it */
    uint64_t lost; /* since the last of it */
};

static struct ear_nng *nng_of_alarm(struct alarm *alarm)
{
    return (struct ear_nng *)((char *)alarm - offsetof(struct ear_nng, alarm));
}

static void heard_destroy(struct heard *heard)
{
    if (!heard)
        return;
    nng_msg_free(heard->message);
    free(heard);
}

/* ---- in nng's threads ---- */

static void on_heard(struct strand *strand, nng_msg *message)
{
    struct ear_nng *nng = strand->owner;
    size_t size = nng_msg_len(message);
    bool fits = !nng->queue || nng->bytes + size <= QUEUE_MAX;
    struct heard *heard = fits ? malloc(sizeof *heard) : NULL;

    if (!heard) {
        nng->lost++;
        nng_msg_free(message);
        return;
    }
    heard->message = message;
    heard->lost_before = nng->lost;
    nng->lost = 0;
    nng->bytes += size;
    DL_APPEND(nng->queue, heard);
}

/* ---- in the loop ---- */

static void tell(struct ear_nng *nng)
{
    pthread_mutex_lock(&nng->strand->post->lock);
    nng->ear.held = nng->bytes;
    pthread_mutex_unlock(&nng->strand->post->lock);
    nng->ear.order.on_heard(&nng->ear, nng->ear.order.owner);
}

static void on_change(struct strand *strand)
{
    struct ear_nng *nng = strand->owner;

    nng->ear.ended = strand->state == STRAND_ENDED;
    if (!nng->up)
        alarms_set(&nng->ear.order.router->loop.alarms, &nng->alarm,
                   DEADLINE_NEVER);
    nng->up |= !nng->ear.ended;
    tell(nng);
}

static const struct strand_user user = {.on_change = on_change,
                                        .on_heard = on_heard};

static void on_alarm(struct alarm *alarm)
{
    struct ear_nng *nng = nng_of_alarm(alarm);

    nng->ear.ended = true;
    tell(nng);
}

/* ---- its type ---- */

/* Takes a loss, or the next message into nng->now; 0 and no message: there is
 * none. */
static uint64_t take(struct ear_nng *nng)
{
    uint64_t *lost = nng->queue ? &nng->queue->lost_before : &nng->lost;
    uint64_t number = *lost;

    *lost = 0;
    if (number > 0 || !nng->queue)
        return number;
    nng->now = nng->queue;
    DL_DELETE(nng->queue, nng->now);
    nng->bytes -= nng_msg_len(nng->now->message);
    return 0;
}

static struct stream_item item_of(const struct ear_nng *nng, uint64_t lost,
                                  size_t max)
{
    struct stream_item item = {.kind = STREAM_NOTHING, .lost = lost};

    if (lost > 0) {
        item.kind = STREAM_LOST;
    } else if (nng->now && nng_msg_len(nng->now->message) > max) {
        item.kind = STREAM_LOST;
        item.lost = 1;
    } else if (nng->now) {
        item.kind = STREAM_MESSAGE;
        item.data = nng_msg_body(nng->now->message);
        item.size = nng_msg_len(nng->now->message);
    }
    return item;
}

static struct stream_item ear_nng_next(struct ear *ear, size_t max)
{
    struct ear_nng *nng = (struct ear_nng *)ear;
    uint64_t lost;

    if (nng->up && !ear->begun) {
        ear->begun = true;
        return (struct stream_item){.kind = STREAM_BEGUN};
    }
    heard_destroy(nng->now);
    nng->now = NULL;
    pthread_mutex_lock(&nng->strand->post->lock);
    lost = take(nng);
    pthread_mutex_unlock(&nng->strand->post->lock);
    return item_of(nng, lost, max);
}

static void ear_nng_relax(struct ear *ear)
{
    struct ear_nng *nng = (struct ear_nng *)ear;

    pthread_mutex_lock(&nng->strand->post->lock);
    ear->held = nng->bytes;
    pthread_mutex_unlock(&nng->strand->post->lock);
}

/* Nothing is heard any more once the strand is closed. */
static void ear_nng_close(struct ear *ear)
{
    struct ear_nng *nng = (struct ear_nng *)ear;
    struct heard *heard, *next;

    strand_close(nng->strand);
    DL_FOREACH_SAFE (nng->queue, heard, next)
        heard_destroy(heard);
    heard_destroy(nng->now);
    alarms_leave(&ear->order.router->loop.alarms, &nng->alarm);
    free(nng);
}

struct ear *ear_nng_open(const struct ear_order *order)
{
    static const struct ear_type type = {ear_nng_next, ear_nng_relax,
                                         ear_nng_close};
    struct router *router = order->router;
    struct ear_nng *nng = calloc(1, sizeof *nng);

    if (!nng || !alarms_join(&router->loop.alarms)) {
        free(nng);
        return NULL;
    }
    nng->ear = (struct ear){.type = &type, .order = *order};
    nng->alarm.ring = on_alarm;
    nng->strand = strand_open_news(router->post, &router->place, order->id,
                                   order->prefix, order->size);
    if (!nng->strand) {
        alarms_leave(&router->loop.alarms, &nng->alarm);
        free(nng);
        return NULL;
    }
    nng->strand->user = &user;
    nng->strand->owner = nng;
    alarms_set(&router->loop.alarms, &nng->alarm,
               clock_now_ms() + order->patience_ms);
    return &nng->ear;
}
