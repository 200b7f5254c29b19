/* SPDX-License-Identifier: MIT */
/* When a strand that nobody uses any more can be closed, and how.  Caller:
 * post.c, in the closer's thread. */
#define _GNU_SOURCE
#include "burial.h"

#include <poll.h>
#include <stdlib.h>

#include "base/clock.h"
#include "outlet.h"
#include "post.h"
#include "strand.h"

#define REST_MS 5
/* When news have not come for so long, none is likely to come just now. */
#define SILENCE_MS 100

static bool needs_hush(const struct strand *strand)
{
    return strand->kind == OUTLET_NEWS && strand->up && !strand->ended &&
           !strand->hushed;
}

/* What nng must not be is in the middle of a message, and messages may come one
 * after the other.  So the next one is to end the pipe: nng calls on_received()
 * between two messages then, if it finds the receiver waiting and nothing in
 * the socket. */
bool burial_hush(struct strand *strand)
{
    nng_msg *message;
    bool needed;

    pthread_mutex_lock(&strand->post->lock);
    needed = needs_hush(strand);
    strand->stirred_at = clock_now_ms();
    pthread_mutex_unlock(&strand->post->lock);
    if (!needed)
        return false;
    nng_aio_cancel(strand->receiver);
    nng_aio_wait(strand->receiver);
    outlet_unsubscribe(strand->socket, strand->prefix, strand->prefix_size);
    while (nng_recvmsg(strand->socket, &message, NNG_FLAG_NONBLOCK) == 0)
        nng_msg_free(message);
    pthread_mutex_lock(&strand->post->lock);
    strand->hushed = true;
    pthread_mutex_unlock(&strand->post->lock);
    nng_recv_aio(strand->socket, strand->receiver);
    outlet_subscribe(strand->socket, NULL, 0);
    return true;
}

/* What nng has said it has done, it is often still about to finish. */
bool burial_is_due(const struct strand *strand, int64_t now)
{
    struct pollfd written = {.fd = strand->written, .events = POLLIN};

    if (needs_hush(strand))
        return true;
    if (now < strand->stirred_at + REST_MS)
        return false;
    if (strand->ended || !strand->opened)
        return true;
    if (strand->hushed)
        return now >= strand->stirred_at + SILENCE_MS;
    return strand->up &&
           (!strand->in_flight || poll(&written, 1, 0) > 0);
}

/* A message that nng did not take is ours, as is a reply that nobody took. */
static void end_aio(nng_aio *aio, bool sends)
{
    if (!aio)
        return;
    nng_aio_stop(aio);
    if ((nng_aio_result(aio) != 0) == sends && nng_aio_get_msg(aio))
        nng_msg_free(nng_aio_get_msg(aio));
    nng_aio_free(aio);
}

/* After nng_close() no pipe is told of any more; the
 * sender ends first, since it has the receiver begin. */
void burial_end(struct strand *strand)
{
    nng_close(strand->socket);
    end_aio(strand->sender, true);
    end_aio(strand->receiver, false);
    free(strand->prefix);
}
