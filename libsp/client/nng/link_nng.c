/* SPDX-License-Identifier: MIT */
/* A link of the nng channel: strands to one process of a session (or to spd).
 * Casts have one, so that they stay in order.  Calls have one, too, as long as
 * they are answered at once; one that is not lets the next go by a further
 * strand after a moment, so that a call that is answered late holds up nobody
 * for long, and those that are answered at once are handled in their order.
 *
 * When a strand ends with a message under way, or spd says that there is nobody
 * to connect to, the link takes no more: what it has not sent goes back to the
 * route, which finds out what is to be done.  Callers: link.c, strand.c. */
#define _GNU_SOURCE
#include <assert.h>
#include <stdlib.h>
#include <unistd.h>
#include <utlist.h>

#include "address.h"
#include "base/clock.h"
#include "client/link.h"
#include "client/result.h"
#include "client/route.h"
#include "post.h"
#include "strand.h"
#include "wire/tag.h"

/* Strands for calls at most: a third of the connections that a session takes
 * from all (48). */
#define CALLS_MAX 16
/* A call that is not answered in this time lets the next go. */
#define SLOW_MS 10
/* While nng connects, whether there still is a session is asked after the first
 * time, and after twice as long each time, up to the second. */
#define PROBE_MIN_MS 250
#define PROBE_MAX_MS 10000

struct queue {
    struct transfer *first;
    size_t strands;        /* for them */
    struct strand *newest; /* of them: the last that was sent by; or NULL */
};

struct link_nng {
    struct link link;      /* first */
    struct alarm alarm;    /* to look after it again */
    struct address_file file; /* of whom it leads to */
    struct strand *strands;
    struct queue queues[2]; /* by enum outlet_kind */
    bool ordered;           /* casts are calls with an empty reply */
    int64_t probe_at;       /* when it is asked whether there is a session */
    int probe_ms;
    bool broken;            /* it takes no more */
};

static const struct strand_user strand_user;

static struct link_nng *nng_of_alarm(struct alarm *alarm)
{
    return (struct link_nng *)((char *)alarm -
                               offsetof(struct link_nng, alarm));
}

static struct link_nng *nng_of_strand(const struct strand *strand)
{
    return strand->owner;
}

static bool is_cast(const struct transfer *transfer)
{
    return transfer->request.kind == CONN_CAST;
}

static struct queue *queue_of(struct link_nng *nng,
                              const struct transfer *transfer)
{
    bool pushed = is_cast(transfer) && !nng->ordered;

    return &nng->queues[pushed ? OUTLET_CASTS : OUTLET_CALLS];
}

/* ---- strands ---- */

static void drop_strand(struct link_nng *nng, struct strand *strand)
{
    struct queue *queue = &nng->queues[strand->kind];

    assert(!strand->load);
    if (queue->newest == strand)
        queue->newest = NULL;
    queue->strands--;
    DL_DELETE(nng->strands, strand);
    strand_close(strand);
}

static void drop_idle(struct link_nng *nng)
{
    struct strand *strand, *next;

    DL_FOREACH_SAFE (nng->strands, strand, next)
        if (!strand->load)
            drop_strand(nng, strand);
}

static struct strand *find_strand(const struct link_nng *nng,
                                  enum outlet_kind kind,
                                  enum strand_state state)
{
    struct strand *strand;

    DL_FOREACH (nng->strands, strand)
        if (strand->kind == kind && strand->state == state)
            return strand;
    return NULL;
}

static bool add_strand(struct link_nng *nng, enum outlet_kind kind)
{
    struct router *router = nng->link.router;
    struct route *route = nng->link.route;
    struct strand *strand =
        strand_open(router->post, &router->place, route->id, kind,
                    !route_is_control(route));

    if (!strand)
        return false;
    strand->user = &strand_user;
    strand->owner = nng;
    nng->queues[kind].strands++;
    nng->probe_at = clock_now_ms() + nng->probe_ms;
    DL_APPEND(nng->strands, strand);
    return true;
}

/* ---- transfers that are over ---- */

static void finish(struct link_nng *nng, struct transfer *transfer,
                   enum sp_error error, enum sp_progress progress)
{
    transfer->request.error = error;
    transfer->request.progress = progress;
    link_over(&nng->link, transfer);
}

static void finish_queued(struct link_nng *nng, enum sp_error error)
{
    for (int kind = 0; kind < 2; kind++)
        while (nng->queues[kind].first) {
            struct transfer *transfer = nng->queues[kind].first;

            DL_DELETE(nng->queues[kind].first, transfer);
            finish(nng, transfer, error, SP_PROGRESS_NOT_SENT);
        }
}

/* What was not sent goes another way.  If the peer has never spoken, that says
 * something about the session; else it does not. */
static void give_up(struct link_nng *nng)
{
    nng->broken = true;
    nng->link.withdrawing = nng->link.greeted;
    finish_queued(nng, SP_EDIED);
    nng->link.withdrawing = false;
    drop_idle(nng);
}

/* The same where there is nobody to be sent to any more; it is not that the
 * session takes no more connections. */
static void forsake(struct link_nng *nng)
{
    nng->link.greeted = true;
    give_up(nng);
}

/* A copy of the reply with a NUL behind it. */
static enum sp_error take_reply(struct link_nng *nng, struct buf *reply,
                                const struct strand_outcome *outcome)
{
    if (outcome->size > link_room(&nng->link) ||
        !buf_reserve(reply, outcome->size + 1))
        return SP_ENOMEM;
    buf_append(reply, outcome->data, outcome->size);
    *buf_tail(reply) = '\0';
    return SP_OK;
}

/* ---- what is sent by which strand ---- */

static char tag_of(const struct link_nng *nng,
                   const struct conn_request *request)
{
    bool literal = wire_body_needs_literal(request->body, request->size);

    switch (request->kind) {
    case CONN_CALL:
        return literal ? '=' : 0;
    case CONN_CAST:
        return nng->ordered ? '&' : 0;
    case CONN_CONTROL:
        break;
    }
    return 0;
}

static void send_by(struct link_nng *nng, struct strand *strand,
                    struct transfer *transfer)
{
    struct queue *queue = queue_of(nng, transfer);
    const struct conn_request *request = &transfer->request;

    DL_DELETE(queue->first, transfer);
    if (!strand_send(strand, tag_of(nng, request), request->body,
                     request->size)) {
        finish(nng, transfer, SP_ENOMEM, SP_PROGRESS_NOT_SENT);
        return;
    }
    strand->load = transfer;
    strand->sent_at = clock_now_ms();
    queue->newest = strand;
}

/* When the next of them may be sent; 0: now. */
static int64_t turn_of(const struct queue *queue)
{
    const struct strand *newest = queue->newest;
    int64_t due;

    if (!newest || !newest->load)
        return 0;
    due = newest->sent_at + SLOW_MS;
    return due <= clock_now_ms() ? 0 : due;
}

/* Where all connections are in use, one for calls that is idle makes room for
 * one for casts, and the other way. */
static bool may_add(struct link_nng *nng, enum outlet_kind kind)
{
    struct route *route = nng->link.route;
    struct strand *other =
        find_strand(nng, kind == OUTLET_CALLS ? OUTLET_CASTS : OUTLET_CALLS,
                    STRAND_IDLE);

    if (route_is_control(route) || router_make_room(nng->link.router))
        return true;
    if (nng->queues[kind].strands > 0)
        return false;
    if (other)
        drop_strand(nng, other);
    route_starve(route);
    return false;
}

/* The oldest whose call was given up and not answered yet; NULL. */
static struct strand *find_forgotten(const struct link_nng *nng)
{
    struct strand *strand;

    DL_FOREACH (nng->strands, strand)
        if (strand->kind == OUTLET_CALLS && !strand->load &&
            strand->state == STRAND_SENDING)
            return strand;
    return NULL;
}

/* A strand that takes the next of this kind, or NULL. */
static struct strand *strand_for(struct link_nng *nng, enum outlet_kind kind)
{
    const struct queue *queue = &nng->queues[kind];
    size_t max = kind == OUTLET_CALLS && !nng->ordered ? CALLS_MAX : 1;
    struct strand *strand = find_strand(nng, kind, STRAND_IDLE);

    if (!strand && queue->strands == max && max == CALLS_MAX &&
        find_forgotten(nng))
        drop_strand(nng, find_forgotten(nng));
    if (strand || queue->strands == max ||
        find_strand(nng, kind, STRAND_DIALING) || !may_add(nng, kind))
        return strand;
    if (!add_strand(nng, kind) && !nng->strands)
        finish_queued(nng, SP_ENOMEM);
    return NULL;
}

/* Whether the session has ended, which nng notices late: what is handed to it
 * after that never runs, but nng does not say so. */
static bool has_ended(const struct link_nng *nng)
{
    return address_is_left(&nng->link.router->place, nng->link.route->id,
                           &nng->file);
}

/* Sends what can be sent; when to look again, for the rest. */
static int64_t pump(struct link_nng *nng, enum outlet_kind kind)
{
    struct queue *queue = &nng->queues[kind];

    if (queue->first && !nng->broken && has_ended(nng))
        forsake(nng);
    while (queue->first && !nng->broken) {
        int64_t turn = kind == OUTLET_CALLS ? turn_of(queue) : 0;
        struct strand *strand;

        if (turn > 0)
            return turn;
        strand = strand_for(nng, kind);
        if (!strand)
            return queue->first ? nng->probe_at : DEADLINE_NEVER;
        send_by(nng, strand, queue->first);
    }
    return DEADLINE_NEVER;
}

/* After each use.  The link may be gone then. */
static void settle(struct link_nng *nng)
{
    struct link *link = &nng->link;
    int64_t calls = pump(nng, OUTLET_CALLS);
    int64_t casts = pump(nng, OUTLET_CASTS);

    alarms_set(&link->router->loop.alarms, &nng->alarm,
               calls < casts ? calls : casts);
    link_settle(link, !nng->broken,
                link->outstanding == 0 && !nng->strands);
}

/* ---- what strands say ---- */

static void on_change(struct strand *strand)
{
    struct link_nng *nng = nng_of_strand(strand);

    if (strand->state == STRAND_ENDED)
        drop_strand(nng, strand);
    else
        nng->link.greeted = true;
    nng->probe_ms = PROBE_MIN_MS;
    if (!nng->strands)
        give_up(nng);
    settle(nng);
}

static void on_over(struct strand *strand, const struct strand_outcome *outcome)
{
    struct link_nng *nng = nng_of_strand(strand);
    struct transfer *transfer = strand->load;
    enum sp_error error = outcome->error;

    strand->load = NULL;
    if (transfer && outcome->data)
        error = take_reply(nng, &transfer->request.reply, outcome);
    if (transfer)
        finish(nng, transfer, error, outcome->progress);
    if (strand->state == STRAND_ENDED) {
        drop_strand(nng, strand);
        give_up(nng);
    }
    settle(nng);
}

static const struct strand_user strand_user = {.on_change = on_change,
                                               .on_over = on_over};

static bool drop_dialing(struct link_nng *nng)
{
    struct strand *strand, *next;
    bool found = false;

    DL_FOREACH_SAFE (nng->strands, strand, next)
        if (strand->state == STRAND_DIALING) {
            drop_strand(nng, strand);
            found = true;
        }
    return found;
}

/* Whether a connection of our own would find that there is no session, no
 * supervisor, or a stranger. */
static bool is_forsaken(const struct link_nng *nng)
{
    struct sp_result result;
    enum sp_error error;
    int fd;

    result_init(&result);
    error = router_dial(nng->link.router, nng->link.route->id, &fd, &result);
    result_fini(&result);
    if (error == SP_OK)
        close(fd);
    return error != SP_OK && error != SP_EAGAIN && error != SP_ESYSTEM;
}

/* Where nng has not connected after a while, it has failed and does not say so,
 * or whoever listens there is not to be trusted, or is late.  Mostly it helps
 * to try again. */
static void probe(struct link_nng *nng)
{
    int twice = 2 * nng->probe_ms;

    nng->probe_ms = twice < PROBE_MAX_MS ? twice : PROBE_MAX_MS;
    nng->probe_at = clock_now_ms() + nng->probe_ms;
    if (!drop_dialing(nng) || !is_forsaken(nng))
        return;
    forsake(nng);
}

static void on_alarm(struct alarm *alarm)
{
    struct link_nng *nng = nng_of_alarm(alarm);

    if (nng->probe_at <= clock_now_ms())
        probe(nng);
    settle(nng);
}

/* ---- its type ---- */

static void nng_send_transfer(struct link *link, struct transfer *transfer)
{
    struct link_nng *nng = (struct link_nng *)link;

    if (nng->broken)
        finish(nng, transfer, SP_EDIED, SP_PROGRESS_NOT_SENT);
    else
        DL_APPEND(queue_of(nng, transfer)->first, transfer);
}

static void nng_flush(struct link *link)
{
    settle((struct link_nng *)link);
}

static struct strand *carrier_of(const struct link_nng *nng,
                                 const struct transfer *transfer)
{
    struct strand *strand;

    DL_FOREACH (nng->strands, strand)
        if (strand->load == transfer)
            return strand;
    return NULL;
}

/* A call that is given up keeps its strand until it is answered, so that
 * nothing is closed in the middle of a reply; and where one order holds, nothing
 * is sent past it. */
static void withdraw_sent(struct link_nng *nng, struct strand *strand)
{
    struct transfer *transfer = strand->load;
    enum sp_progress progress = strand_give_up(strand);

    strand->load = NULL;
    finish(nng, transfer, SP_ETIMEDOUT, progress);
    if (strand->kind == OUTLET_CASTS || progress == SP_PROGRESS_NOT_SENT)
        drop_strand(nng, strand);
}

/* What was never sent for want of a connection is told so. */
static void nng_withdraw(struct link *link, struct transfer *transfer)
{
    struct link_nng *nng = (struct link_nng *)link;
    struct strand *strand = carrier_of(nng, transfer);
    bool cut_off = !link->greeted || link->route->starved;

    if (strand) {
        withdraw_sent(nng, strand);
    } else {
        DL_DELETE(queue_of(nng, transfer)->first, transfer);
        finish(nng, transfer, cut_off ? SP_EAGAIN : SP_ETIMEDOUT,
               SP_PROGRESS_NOT_SENT);
    }
    settle(nng);
}

static void nng_close_link(struct link *link)
{
    struct link_nng *nng = (struct link_nng *)link;

    drop_idle(nng);
    alarms_leave(&link->router->loop.alarms, &nng->alarm);
    free(nng);
}

struct link *link_nng_open(struct route *route)
{
    static const struct link_type type = {nng_send_transfer, nng_flush,
                                          nng_withdraw, nng_close_link};
    struct router *router = route->router;
    struct link_nng *nng = calloc(1, sizeof *nng);

    if (!nng || !alarms_join(&router->loop.alarms)) {
        free(nng);
        return NULL;
    }
    nng->alarm.ring = on_alarm;
    nng->ordered = router->place.ordered && !route_is_control(route);
    nng->probe_ms = PROBE_MIN_MS;
    address_look(&router->place, route->id, &nng->file);
    link_enter(&nng->link, &type, route);
    return &nng->link;
}
