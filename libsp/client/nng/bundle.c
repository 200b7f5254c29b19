/* SPDX-License-Identifier: MIT */
/* Which strand takes the next message, and whether there may be one more.  What
 * is sent and what comes of it is link_nng.c's, the caller. */
#define _GNU_SOURCE
#include "bundle.h"

#include <assert.h>
#include <utlist.h>

#include "base/clock.h"
#include "client/route.h"

/* Strands for calls at most: a third of the connections that a session takes
 * from all (48). */
#define CALLS_MAX 16
/* A call that is not answered in this time lets the next go. */
#define SLOW_MS 10

/* ---- those that there are ---- */

static struct strand *find_state(const struct bundle *bundle,
                                 enum outlet_kind kind, enum strand_state state)
{
    struct strand *strand;

    DL_FOREACH (bundle->strands, strand)
        if (strand->kind == kind && strand->state == state)
            return strand;
    return NULL;
}

struct strand *bundle_find_load(const struct bundle *bundle,
                                const struct transfer *transfer)
{
    struct strand *strand;

    DL_FOREACH (bundle->strands, strand)
        if (strand->load == transfer)
            return strand;
    return NULL;
}

/* The oldest whose call was given up and not answered yet; NULL. */
static struct strand *find_forgotten(const struct bundle *bundle)
{
    struct strand *strand;

    DL_FOREACH (bundle->strands, strand)
        if (strand->kind == OUTLET_CALLS && !strand->load &&
            strand->state == STRAND_SENDING)
            return strand;
    return NULL;
}

void bundle_load(struct bundle *bundle, struct strand *strand,
                 struct transfer *transfer)
{
    strand->load = transfer;
    strand->sent_at = clock_now_ms();
    if (strand->kind == OUTLET_CALLS)
        bundle->newest = strand;
}

int64_t bundle_turn(const struct bundle *bundle)
{
    const struct strand *newest = bundle->newest;
    int64_t due;

    if (!newest || !newest->load)
        return 0;
    due = newest->sent_at + SLOW_MS;
    return due <= clock_now_ms() ? 0 : due;
}

/* ---- fewer ---- */

void bundle_drop(struct bundle *bundle, struct strand *strand)
{
    assert(!strand->load);
    if (bundle->newest == strand)
        bundle->newest = NULL;
    bundle->counts[strand->kind]--;
    DL_DELETE(bundle->strands, strand);
    strand_close(strand);
}

void bundle_drop_idle(struct bundle *bundle)
{
    struct strand *strand, *next;

    DL_FOREACH_SAFE (bundle->strands, strand, next)
        if (!strand->load)
            bundle_drop(bundle, strand);
}

bool bundle_drop_dialing(struct bundle *bundle)
{
    struct strand *strand, *next;
    bool found = false;

    DL_FOREACH_SAFE (bundle->strands, strand, next)
        if (strand->state == STRAND_DIALING) {
            bundle_drop(bundle, strand);
            found = true;
        }
    return found;
}

/* ---- more ---- */

static size_t most_of(const struct bundle *bundle, enum outlet_kind kind)
{
    return kind == OUTLET_CALLS && !bundle->ordered ? CALLS_MAX : 1;
}

/* Where all connections are in use, one for calls that is idle makes room for
 * one for casts, and the other way. */
static bool may_add(struct bundle *bundle, enum outlet_kind kind)
{
    struct route *route = bundle->route;
    struct strand *other =
        find_state(bundle, kind == OUTLET_CALLS ? OUTLET_CASTS : OUTLET_CALLS,
                   STRAND_IDLE);

    if (route_is_control(route) || router_make_room(route->router))
        return true;
    if (bundle->counts[kind] > 0)
        return false;
    if (other)
        bundle_drop(bundle, other);
    route_starve(route);
    return false;
}

static bool add(struct bundle *bundle, enum outlet_kind kind)
{
    struct route *route = bundle->route;
    struct router *router = route->router;
    struct strand *strand =
        strand_open(router->post, &router->place, route->id, kind,
                    !route_is_control(route));

    if (!strand)
        return false;
    strand->user = bundle->user;
    strand->owner = bundle->owner;
    bundle->counts[kind]++;
    DL_APPEND(bundle->strands, strand);
    return true;
}

enum bundle_state bundle_take(struct bundle *bundle, enum outlet_kind kind,
                              struct strand **out_strand)
{
    size_t most = most_of(bundle, kind);
    struct strand *idle = find_state(bundle, kind, STRAND_IDLE);
    struct strand *forgotten;

    if (idle) {
        *out_strand = idle;
        return BUNDLE_READY;
    }
    forgotten = most == CALLS_MAX && bundle->counts[kind] == most
                    ? find_forgotten(bundle)
                    : NULL;
    if (forgotten)
        bundle_drop(bundle, forgotten);
    if (bundle->counts[kind] == most ||
        find_state(bundle, kind, STRAND_DIALING) || !may_add(bundle, kind))
        return BUNDLE_BUSY;
    if (add(bundle, kind))
        return BUNDLE_DIALS;
    return bundle->strands ? BUNDLE_BUSY : BUNDLE_FAILED;
}
