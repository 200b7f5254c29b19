/* SPDX-License-Identifier: MIT */
/* What nng calls in threads of its own, for one strand: when its pipe comes and
 * goes, and when its aios are done.  What follows from it is strand.c's, in the
 * loop.  Caller: strand.c. */
#define _GNU_SOURCE
#include "hooks.h"

#include "base/clock.h"
#include "outlet.h"
#include "post.h"
#include "strand.h"

/* Under the lock. */
static void say(struct strand *strand, unsigned news)
{
    strand->stirred_at = clock_now_ms();
    if (strand->deaf) {
        post_stir(strand->post);
        return;
    }
    if (!strand->news)
        post_put(strand->post, strand);
    strand->news |= news;
}

/* It is refused unless it can be trusted and is the first. */
static void pipe_comes(nng_pipe pipe, nng_pipe_ev event, void *context)
{
    struct strand *strand = context;
    bool wanted = outlet_trusts(strand->place, pipe);

    (void)event;
    pthread_mutex_lock(&strand->post->lock);
    wanted = wanted && !strand->connected;
    if (wanted)
        strand->pipe = pipe;
    strand->connected |= wanted;
    pthread_mutex_unlock(&strand->post->lock);
    if (!wanted)
        nng_pipe_close(pipe);
}

static void pipe_changed(nng_pipe pipe, nng_pipe_ev event, void *context)
{
    struct strand *strand = context;
    bool up = event == NNG_PIPE_EV_ADD_POST;
    bool own;

    pthread_mutex_lock(&strand->post->lock);
    own = strand->connected && nng_pipe_id(strand->pipe) == nng_pipe_id(pipe);
    if (own) {
        strand->up = up;
        strand->ended = !up;
        say(strand, up ? NEWS_UP : NEWS_ENDED);
    }
    pthread_mutex_unlock(&strand->post->lock);
    if (own && !up)
        nng_dialer_close(strand->dialer); /* see outlet_dial() */
}

/* Of news.  It goes on as long as somebody listens. */
static void hear_one(struct strand *strand)
{
    bool good = nng_aio_result(strand->receiver) == 0;
    nng_msg *message = good ? nng_aio_get_msg(strand->receiver) : NULL;
    bool hushed;

    if (!good)
        return;
    nng_aio_set_msg(strand->receiver, NULL);
    pthread_mutex_lock(&strand->post->lock);
    hushed = strand->hushed;
    say(strand, NEWS_RECEIVED);
    if (strand->deaf) {
        nng_msg_free(message);
    } else {
        strand->user->on_heard(strand, message);
        nng_recv_aio(strand->socket, strand->receiver);
    }
    pthread_mutex_unlock(&strand->post->lock);
    if (hushed)
        nng_pipe_close(strand->pipe);
}

static void on_received(void *context)
{
    struct strand *strand = context;

    if (strand->kind == OUTLET_NEWS) {
        hear_one(strand);
        return;
    }
    pthread_mutex_lock(&strand->post->lock);
    strand->in_flight = false;
    say(strand, NEWS_RECEIVED);
    pthread_mutex_unlock(&strand->post->lock);
}

/* Of a call the reply is awaited at once: one way to the loop, not two. */
static void on_sent(void *context)
{
    struct strand *strand = context;
    bool sent = nng_aio_result(strand->sender) == 0;

    if (strand->kind == OUTLET_CALLS && sent) {
        nng_recv_aio(strand->socket, strand->receiver);
        return;
    }
    pthread_mutex_lock(&strand->post->lock);
    strand->in_flight = sent;
    say(strand, NEWS_SENT);
    pthread_mutex_unlock(&strand->post->lock);
}

static int set_callbacks(struct strand *strand)
{
    nng_socket socket = strand->socket;
    int error =
        nng_pipe_notify(socket, NNG_PIPE_EV_ADD_PRE, pipe_comes, strand);

    if (!error)
        error = nng_pipe_notify(socket, NNG_PIPE_EV_ADD_POST, pipe_changed,
                                strand);
    if (!error)
        error = nng_pipe_notify(socket, NNG_PIPE_EV_REM_POST, pipe_changed,
                                strand);
    return error;
}

int hooks_set(struct strand *strand)
{
    int error = set_callbacks(strand);

    if (!error)
        error = nng_aio_alloc(&strand->sender, on_sent, strand);
    if (!error)
        error = nng_aio_alloc(&strand->receiver, on_received, strand);
    return error;
}
