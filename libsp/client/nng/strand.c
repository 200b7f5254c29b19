/* SPDX-License-Identifier: MIT */
/* One nng socket, driven by what its pipe and its two aios say in nng's
 * threads.  There they leave a word with the post (hooks.c); strand_hear()
 * takes it up in the loop.
 *
 * How far a message got is told by the aios alone: nng's resending is off, so
 * what it has not handed to the pipe when that ends has not run.  The end of
 * the pipe may be told before the reply that came before it, so then both aios
 * are brought to their ends, too, which takes nng a moment.
 *
 * nng answers a cast before the kernel has all of it, and drops at close what
 * it holds; so a cast is over when nng's socket could take the next, which it
 * says when the kernel has the last.  Callers: bundle.c, link_nng.c, ear_nng.c,
 * post.c. */
#define _GNU_SOURCE
#include "strand.h"

#include <stdlib.h>
#include <string.h>

#include "client/place.h"
#include "client/router.h"
#include "hooks.h"
#include "post.h"

/* Who waits for a session's restart is to reach it soon. */
#define RECONNECT_MAX_MS 100

/* ---- life ---- */

static void on_written(struct watcher *watcher, bool readable, bool writable);

/* 0, or nng's error. */
static int prepare(struct strand *strand, const char *id)
{
    int error = hooks_set(strand);

    if (!error && strand->kind == OUTLET_CASTS)
        error = nng_socket_get_int(strand->socket, NNG_OPT_SENDFD,
                                   &strand->written);
    if (!error)
        error = outlet_dial(strand->socket, strand->place, id, &strand->dialer);
    return error;
}

/* Has no connection yet. */
static struct strand *strand_create(struct post *post,
                                    const struct place *place,
                                    const char *id, enum outlet_kind kind,
                                    bool counted)
{
    struct strand *strand = calloc(1, sizeof *strand);

    if (!strand || !post_can_close(post) ||
        outlet_open(kind, RECONNECT_MAX_MS, outlet_message_max(place, id),
                    &strand->socket) != 0) {
        free(strand);
        return NULL;
    }
    strand->watcher.on_ready = on_written;
    strand->post = post;
    strand->place = place;
    strand->kind = kind;
    strand->counted = counted;
    strand->written = -1;
    post->router->links += counted;
    post->router->ears += kind == OUTLET_NEWS;
    return strand;
}

/* Has it connect, or buries it. */
static struct strand *strand_begin(struct strand *strand, const char *id)
{
    strand->opened = prepare(strand, id) == 0;
    if (strand->opened)
        return strand;
    post_bury(strand->post, strand);
    return NULL;
}

struct strand *strand_open(struct post *post, const struct place *place,
                           const char *id, enum outlet_kind kind, bool counted)
{
    struct strand *strand = strand_create(post, place, id, kind, counted);

    return strand ? strand_begin(strand, id) : NULL;
}

struct strand *strand_open_news(struct post *post, const struct place *place,
                                const char *id, const void *prefix, size_t size)
{
    struct strand *strand = strand_create(post, place, id, OUTLET_NEWS,
                                          false);

    if (!strand)
        return NULL;
    strand->prefix = malloc(size + 1);
    strand->prefix_size = size;
    if (strand->prefix && size > 0)
        memcpy(strand->prefix, prefix, size);
    if (strand->prefix && outlet_subscribe(strand->socket, prefix, size) == 0)
        return strand_begin(strand, id);
    post_bury(post, strand);
    return NULL;
}

static void watch(struct strand *strand, bool wanted)
{
    struct loop *loop = &strand->post->router->loop;

    if (wanted && !strand->watched)
        strand->watched = loop_watch(loop, strand->written, &strand->watcher);
    else if (!wanted && strand->watched)
        loop_unwatch(loop, strand->written, &strand->watcher);
    strand->watched &= wanted;
}

void strand_close(struct strand *strand)
{
    watch(strand, false);
    post_bury(strand->post, strand);
}

/* ---- one message ---- */

static void set_in_flight(struct strand *strand, bool in_flight)
{
    pthread_mutex_lock(&strand->post->lock);
    strand->in_flight = in_flight;
    pthread_mutex_unlock(&strand->post->lock);
}

bool strand_send(struct strand *strand, char tag, const void *body, size_t size)
{
    nng_msg *message = outlet_message(tag, body, size);

    if (!message)
        return false;
    strand->state = STRAND_SENDING;
    set_in_flight(strand, true);
    nng_aio_set_msg(strand->sender, message);
    nng_send_aio(strand->socket, strand->sender);
    return true;
}

/* The strand may be gone then. */
static void over(struct strand *strand, enum sp_error error,
                 enum sp_progress progress, nng_msg *reply)
{
    struct strand_outcome outcome = {.error = error, .progress = progress};

    if (reply) {
        outcome.data = nng_msg_body(reply);
        outcome.size = nng_msg_len(reply);
    }
    strand->user->on_over(strand, &outcome);
    if (reply)
        nng_msg_free(reply);
}

/* Whether nng has handed the message to the pipe; if not, it will not. */
static bool settle_sender(struct strand *strand)
{
    nng_aio_cancel(strand->sender);
    nng_aio_wait(strand->sender);
    if (nng_aio_result(strand->sender) == 0)
        return true;
    nng_msg_free(nng_aio_get_msg(strand->sender));
    nng_aio_set_msg(strand->sender, NULL);
    return false;
}

enum sp_progress strand_give_up(struct strand *strand)
{
    if (strand->state == STRAND_SENT || settle_sender(strand))
        return SP_PROGRESS_SENT;
    strand->state = STRAND_ENDED;
    return SP_PROGRESS_NOT_SENT;
}

static enum sp_error error_of(int error)
{
    switch (error) {
    case NNG_ENOMEM:
        return SP_ENOMEM;
    case NNG_ECANCELED:   /* by us: the pipe has ended */
    case NNG_ECONNRESET:
    case NNG_ECONNABORTED:
    case NNG_ESTATE:      /* it ended before nng was asked for the reply */
    case NNG_ECLOSED:
        return SP_EDIED;
    }
    return SP_ESYSTEM;
}

/* The receiver is at its end. */
static void received(struct strand *strand, enum strand_state next)
{
    int error = nng_aio_result(strand->receiver);
    nng_msg *reply = NULL;

    if (error == 0) {
        reply = nng_aio_get_msg(strand->receiver);
        nng_aio_set_msg(strand->receiver, NULL);
    }
    strand->state = error ? STRAND_ENDED : next;
    over(strand, error ? error_of(error) : SP_OK,
         error ? SP_PROGRESS_SENT : SP_PROGRESS_ANSWERED, reply);
}

/* The sender is at its end. */
static void sent(struct strand *strand)
{
    int error = nng_aio_result(strand->sender);

    if (error) {
        settle_sender(strand);
        strand->state = STRAND_ENDED;
        over(strand, error_of(error), SP_PROGRESS_NOT_SENT, NULL);
        return;
    }
    strand->state = STRAND_SENT;
    watch(strand, true);
    if (strand->watched)
        return;
    strand->state = STRAND_ENDED;
    over(strand, SP_ENOMEM, SP_PROGRESS_SENT, NULL);
}

static void on_written(struct watcher *watcher, bool readable, bool writable)
{
    struct strand *strand = (struct strand *)watcher;

    (void)readable;
    (void)writable;
    watch(strand, false);
    set_in_flight(strand, false);
    strand->state = STRAND_IDLE;
    over(strand, SP_OK, SP_PROGRESS_SENT, NULL);
}

/* The receiver, which the sender has begun, comes to its end with the pipe. */
static void ended_in_flight(struct strand *strand)
{
    if (!settle_sender(strand)) {
        over(strand, SP_EDIED, SP_PROGRESS_NOT_SENT, NULL);
    } else if (strand->kind == OUTLET_CASTS) {
        over(strand, SP_EDIED, SP_PROGRESS_SENT, NULL);
    } else {
        nng_aio_cancel(strand->receiver);
        nng_aio_wait(strand->receiver);
        received(strand, STRAND_ENDED);
    }
}

/* What came before the end is still in the socket. */
static void hear_rest(struct strand *strand)
{
    nng_msg *message;

    nng_aio_stop(strand->receiver);
    while (nng_recvmsg(strand->socket, &message, NNG_FLAG_NONBLOCK) == 0) {
        pthread_mutex_lock(&strand->post->lock);
        strand->user->on_heard(strand, message);
        pthread_mutex_unlock(&strand->post->lock);
    }
}

static void ended(struct strand *strand)
{
    bool busy =
        strand->state == STRAND_SENDING || strand->state == STRAND_SENT;

    watch(strand, false);
    if (strand->kind == OUTLET_NEWS && strand->state == STRAND_IDLE)
        hear_rest(strand);
    strand->state = STRAND_ENDED;
    if (busy)
        ended_in_flight(strand);
    else
        strand->user->on_change(strand);
}

/* The end last: whatever was said before it, was before it or is found by it.
 * Each may close the strand, and then there is nothing more to hear. */
void strand_hear(struct strand *strand, unsigned news)
{
    bool busy = strand->state == STRAND_SENDING;

    if (news & NEWS_ENDED) {
        ended(strand);
    } else if (news & NEWS_UP) {
        strand->state = STRAND_IDLE;
        if (strand->kind == OUTLET_NEWS)
            nng_recv_aio(strand->socket, strand->receiver);
        strand->user->on_change(strand);
    } else if (strand->kind == OUTLET_NEWS) {
        strand->user->on_change(strand);
    } else if (busy && news & NEWS_RECEIVED) {
        received(strand, STRAND_IDLE);
    } else if (busy && news & NEWS_SENT) {
        sent(strand);
    }
}
