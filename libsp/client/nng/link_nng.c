/* SPDX-License-Identifier: MIT */
/* A link of the nng channel: the transfers of one process of a session (or of
 * spd), which leave by a bundle of strands.  A call that is not answered at
 * once lets the next go by a further strand after a moment, so that it holds up
 * nobody for long, and those that are answered at once are handled in their
 * order.
 *
 * When a strand ends with a message under way, or spd says that there is nobody
 * to connect to, the link takes no more: what it has not sent goes back to the
 * route, which finds out what is to be done.  Callers: link.c, strand.c. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <unistd.h>
#include <utlist.h>

#include "address.h"
#include "base/clock.h"
#include "bundle.h"
#include "client/link.h"
#include "client/result.h"
#include "client/route.h"
#include "strand.h"
#include "wire/tag.h"

/* While nng connects, whether there still is a session is asked after the first
 * time, and after twice as long each time, up to the second. */
#define PROBE_MIN_MS 250
#define PROBE_MAX_MS 10000

struct link_nng {
    struct link link;      /* first */
    struct alarm alarm;    /* to look after it again */
    struct address_file file; /* of whom it leads to */
    struct bundle bundle;
    struct transfer *queues[2]; /* to be sent, by enum outlet_kind */
    int64_t probe_at;       /* when it is asked whether there is a session */
    int probe_ms;
    bool broken;            /* it takes no more */
};

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

static enum outlet_kind kind_of(const struct link_nng *nng,
                                const struct transfer *transfer)
{
    bool pushed = is_cast(transfer) && !nng->bundle.ordered;

    return pushed ? OUTLET_CASTS : OUTLET_CALLS;
}

static struct transfer **queue_of(struct link_nng *nng,
                                  const struct transfer *transfer)
{
    return &nng->queues[kind_of(nng, transfer)];
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
        while (nng->queues[kind]) {
            struct transfer *transfer = nng->queues[kind];

            DL_DELETE(nng->queues[kind], transfer);
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
    bundle_drop_idle(&nng->bundle);
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
        return nng->bundle.ordered ? '&' : 0;
    case CONN_CONTROL:
        break;
    }
    return 0;
}

static void send_by(struct link_nng *nng, struct strand *strand,
                    struct transfer *transfer)
{
    const struct conn_request *request = &transfer->request;

    DL_DELETE(*queue_of(nng, transfer), transfer);
    if (!strand_send(strand, tag_of(nng, request), request->body,
                     request->size)) {
        finish(nng, transfer, SP_ENOMEM, SP_PROGRESS_NOT_SENT);
        return;
    }
    bundle_load(&nng->bundle, strand, transfer);
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
    struct transfer **queue = &nng->queues[kind];
    struct strand *strand;
    int64_t turn;

    if (*queue && !nng->broken && has_ended(nng))
        forsake(nng);
    while (*queue && !nng->broken) {
        turn = kind == OUTLET_CALLS ? bundle_turn(&nng->bundle) : 0;
        if (turn > 0)
            return turn;
        switch (bundle_take(&nng->bundle, kind, &strand)) {
        case BUNDLE_READY:
            send_by(nng, strand, *queue);
            break;
        case BUNDLE_DIALS:
            nng->probe_at = clock_now_ms() + nng->probe_ms;
            return nng->probe_at;
        case BUNDLE_BUSY:
            return nng->probe_at;
        case BUNDLE_FAILED:
            finish_queued(nng, SP_ENOMEM);
        }
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
                link->outstanding == 0 && !nng->bundle.strands);
}

/* ---- what strands say ---- */

static void on_change(struct strand *strand)
{
    struct link_nng *nng = nng_of_strand(strand);

    if (strand->state == STRAND_ENDED)
        bundle_drop(&nng->bundle, strand);
    else
        nng->link.greeted = true;
    nng->probe_ms = PROBE_MIN_MS;
    if (!nng->bundle.strands)
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
        bundle_drop(&nng->bundle, strand);
        give_up(nng);
    }
    settle(nng);
}

static const struct strand_user strand_user = {.on_change = on_change,
                                               .on_over = on_over};

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
    if (!bundle_drop_dialing(&nng->bundle) || !is_forsaken(nng))
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
        DL_APPEND(*queue_of(nng, transfer), transfer);
}

static void nng_flush(struct link *link)
{
    settle((struct link_nng *)link);
}

/* A call that is given up keeps its strand until it is answered, so that
 * nothing is closed in the middle of a reply; and where one order holds,
 * nothing is sent past it. */
static void withdraw_sent(struct link_nng *nng, struct strand *strand)
{
    struct transfer *transfer = strand->load;
    enum sp_progress progress = strand_give_up(strand);

    strand->load = NULL;
    finish(nng, transfer, SP_ETIMEDOUT, progress);
    if (strand->kind == OUTLET_CASTS || progress == SP_PROGRESS_NOT_SENT)
        bundle_drop(&nng->bundle, strand);
}

/* What was never sent for want of a connection is told so. */
static void nng_withdraw(struct link *link, struct transfer *transfer)
{
    struct link_nng *nng = (struct link_nng *)link;
    struct strand *strand = bundle_find_load(&nng->bundle, transfer);
    bool cut_off = !link->greeted || link->route->starved;

    if (strand) {
        withdraw_sent(nng, strand);
    } else {
        DL_DELETE(*queue_of(nng, transfer), transfer);
        finish(nng, transfer, cut_off ? SP_EAGAIN : SP_ETIMEDOUT,
               SP_PROGRESS_NOT_SENT);
    }
    settle(nng);
}

static void nng_close_link(struct link *link)
{
    struct link_nng *nng = (struct link_nng *)link;

    bundle_drop_idle(&nng->bundle);
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
    nng->bundle = (struct bundle){
        .route = route,
        .user = &strand_user,
        .owner = nng,
        .ordered = router->place.ordered && !route_is_control(route),
    };
    nng->probe_ms = PROBE_MIN_MS;
    address_look(&router->place, route->id, &nng->file);
    link_enter(&nng->link, &type, route);
    return &nng->link;
}
