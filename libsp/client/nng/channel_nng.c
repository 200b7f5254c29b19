/* SPDX-License-Identifier: MIT */
/* The nng channel: nng's own REQ for calls and PUSH for casts.  To each session
 * there is a *route* for each of the two: the lanes (nng sockets) that lead
 * there, each used by one thread at a time.  Casts have one lane, so that they
 * stay in order; calls have as many as there are calls at once, up to a limit.
 * Where one order is to hold for both (SP_ORDERED), casts are calls with an
 * empty reply, and all have one lane, which has one message under way.  What
 * nng does and does not is lane.c's. */
#define _GNU_SOURCE
#include "client/channel.h"

#include <assert.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/clock.h"
#include "client/cache.h"
#include "client/dial.h"
#include "client/place.h"
#include "client/result.h"
#include "lane.h"
#include "wire/tag.h"

/* Calls of one client to one session at once; more wait for one of these to
 * end.  A third of the connections that a session takes from all (48). */
#define ROUTE_LANES_MAX 16

#define ROUTE_MAGIC 0x726f7574u

struct route {
    struct cache_entry entry; /* first */
    uint32_t magic;
    const struct place *place; /* borrowed */
    enum lane_kind kind;
    pthread_mutex_t lock;
    pthread_cond_t given_back;
    struct lane *idle[ROUTE_LANES_MAX]; /* owned; the last used is last */
    unsigned idle_count;
    unsigned lane_count; /* with those in use */
};

/* What a route is made of; the context of its cache. */
struct routes {
    const struct place *place;
    enum lane_kind kind;
    struct cache cache;
};

struct nng_channel {
    struct channel channel; /* first */
    struct routes calls, casts;
};

/* ---- routes ---- */

static struct cache_entry *route_create(void *context, const char *key)
{
    const struct routes *routes = context;
    struct route *route = calloc(1, sizeof *route);

    (void)key; /* the cache writes it to the entry */
    if (!route)
        return NULL;
    route->magic = ROUTE_MAGIC;
    route->place = routes->place;
    route->kind = routes->kind;
    pthread_mutex_init(&route->lock, NULL);
    pthread_cond_init(&route->given_back, NULL);
    return &route->entry;
}

static struct route *route_of_entry(struct cache_entry *entry)
{
    struct route *route = (struct route *)entry;

    assert(route->magic == ROUTE_MAGIC);
    return route;
}

static void route_destroy(struct cache_entry *entry)
{
    struct route *route = route_of_entry(entry);

    assert(route->idle_count == route->lane_count);
    while (route->idle_count > 0)
        lane_destroy(route->idle[--route->idle_count]);
    pthread_cond_destroy(&route->given_back);
    pthread_mutex_destroy(&route->lock);
    route->magic = 0;
    free(route);
}

static const struct cache_type route_cache_type = {route_create,
                                                   route_destroy};

static unsigned route_lanes_max(const struct route *route)
{
    bool ordered = route->place->ordered && *route->entry.key;

    return route->kind == LANE_CALLS && !ordered ? ROUTE_LANES_MAX : 1;
}

/* Whether as many are in use as may be; fewer than there are since one order
 * holds. */
static bool route_is_full(const struct route *route)
{
    return route->lane_count - route->idle_count >= route_lanes_max(route);
}

static void wait_for_lane(struct route *route, int64_t deadline)
{
    struct timespec until = {
        .tv_sec = deadline / 1000,
        .tv_nsec = deadline % 1000 * 1000000,
    };

    pthread_cond_clockwait(&route->given_back, &route->lock, CLOCK_MONOTONIC,
                           &until);
}

/* Takes a lane that nobody uses; NULL, and the error in result. */
static struct lane *route_take_any(struct route *route, int64_t deadline,
                                   struct sp_result *result)
{
    struct lane *lane = NULL;
    bool late = false;

    pthread_mutex_lock(&route->lock);
    while (route_is_full(route) && !late) {
        wait_for_lane(route, deadline);
        late = deadline_left(deadline) == 0;
    }
    if (route_is_full(route)) {
        ;
    } else if (route->idle_count > 0) {
        lane = route->idle[--route->idle_count];
    } else {
        lane = lane_create(route->place, route->entry.key, route->kind);
        if (lane)
            route->lane_count++;
        late = false;
    }
    pthread_mutex_unlock(&route->lock);
    if (!lane)
        result_set(result, late ? SP_ETIMEDOUT : SP_ENOMEM,
                   SP_PROGRESS_NOT_SENT);
    return lane;
}

/* Gives it back, or away. */
static void route_give(struct route *route, struct lane *lane, bool keep)
{
    pthread_mutex_lock(&route->lock);
    if (keep)
        route->idle[route->idle_count++] = lane;
    else
        route->lane_count--;
    pthread_cond_signal(&route->given_back);
    pthread_mutex_unlock(&route->lock);
    if (!keep)
        lane_destroy(lane);
}

/* One that may lead to somebody. */
static struct lane *route_take(struct route *route, int64_t deadline,
                               struct sp_result *result)
{
    struct lane *lane = route_take_any(route, deadline, result);

    while (lane && lane_has_ended(lane)) {
        route_give(route, lane, false);
        lane = route_take_any(route, deadline, result);
    }
    return lane;
}

/* ---- one message ---- */

/* Whether a lane leads nowhere. */
static bool is_useless(enum lane_outcome outcome,
                       const struct sp_result *result)
{
    return outcome == LANE_STALE ||
           (outcome == LANE_OVER &&
            (result->error == SP_ENOENT || result->error == SP_ENOSUP ||
             result->error == SP_EPERM || result->error == SP_ESYSTEM));
}

static enum lane_outcome run_once(struct routes *routes, const char *id,
                                  char tag, const void *body, size_t size,
                                  int64_t deadline, struct sp_result *result)
{
    struct cache_entry *entry = cache_acquire(&routes->cache, id);
    enum lane_outcome outcome = LANE_OVER;
    struct route *route;
    struct lane *lane;

    if (!entry) {
        result_set(result, SP_ENOMEM, SP_PROGRESS_NOT_SENT);
        return LANE_OVER;
    }
    route = route_of_entry(entry);
    lane = route_take(route, deadline, result);
    if (lane) {
        outcome = lane_run(lane, tag, body, size, deadline, result);
        route_give(route, lane, !is_useless(outcome, result));
    }
    cache_release(&routes->cache, entry);
    return outcome;
}

/* What has certainly not run is sent once more, to the successor of a process
 * that has gone. */
static enum sp_error run(struct routes *routes, const char *id, char tag,
                         const void *body, size_t size, int64_t deadline,
                         struct sp_result *result)
{
    struct dial_pause pause = DIAL_PAUSE_FIRST;
    enum lane_outcome outcome;
    int tries = 0;

    do
        outcome = run_once(routes, id, tag, body, size, deadline, result);
    while ((outcome == LANE_STALE && dial_pause(&pause, deadline)) ||
           (outcome == LANE_NOT_RUN && ++tries < 2));
    if (outcome == LANE_STALE)
        return result_set(result, SP_ETIMEDOUT, SP_PROGRESS_NOT_SENT);
    if (outcome == LANE_NOT_RUN)
        result_set(result, SP_EDIED, SP_PROGRESS_NOT_SENT);
    return result->error == SP_EDIED ? channel_died(id, result)
                                     : result->error;
}

static enum sp_error nng_channel_call(struct channel *channel, const char *id,
                                      const void *body, size_t size,
                                      int64_t deadline,
                                      struct sp_result *result)
{
    char tag = *id && wire_body_needs_literal(body, size) ? '=' : 0;

    return run(&((struct nng_channel *)channel)->calls, id, tag, body, size,
               deadline, result);
}

static enum sp_error nng_channel_cast(struct channel *channel, const char *id,
                                      const void *body, size_t size,
                                      int64_t deadline,
                                      struct sp_result *result)
{
    struct nng_channel *nng = (struct nng_channel *)channel;

    if (nng->casts.place->ordered)
        return run(&nng->calls, id, '&', body, size, deadline, result);
    return run(&nng->casts, id, 0, body, size, deadline, result);
}

/* ---- the channel ---- */

static void routes_init(struct routes *routes, const struct place *place,
                        enum lane_kind kind)
{
    routes->place = place;
    routes->kind = kind;
    cache_init(&routes->cache, &route_cache_type, routes, channel_keep());
}

static void nng_channel_close(struct channel *channel)
{
    struct nng_channel *nng = (struct nng_channel *)channel;

    cache_fini(&nng->calls.cache);
    cache_fini(&nng->casts.cache);
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
    routes_init(&nng->calls, place, LANE_CALLS);
    routes_init(&nng->casts, place, LANE_CASTS);
    return &nng->channel;
}
