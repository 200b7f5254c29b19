/* SPDX-License-Identifier: MIT */
/* One nng socket, its one pipe, and one message at a time over it.
 *
 * nng's own resending is off: a message that nng has not handed to the pipe
 * when that ends has not run; any other may have.  It does not connect again
 * (see outlet_dial()).  nng answers a cast before the kernel has all of it, and
 * drops at close what it holds; so a cast waits until nng's socket says that it
 * could take the next, which it says when the kernel has the last.
 *
 * nng's threads call the three pipe_... functions.  Caller: channel_nng.c. */
#define _GNU_SOURCE
#include "lane.h"

#include <errno.h>
#include <nng/nng.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "address.h"
#include "base/clock.h"
#include "client/dial.h"
#include "client/place.h"
#include "client/result.h"
#include "outlet.h"

/* While nng connects, whether there still is a session is asked this often. */
#define LANE_PROBE_MS 500
/* So rarely nng tries to connect in the end, so that lanes to sessions that
 * have gone cost little. */
#define LANE_RETRY_MAX_MS 10000
/* When it has not connected after this time although there is a session, it may
 * have given up for good: it does when a session that dies closes the
 * connection before nng has said its handshake. */
#define LANE_GIVEN_UP_MS 1000

enum lane_state {
    LANE_NEW,     /* no socket yet */
    LANE_DIALING, /* no pipe yet */
    LANE_UP,
    LANE_ENDED, /* so has its pipe */
};

struct lane {
    const struct place *place; /* borrowed, as is id */
    const char *id;
    enum lane_kind kind;
    nng_aio *aio;         /* owned; of the message under way */
    nng_socket socket;    /* owned, if opened */
    nng_dialer dialer;    /* the socket's */
    bool opened;
    struct address_file file; /* of whom it leads to */
    int gone_fd;          /* owned eventfd: the pipe has ended; casts only */
    pthread_mutex_t lock; /* guards what follows, shared with nng's threads */
    pthread_cond_t changed;
    enum lane_state state;
    int pipe;           /* its number; -1: none yet */
    int64_t dialing_since;
    bool sending;       /* nng has not handed the message to the pipe yet */
};

static enum lane_outcome over(struct sp_result *result, enum sp_error error,
                              enum sp_progress progress)
{
    result_set(result, error, progress);
    return LANE_OVER;
}

static enum lane_outcome nng_failed(struct sp_result *result, int error,
                                    enum sp_progress progress)
{
    if (error == NNG_ENOMEM)
        return over(result, SP_ENOMEM, progress);
    if (error == NNG_ETIMEDOUT)
        return over(result, SP_ETIMEDOUT, progress);
    result_fail(result, SP_ESYSTEM, progress, "nng: %s", nng_strerror(error));
    return LANE_OVER;
}

/* ---- life ---- */

struct lane *lane_create(const struct place *place, const char *id,
                         enum lane_kind kind)
{
    struct lane *lane = calloc(1, sizeof *lane);

    if (!lane)
        return NULL;
    if (nng_aio_alloc(&lane->aio, NULL, NULL) != 0) {
        free(lane);
        return NULL;
    }
    lane->place = place;
    lane->id = id;
    lane->kind = kind;
    lane->pipe = -1;
    lane->gone_fd = -1;
    pthread_mutex_init(&lane->lock, NULL);
    pthread_cond_init(&lane->changed, NULL);
    return lane;
}

void lane_destroy(struct lane *lane)
{
    if (!lane)
        return;
    if (lane->opened)
        nng_close(lane->socket); /* returns after the last callback */
    nng_aio_free(lane->aio);
    if (lane->gone_fd >= 0)
        close(lane->gone_fd);
    pthread_cond_destroy(&lane->changed);
    pthread_mutex_destroy(&lane->lock);
    free(lane);
}

/* ---- its pipe; called by nng's threads ---- */

/* It is refused unless it can be trusted and is the first. */
static void pipe_comes(nng_pipe pipe, nng_pipe_ev event, void *context)
{
    struct lane *lane = context;
    bool wanted = outlet_trusts(lane->place, pipe);

    (void)event;
    pthread_mutex_lock(&lane->lock);
    wanted = wanted && lane->pipe < 0;
    if (wanted)
        lane->pipe = nng_pipe_id(pipe);
    pthread_mutex_unlock(&lane->lock);
    if (!wanted)
        nng_pipe_close(pipe);
}

/* nng may tell of the end of a pipe first, from another of its threads. */
static void pipe_came(nng_pipe pipe, nng_pipe_ev event, void *context)
{
    struct lane *lane = context;

    (void)event;
    pthread_mutex_lock(&lane->lock);
    if (lane->pipe == nng_pipe_id(pipe) && lane->state == LANE_DIALING)
        lane->state = LANE_UP;
    pthread_cond_broadcast(&lane->changed);
    pthread_mutex_unlock(&lane->lock);
}

/* A message that waits to be handed over might wait for ever: its sender is to
 * find out whether there is a session still. */
static void pipe_went(nng_pipe pipe, nng_pipe_ev event, void *context)
{
    struct lane *lane = context;
    bool own;

    (void)event;
    pthread_mutex_lock(&lane->lock);
    own = lane->pipe == nng_pipe_id(pipe);
    if (own) {
        lane->state = LANE_ENDED;
        if (lane->sending)
            nng_aio_abort(lane->aio, NNG_ECONNABORTED);
        if (lane->gone_fd >= 0)
            eventfd_write(lane->gone_fd, 1);
    }
    pthread_cond_broadcast(&lane->changed);
    pthread_mutex_unlock(&lane->lock);
    if (own)
        nng_dialer_close(lane->dialer); /* see outlet_dial() */
}

/* ---- connecting; under the lock ---- */

static int set_callbacks(struct lane *lane)
{
    nng_socket socket = lane->socket;
    int error = nng_pipe_notify(socket, NNG_PIPE_EV_ADD_PRE, pipe_comes, lane);

    if (!error)
        error = nng_pipe_notify(socket, NNG_PIPE_EV_ADD_POST, pipe_came, lane);
    if (!error)
        error = nng_pipe_notify(socket, NNG_PIPE_EV_REM_POST, pipe_went, lane);
    return error;
}

static enum sp_error lane_open(struct lane *lane, struct sp_result *result)
{
    int error;

    if (lane->kind == LANE_CASTS && lane->gone_fd < 0)
        lane->gone_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (lane->kind == LANE_CASTS && lane->gone_fd < 0)
        return result_fail(result, SP_ESYSTEM, SP_PROGRESS_NOT_SENT,
                           "eventfd: %s", strerrordesc_np(errno));
    error = outlet_open(lane->kind == LANE_CALLS ? OUTLET_CALLS : OUTLET_CASTS,
                        LANE_RETRY_MAX_MS,
                        outlet_message_max(lane->place, lane->id),
                        &lane->socket);
    if (!error) {
        lane->opened = true;
        lane->state = LANE_DIALING;
        lane->dialing_since = clock_now_ms();
        error = set_callbacks(lane);
    }
    address_look(lane->place, lane->id, &lane->file);
    if (!error)
        error = outlet_dial(lane->socket, lane->place, lane->id, &lane->dialer);
    if (error)
        nng_failed(result, error, SP_PROGRESS_NOT_SENT);
    return error ? result->error : SP_OK;
}

/* A connection of our own tells at once what nng does not tell while it dials:
 * that there is no session, no supervisor, or a stranger. */
static enum sp_error probe(const struct lane *lane, struct sp_result *result)
{
    int fd;
    enum sp_error error = dial(lane->place, lane->id, &fd, result);

    if (error == SP_OK)
        close(fd);
    return error == SP_EAGAIN ? SP_OK : error; /* a full queue is somebody's */
}

static void wait_for_change(struct lane *lane, int64_t until)
{
    struct timespec time = {
        .tv_sec = until / 1000,
        .tv_nsec = until % 1000 * 1000000,
    };

    pthread_cond_clockwait(&lane->changed, &lane->lock, CLOCK_MONOTONIC, &time);
}

static bool is_stale(const struct lane *lane)
{
    return lane->state == LANE_ENDED ||
           (lane->state == LANE_DIALING &&
            clock_now_ms() >= lane->dialing_since + LANE_GIVEN_UP_MS);
}

/* True: the lane is up.  Else *out_outcome and result say what now. */
static bool lane_connect(struct lane *lane, int64_t deadline,
                         struct sp_result *result,
                         enum lane_outcome *out_outcome)
{
    *out_outcome = LANE_OVER;
    while (lane->state != LANE_UP) {
        int64_t next = clock_now_ms() + LANE_PROBE_MS;

        if (probe(lane, result) != SP_OK ||
            (lane->state == LANE_NEW && lane_open(lane, result) != SP_OK))
            return false;
        if (is_stale(lane)) {
            *out_outcome = LANE_STALE;
            return false;
        }
        if (deadline_left(deadline) == 0) {
            result_set(result, SP_ETIMEDOUT, SP_PROGRESS_NOT_SENT);
            return false;
        }
        wait_for_change(lane, deadline < next ? deadline : next);
    }
    return true;
}

/* ---- one message ---- */

/* Hands the message to the pipe; it is nng's then.  0, or nng's error:
 * NNG_ECONNABORTED if there is no pipe any more. */
static int hand_over(struct lane *lane, nng_msg *message, int64_t deadline)
{
    int error = NNG_ECONNABORTED;

    pthread_mutex_lock(&lane->lock);
    lane->sending = lane->state == LANE_UP;
    if (lane->sending) {
        nng_aio_set_timeout(lane->aio, deadline_left(deadline));
        nng_aio_set_msg(lane->aio, message);
        nng_send_aio(lane->socket, lane->aio);
        pthread_mutex_unlock(&lane->lock);
        nng_aio_wait(lane->aio);
        error = nng_aio_result(lane->aio);
        pthread_mutex_lock(&lane->lock);
        lane->sending = false;
    }
    pthread_mutex_unlock(&lane->lock);
    if (error)
        nng_msg_free(message);
    return error;
}

static enum lane_outcome await_reply(struct lane *lane, int64_t deadline,
                                     struct sp_result *result)
{
    nng_msg *message;
    int error;

    nng_aio_set_timeout(lane->aio, deadline_left(deadline));
    nng_recv_aio(lane->socket, lane->aio);
    nng_aio_wait(lane->aio);
    error = nng_aio_result(lane->aio);
    /* ESTATE: the connection ended before nng was asked for the reply */
    if (error == NNG_ECONNRESET || error == NNG_ESTATE)
        return over(result, SP_EDIED, SP_PROGRESS_SENT);
    if (error)
        return nng_failed(result, error, SP_PROGRESS_SENT);
    message = nng_aio_get_msg(lane->aio);
    if (result_put(result, nng_msg_body(message), nng_msg_len(message)) ==
            SP_OK &&
        *lane->id)
        result_answer(result);
    nng_msg_free(message);
    return LANE_OVER;
}

static bool is_up(struct lane *lane)
{
    bool up;

    pthread_mutex_lock(&lane->lock);
    up = lane->state == LANE_UP;
    pthread_mutex_unlock(&lane->lock);
    return up;
}

/* Waits until nng could take the next message. */
static enum lane_outcome await_written(struct lane *lane, int64_t deadline,
                                       struct sp_result *result)
{
    struct pollfd pollers[2] = {{.events = POLLIN},
                                {.fd = lane->gone_fd, .events = POLLIN}};
    int error = nng_socket_get_int(lane->socket, NNG_OPT_SENDFD,
                                   &pollers[0].fd);
    int ready;

    if (error)
        return nng_failed(result, error, SP_PROGRESS_SENT);
    do
        ready = poll(pollers, 2, deadline_left(deadline));
    while (ready < 0 && errno == EINTR);
    if (ready == 0)
        return over(result, SP_ETIMEDOUT, SP_PROGRESS_SENT);
    if (pollers[0].revents && is_up(lane))
        return over(result, SP_OK, SP_PROGRESS_SENT);
    return over(result, SP_EDIED, SP_PROGRESS_SENT);
}

bool lane_has_ended(struct lane *lane)
{
    bool ended;

    pthread_mutex_lock(&lane->lock);
    ended = lane->state == LANE_ENDED ||
            address_is_left(lane->place, lane->id, &lane->file);
    pthread_mutex_unlock(&lane->lock);
    return ended;
}

enum lane_outcome lane_run(struct lane *lane, char tag, const void *body,
                           size_t size, int64_t deadline,
                           struct sp_result *result)
{
    enum lane_outcome outcome;
    nng_msg *message;
    bool connected;
    int error;

    pthread_mutex_lock(&lane->lock);
    connected = lane_connect(lane, deadline, result, &outcome);
    pthread_mutex_unlock(&lane->lock);
    if (!connected)
        return outcome;
    message = outlet_message(tag, body, size);
    if (!message)
        return over(result, SP_ENOMEM, SP_PROGRESS_NOT_SENT);
    error = hand_over(lane, message, deadline);
    if (error == NNG_ECONNABORTED)
        return LANE_NOT_RUN;
    if (error)
        return nng_failed(result, error, SP_PROGRESS_NOT_SENT);
    return lane->kind == LANE_CALLS ? await_reply(lane, deadline, result)
                                    : await_written(lane, deadline, result);
}
