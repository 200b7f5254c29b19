/* SPDX-License-Identifier: MIT */
/* The nng channel: nng's own REQ for calls and PUSH for casts, each a *lane* of
 * one socket and one pipe to one session.  The only file that knows nng.
 *
 * nng's own resending is off: a call that nng has not handed to the pipe when
 * that ends has not run; any other may have.  Connecting again is left to nng.
 *
 * Lanes are closed as rarely as can be: in nng up to 1.7 at least, nng_close()
 * can block for ever if a message is being received just then, and all of nng
 * in this process with it (its issues 1543 and 1813).
 *
 * nng answers a cast before the kernel has all of it, and drops at close what
 * it holds.  So a lane takes one cast at a time and waits until nng's socket
 * says that it can take the next: then the kernel has the one before. */
#define _GNU_SOURCE
#include "channel.h"

#include <assert.h>
#include <errno.h>
#include <nng/nng.h>
#include <nng/protocol/pipeline0/push.h>
#include <nng/protocol/reqrep0/req.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <utlist.h>

#include "base/clock.h"
#include "cache.h"
#include "conn.h"
#include "dial.h"
#include "result.h"

#define LANE_MAGIC 0x6c616e65u

/* While nng connects, whether there still is a session is asked this often. */
#define LANE_PROBE_MS 500
/* How soon nng connects again: at once first, then more and more rarely, so
 * that lanes to sessions that have gone cost little. */
#define LANE_RECONNECT_MIN_MS 10
#define LANE_RECONNECT_MAX_MS 10000
/* When nng has not connected again after this time although there is a session,
 * it is in one of its long waits: a new lane is quicker. */
#define LANE_STALE_MS 100

enum lane_kind { LANE_CALLS, LANE_CASTS };

enum lane_state {
    LANE_NEW,     /* no socket yet */
    LANE_DIALING, /* no pipe yet, or no longer */
    LANE_UP,
};

/* A message that nng has not handed to the pipe yet. */
struct sending {
    nng_aio *aio;                 /* borrowed */
    struct sending *prev, *next;  /* lane.sendings */
};

struct lane {
    struct cache_entry entry; /* first */
    uint32_t magic;
    enum lane_kind kind;
    const struct place *place; /* borrowed */
    pthread_mutex_t lock;      /* guards all below; never held in nng calls that
                                * wait */
    pthread_cond_t changed;    /* state, casting */
    enum lane_state state;
    bool opened; /* the socket is */
    nng_socket socket;
    int pipe;           /* the number of the last one; -1: none yet */
    int64_t pipe_ended; /* when that was; valid while dialing again */
    bool casting; /* a cast is on its way to the kernel */
    int gone_fd;  /* eventfd: a pipe has ended since it was read; casts only */
    struct sending *sendings;
};

struct nng_lanes {
    const struct place *place;
    enum lane_kind kind;
};

struct nng_channel {
    struct channel channel; /* first */
    struct nng_lanes call_lanes, cast_lanes;
    struct cache calls, casts;
};

enum outcome {
    OVER,    /* result says what came of it */
    NOT_RUN, /* it has certainly not */
    STALE,   /* nothing was tried: a new lane is needed */
};

static enum outcome over(struct sp_result *result, enum sp_error error,
                         enum sp_progress progress)
{
    result_set(result, error, progress);
    return OVER;
}

static enum outcome nng_failed(struct sp_result *result, int error,
                               enum sp_progress progress)
{
    if (error == NNG_ENOMEM)
        return over(result, SP_ENOMEM, progress);
    if (error == NNG_ETIMEDOUT)
        return over(result, SP_ETIMEDOUT, progress);
    result_fail(result, SP_ESYSTEM, progress, "nng: %s", nng_strerror(error));
    return OVER;
}

/* ---- a lane in the cache ---- */

static struct cache_entry *lane_create(void *context, const char *key)
{
    const struct nng_lanes *lanes = context;
    struct lane *lane = calloc(1, sizeof *lane);

    (void)key; /* the cache writes it to the entry */
    if (!lane)
        return NULL;
    lane->magic = LANE_MAGIC;
    lane->kind = lanes->kind;
    lane->place = lanes->place;
    lane->pipe = -1;
    lane->gone_fd = -1;
    pthread_mutex_init(&lane->lock, NULL);
    pthread_cond_init(&lane->changed, NULL);
    return &lane->entry;
}

/* nng_close() returns after the last callback. */
static void lane_destroy(struct cache_entry *entry)
{
    struct lane *lane = (struct lane *)entry;

    assert(lane->magic == LANE_MAGIC && !lane->sendings);
    if (lane->opened)
        nng_close(lane->socket);
    if (lane->gone_fd >= 0)
        close(lane->gone_fd);
    pthread_cond_destroy(&lane->changed);
    pthread_mutex_destroy(&lane->lock);
    lane->magic = 0;
    free(lane);
}

static const struct cache_type lane_cache_type = {lane_create, lane_destroy};

/* ---- its pipe; nng's threads call these ---- */

/* Those that wait to be handed to the pipe might wait for ever: it is for their
 * callers to find out whether there is a session still. */
static void lane_down(struct lane *lane)
{
    struct sending *sending;

    lane->state = LANE_DIALING;
    lane->pipe_ended = clock_now_ms();
    DL_FOREACH (lane->sendings, sending)
        nng_aio_abort(sending->aio, NNG_ECONNABORTED);
    if (lane->gone_fd >= 0)
        eventfd_write(lane->gone_fd, 1);
}

static bool is_trusted(const struct lane *lane, nng_pipe pipe)
{
    uint64_t uid;

    return nng_pipe_get_uint64(pipe, NNG_OPT_IPC_PEER_UID, &uid) == 0 &&
           uid == lane->place->owner;
}

/* It is refused unless it can be trusted and is the only one. */
static void pipe_comes(nng_pipe pipe, nng_pipe_ev event, void *context)
{
    struct lane *lane = context;
    bool wanted;

    (void)event;
    pthread_mutex_lock(&lane->lock);
    wanted = lane->state != LANE_UP && is_trusted(lane, pipe);
    if (wanted)
        lane->pipe = nng_pipe_id(pipe);
    pthread_mutex_unlock(&lane->lock);
    if (!wanted)
        nng_pipe_close(pipe);
}

static void pipe_came(nng_pipe pipe, nng_pipe_ev event, void *context)
{
    struct lane *lane = context;

    (void)event;
    pthread_mutex_lock(&lane->lock);
    if (lane->pipe == nng_pipe_id(pipe))
        lane->state = LANE_UP;
    pthread_cond_broadcast(&lane->changed);
    pthread_mutex_unlock(&lane->lock);
}

static void pipe_went(nng_pipe pipe, nng_pipe_ev event, void *context)
{
    struct lane *lane = context;

    (void)event;
    pthread_mutex_lock(&lane->lock);
    if (lane->pipe == nng_pipe_id(pipe))
        lane_down(lane);
    pthread_cond_broadcast(&lane->changed);
    pthread_mutex_unlock(&lane->lock);
}

/* ---- connecting; under the lock ---- */

static int set_options(const struct lane *lane)
{
    nng_socket socket = lane->socket;
    int error = nng_socket_set_size(socket, NNG_OPT_RECVMAXSZ, CONN_REPLY_MAX);

    if (!error)
        error = nng_socket_set_ms(socket, NNG_OPT_RECONNMINT,
                                  LANE_RECONNECT_MIN_MS);
    if (!error)
        error = nng_socket_set_ms(socket, NNG_OPT_RECONNMAXT,
                                  LANE_RECONNECT_MAX_MS);
    if (!error && lane->kind == LANE_CALLS)
        error = nng_socket_set_ms(socket, NNG_OPT_REQ_RESENDTIME,
                                  NNG_DURATION_INFINITE);
    return error;
}

static int start_dialing(struct lane *lane)
{
    char url[sizeof "ipc://" + RUNDIR_PATH_SIZE] = "ipc://";
    char *path = url + sizeof "ipc://" - 1;
    int error;

    if (*lane->entry.key)
        rundir_session_path(lane->place->dir, lane->entry.key, path);
    else
        rundir_control_path(lane->place->dir, path);
    error = set_options(lane);
    if (!error)
        error = nng_pipe_notify(lane->socket, NNG_PIPE_EV_ADD_PRE, pipe_comes,
                                lane);
    if (!error)
        error = nng_pipe_notify(lane->socket, NNG_PIPE_EV_ADD_POST, pipe_came,
                                lane);
    if (!error)
        error = nng_pipe_notify(lane->socket, NNG_PIPE_EV_REM_POST, pipe_went,
                                lane);
    if (!error)
        error = nng_dial(lane->socket, url, NULL, NNG_FLAG_NONBLOCK);
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
    error = lane->kind == LANE_CALLS ? nng_req0_open(&lane->socket)
                                     : nng_push0_open(&lane->socket);
    if (error) {
        nng_failed(result, error, SP_PROGRESS_NOT_SENT);
        return result->error;
    }
    lane->opened = true;
    lane->state = LANE_DIALING;
    error = start_dialing(lane);
    if (!error)
        return SP_OK;
    nng_failed(result, error, SP_PROGRESS_NOT_SENT);
    return result->error;
}

/* Waits until something about the lane has changed, at most until then. */
static void lane_wait(struct lane *lane, int64_t until)
{
    struct timespec time = {
        .tv_sec = until / 1000,
        .tv_nsec = until % 1000 * 1000000,
    };

    if (until == DEADLINE_NEVER)
        pthread_cond_wait(&lane->changed, &lane->lock);
    else
        pthread_cond_clockwait(&lane->changed, &lane->lock, CLOCK_MONOTONIC,
                               &time);
}

/* A connection of our own tells at once what nng does not tell while it dials:
 * that there is no session, no supervisor, or a stranger. */
static enum sp_error probe(const struct lane *lane, struct sp_result *result)
{
    int fd;
    enum sp_error error = dial(lane->place, lane->entry.key, &fd, result);

    if (error == SP_OK)
        close(fd);
    return error == SP_EAGAIN ? SP_OK : error; /* a full queue is somebody's */
}

static bool lane_stale(const struct lane *lane)
{
    return lane->state == LANE_DIALING && lane->pipe >= 0 &&
           clock_now_ms() >= lane->pipe_ended + LANE_STALE_MS;
}

/* True: the lane is up.  Else *out_outcome and result say what now. */
static bool lane_connect(struct lane *lane, int64_t deadline,
                         struct sp_result *result, enum outcome *out_outcome)
{
    *out_outcome = OVER;
    while (lane->state != LANE_UP) {
        int64_t next = clock_now_ms() + (lane->pipe < 0 ? LANE_PROBE_MS
                                                        : LANE_STALE_MS);

        if (probe(lane, result) != SP_OK ||
            (lane->state == LANE_NEW && lane_open(lane, result) != SP_OK))
            return false;
        if (lane_stale(lane)) {
            *out_outcome = STALE;
            return false;
        }
        if (deadline_left(deadline) == 0) {
            result_set(result, SP_ETIMEDOUT, SP_PROGRESS_NOT_SENT);
            return false;
        }
        lane_wait(lane, deadline < next ? deadline : next);
    }
    return true;
}

/* ---- calls ---- */

static nng_msg *message_of(bool marked, const void *body, size_t size)
{
    uint8_t mark[WIRE_TAG_SIZE];
    nng_msg *message;

    if (nng_msg_alloc(&message, 0) != 0)
        return NULL;
    wire_tag_put(mark, '=');
    if ((marked && nng_msg_append(message, mark, sizeof mark) != 0) ||
        nng_msg_append(message, body, size) != 0) {
        nng_msg_free(message);
        return NULL;
    }
    return message;
}

/* Hands a message to the pipe: a call through its context, a cast (no context)
 * to the socket.  0, or nng's error: it is not handed over, and the message is
 * still the caller's. */
static int hand_over(struct lane *lane, nng_aio *aio, nng_msg *message,
                     const nng_ctx *ctx, int *out_pipe)
{
    struct sending sending = {.aio = aio};
    eventfd_t ends;

    nng_aio_set_msg(aio, message);
    pthread_mutex_lock(&lane->lock);
    if (lane->state != LANE_UP) {
        pthread_mutex_unlock(&lane->lock);
        return NNG_ECONNABORTED;
    }
    DL_APPEND(lane->sendings, &sending);
    *out_pipe = lane->pipe;
    if (lane->gone_fd >= 0)
        eventfd_read(lane->gone_fd, &ends);
    if (ctx)
        nng_ctx_send(*ctx, aio);
    else
        nng_send_aio(lane->socket, aio);
    pthread_mutex_unlock(&lane->lock);
    nng_aio_wait(aio);
    pthread_mutex_lock(&lane->lock);
    DL_DELETE(lane->sendings, &sending);
    pthread_mutex_unlock(&lane->lock);
    return nng_aio_result(aio);
}

static enum outcome take_reply(nng_aio *aio, bool control,
                               struct sp_result *result)
{
    nng_msg *message;
    int error = nng_aio_result(aio);

    if (error == NNG_ECONNRESET || error == NNG_ECLOSED)
        return over(result, SP_EDIED, SP_PROGRESS_SENT);
    if (error)
        return nng_failed(result, error, SP_PROGRESS_SENT);
    message = nng_aio_get_msg(aio);
    if (result_put(result, nng_msg_body(message), nng_msg_len(message)) ==
            SP_OK &&
        !control)
        result_answer(result);
    nng_msg_free(message);
    return OVER;
}

static enum outcome exchange(struct lane *lane, nng_ctx ctx, nng_aio *aio,
                             nng_msg *message, int64_t deadline,
                             struct sp_result *result)
{
    int error, pipe;

    nng_aio_set_timeout(aio, deadline_left(deadline));
    error = hand_over(lane, aio, message, &ctx, &pipe);
    if (error)
        nng_msg_free(message);
    if (error == NNG_ECONNABORTED)
        return NOT_RUN;
    if (error)
        return nng_failed(result, error, SP_PROGRESS_NOT_SENT);
    nng_aio_set_timeout(aio, deadline_left(deadline));
    nng_ctx_recv(ctx, aio);
    nng_aio_wait(aio);
    return take_reply(aio, !*lane->entry.key, result);
}

static enum outcome lane_call(struct lane *lane, const void *body, size_t size,
                              int64_t deadline, struct sp_result *result)
{
    bool marked = *lane->entry.key && wire_body_needs_literal(body, size);
    nng_msg *message = message_of(marked, body, size);
    nng_ctx ctx = NNG_CTX_INITIALIZER;
    nng_aio *aio = NULL;
    enum outcome outcome;

    if (!message || nng_aio_alloc(&aio, NULL, NULL) != 0 ||
        nng_ctx_open(&ctx, lane->socket) != 0) {
        nng_msg_free(message);
        outcome = over(result, SP_ENOMEM, SP_PROGRESS_NOT_SENT);
    } else {
        outcome = exchange(lane, ctx, aio, message, deadline, result);
        nng_ctx_close(ctx);
    }
    nng_aio_free(aio);
    return outcome;
}

/* ---- casts ---- */

/* Waits for the turn of this cast.  SP_OK: it has it. */
static enum sp_error begin_cast(struct lane *lane, int64_t deadline)
{
    enum sp_error error = SP_OK;

    pthread_mutex_lock(&lane->lock);
    while (lane->casting && lane->state == LANE_UP &&
           deadline_left(deadline) != 0)
        lane_wait(lane, deadline);
    if (lane->state != LANE_UP)
        error = SP_EDIED;
    else if (lane->casting)
        error = SP_ETIMEDOUT;
    else
        lane->casting = true;
    pthread_mutex_unlock(&lane->lock);
    return error;
}

static void end_cast(struct lane *lane)
{
    pthread_mutex_lock(&lane->lock);
    lane->casting = false;
    pthread_cond_broadcast(&lane->changed);
    pthread_mutex_unlock(&lane->lock);
}

static bool lane_is_up(struct lane *lane, int pipe)
{
    bool up;

    pthread_mutex_lock(&lane->lock);
    up = lane->state == LANE_UP && lane->pipe == pipe;
    pthread_mutex_unlock(&lane->lock);
    return up;
}

/* Waits until nng could take the next message for the same pipe: the kernel
 * has the last. */
static enum outcome wait_written(struct lane *lane, int pipe, int64_t deadline,
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
    if (pollers[0].revents && lane_is_up(lane, pipe))
        return over(result, SP_OK, SP_PROGRESS_SENT);
    return over(result, SP_EDIED, SP_PROGRESS_SENT);
}

/* What nng has, it keeps or loses: a cast that is not with the kernel at its
 * deadline may still get there. */
static enum outcome push(struct lane *lane, nng_aio *aio, nng_msg *message,
                         int64_t deadline, struct sp_result *result)
{
    int error, pipe;

    nng_aio_set_timeout(aio, deadline_left(deadline));
    error = hand_over(lane, aio, message, NULL, &pipe);
    if (error)
        nng_msg_free(message);
    if (error == NNG_ECONNABORTED)
        return NOT_RUN;
    if (error)
        return nng_failed(result, error, SP_PROGRESS_NOT_SENT);
    return wait_written(lane, pipe, deadline, result);
}

static enum outcome lane_cast(struct lane *lane, const void *body, size_t size,
                              int64_t deadline, struct sp_result *result)
{
    nng_msg *message = message_of(false, body, size);
    nng_aio *aio = NULL;
    enum outcome outcome = OVER;
    enum sp_error error;

    if (!message || nng_aio_alloc(&aio, NULL, NULL) != 0) {
        nng_msg_free(message);
        return over(result, SP_ENOMEM, SP_PROGRESS_NOT_SENT);
    }
    error = begin_cast(lane, deadline);
    if (error == SP_OK) {
        outcome = push(lane, aio, message, deadline, result);
        end_cast(lane);
    } else {
        nng_msg_free(message);
        result_set(result, error, SP_PROGRESS_NOT_SENT);
        if (error == SP_EDIED)
            outcome = NOT_RUN;
    }
    nng_aio_free(aio);
    return outcome;
}

/* ---- the channel ---- */

static enum outcome lane_run(struct lane *lane, const void *body, size_t size,
                             int64_t deadline, struct sp_result *result)
{
    enum outcome outcome;
    bool connected;

    pthread_mutex_lock(&lane->lock);
    connected = lane_connect(lane, deadline, result, &outcome);
    pthread_mutex_unlock(&lane->lock);
    if (!connected)
        return outcome;
    return lane->kind == LANE_CALLS
               ? lane_call(lane, body, size, deadline, result)
               : lane_cast(lane, body, size, deadline, result);
}

/* Whether the lane is of no use: it leads nowhere. */
static bool is_useless(enum outcome outcome, const struct sp_result *result)
{
    return outcome == STALE ||
           (outcome == OVER &&
            (result->error == SP_ENOENT || result->error == SP_ENOSUP ||
             result->error == SP_EPERM || result->error == SP_ESYSTEM));
}

static enum outcome run_once(struct cache *cache, const char *id,
                             const void *body, size_t size, int64_t deadline,
                             struct sp_result *result)
{
    struct cache_entry *entry = cache_acquire(cache, id);
    struct lane *lane = (struct lane *)entry;
    enum outcome outcome;

    if (!lane)
        return over(result, SP_ENOMEM, SP_PROGRESS_NOT_SENT);
    assert(lane->magic == LANE_MAGIC);
    outcome = lane_run(lane, body, size, deadline, result);
    if (is_useless(outcome, result))
        cache_discard(cache, entry);
    cache_release(cache, entry);
    return outcome;
}

/* What has certainly not run is sent once more, to the successor of a process
 * that has gone. */
static enum sp_error run(struct cache *cache, const char *id, const void *body,
                         size_t size, int64_t deadline,
                         struct sp_result *result)
{
    enum outcome outcome;
    int tries = 0;

    do
        outcome = run_once(cache, id, body, size, deadline, result);
    while (outcome == STALE || (outcome == NOT_RUN && ++tries < 2));
    if (outcome == NOT_RUN)
        result_set(result, SP_EDIED, SP_PROGRESS_NOT_SENT);
    return result->error == SP_EDIED ? channel_died(id, result)
                                     : result->error;
}

static enum sp_error nng_channel_call(struct channel *channel, const char *id,
                                      const void *body, size_t size,
                                      int64_t deadline,
                                      struct sp_result *result)
{
    return run(&((struct nng_channel *)channel)->calls, id, body, size,
               deadline, result);
}

static enum sp_error nng_channel_cast(struct channel *channel, const char *id,
                                      const void *body, size_t size,
                                      int64_t deadline,
                                      struct sp_result *result)
{
    return run(&((struct nng_channel *)channel)->casts, id, body, size,
               deadline, result);
}

static void nng_channel_close(struct channel *channel)
{
    struct nng_channel *nng = (struct nng_channel *)channel;

    cache_fini(&nng->calls);
    cache_fini(&nng->casts);
    free(nng);
}

static const struct channel_type nng_channel_type = {
    nng_channel_call, nng_channel_cast, nng_channel_close};

struct channel *channel_nng_open(const struct place *place)
{
    struct nng_channel *nng = malloc(sizeof *nng);

    if (!nng)
        return NULL;
    nng->channel.type = &nng_channel_type;
    nng->call_lanes = (struct nng_lanes){place, LANE_CALLS};
    nng->cast_lanes = (struct nng_lanes){place, LANE_CASTS};
    cache_init(&nng->calls, &lane_cache_type, &nng->call_lanes,
               channel_keep());
    cache_init(&nng->casts, &lane_cache_type, &nng->cast_lanes,
               channel_keep());
    return &nng->channel;
}
