/* SPDX-License-Identifier: MIT */
/* All sessions by one subscription.  A feed of spd's events tells which are
 * started; when that begins, and begins again, spd is asked which there are.
 * Each has a feed of its own until that is over.
 *
 * A subscriber may end everything inside its callback: then the fan has `left`,
 * and is freed when it is not `busy` any more.  Caller: subscribe.c. */
/* A member that uthash had no memory for says so, instead of the program ending
 * there. */
#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(member) ((member)->exists = false)
#define _GNU_SOURCE
#include "fan.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "async.h"
#include "dial.h"
#include "news.h"

/* One session. */
struct member {
    struct fan *fan;
    char id[SP_ID_MAX + 1];
    struct sp_ticket ticket; /* of its feed */
    bool begun;
    bool exists; /* in the hash; see uthash_nonfatal_oom */
    UT_hash_handle hh; /* fan.members */
};

struct fan {
    struct holder holder;   /* first: of its ticket */
    struct sp_async *async; /* borrowed */
    uint64_t number;        /* its ticket */
    sp_async_told *told;
    void *context;
    struct sp_ticket events;  /* the feed of spd */
    struct sp_ticket listing; /* the question to spd; 0: there is none */
    struct member *members;   /* owned; hash by ID */
    bool busy;
    bool left; /* it is over or cancelled */
    size_t size;
    uint8_t prefix[];
};

/* ---- the end ---- */

static void forget(struct member *member)
{
    HASH_DEL(member->fan->members, member);
    free(member);
}

static void fan_destroy(struct fan *fan)
{
    struct member *member, *next;

    sp_async_cancel(fan->async, fan->events, NULL);
    sp_async_cancel(fan->async, fan->listing, NULL);
    HASH_ITER (hh, fan->members, member, next) {
        sp_async_cancel(fan->async, member->ticket, NULL);
        forget(member);
    }
    free(fan);
}

static void leave(struct fan *fan)
{
    fan->left = true;
    tickets_take(&fan->async->ops, fan->number);
    fan->async->feeds.fans--;
    if (!fan->busy)
        fan_destroy(fan);
}

static enum sp_progress cancel(struct holder *holder)
{
    leave((struct fan *)holder);
    return SP_PROGRESS_NOT_SENT;
}

/* For good: of one session, or of all ("").  The fan may be gone then. */
static void tell_over(struct fan *fan, const char *id, enum sp_error error,
                      const char *text)
{
    struct sp_news news = {
        .kind = SP_NEWS_OVER, .id = id, .error = error, .text = text};
    struct sp_async *async = fan->async;
    sp_async_told *told = fan->told;
    void *context = fan->context;

    if (!*id)
        leave(fan);
    told(async, &news, context);
}

/* ---- one session ---- */

/* One that ends before it has begun is nobody's concern. */
static void told_by_session(struct sp_async *async, const struct sp_news *news,
                            void *context)
{
    struct member *member = context;
    struct fan *fan = member->fan;
    bool begun = member->begun;

    if (news->kind == SP_NEWS_OVER) {
        forget(member);
        if (!begun && news->error == SP_ENOENT)
            return;
    } else {
        member->begun = true;
    }
    fan->told(async, news, fan->context);
}

static struct member *member_create(struct fan *fan, const char *id)
{
    struct member *member = calloc(1, sizeof *member);

    if (!member)
        return NULL;
    member->fan = fan;
    member->exists = true;
    strcpy(member->id, id);
    HASH_ADD_STR(fan->members, id, member);
    if (member->exists)
        return member;
    free(member);
    return NULL;
}

/* The fan is busy. */
static void add(struct fan *fan, const char *id)
{
    struct feed_order order = {id, fan->prefix, fan->size, told_by_session,
                               NULL};
    enum sp_error error = SP_ENOMEM;
    struct member *member;

    HASH_FIND_STR(fan->members, id, member);
    if (member)
        return;
    member = member_create(fan, id);
    order.context = member;
    if (member)
        error = feed_open(fan->async, &order, &member->ticket);
    if (error == SP_OK)
        return;
    if (member)
        forget(member);
    tell_over(fan, id, error, NULL);
}

/* ---- which there are ---- */

static void add_all(struct fan *fan, const struct sp_session_list *list)
{
    const struct router *router = &fan->async->router;

    for (size_t i = 0;
         i < sp_list_count(list) && !fan->left && !router->stopped; i++)
        add(fan, sp_info_id(sp_list_at(list, i)));
}

static void end_busy(struct fan *fan)
{
    fan->busy = false;
    if (fan->left)
        fan_destroy(fan);
}

/* A supervisor that has gone meanwhile is asked again when it is back. */
static void listed(struct sp_async *async, struct sp_result *result,
                   void *context)
{
    struct fan *fan = context;
    enum sp_error error = sp_result_error(result);
    struct sp_session_list *list = sp_async_take_list(result);

    (void)async;
    fan->listing.number = 0;
    fan->busy = true;
    if (error == SP_OK)
        add_all(fan, list);
    else if (error != SP_ENOSUP && error != SP_EDIED)
        tell_over(fan, "", error, sp_result_text(result));
    end_busy(fan);
    sp_list_free(list);
}

static void list(struct fan *fan)
{
    enum sp_error error;

    sp_async_cancel(fan->async, fan->listing, NULL);
    error = sp_async_list(fan->async, SP_TIMEOUT_INFINITE, listed, fan,
                          &fan->listing);
    if (error != SP_OK)
        tell_over(fan, "", error, NULL);
}

static bool is_birth(const struct sp_event *event)
{
    return *sp_event_id(event) && (strcmp(sp_event_name(event), "start") == 0 ||
                                   strcmp(sp_event_name(event), "ready") == 0);
}

static void told_by_spd(struct sp_async *async, const struct sp_news *news,
                        void *context)
{
    struct fan *fan = context;

    fan->busy = true;
    switch (news->kind) {
    case SP_NEWS_EVENT:
        if (is_birth(news->event))
            add(fan, sp_event_id(news->event));
        break;
    case SP_NEWS_LOST: /* perhaps some were started */
        list(fan);
        break;
    case SP_NEWS_BEGUN:
    case SP_NEWS_GAP:
        fan->told(async, news, fan->context);
        if (!fan->left && !async->router.stopped)
            list(fan);
        break;
    case SP_NEWS_MESSAGE: /* spd's are events */
        break;
    case SP_NEWS_OVER:
        tell_over(fan, "", news->error, news->text);
        break;
    }
    end_busy(fan);
}

/* ---- the beginning ---- */

enum sp_error fan_open(struct sp_async *async, const struct feed_order *order,
                       struct sp_ticket *out_ticket)
{
    struct fan *fan = calloc(1, sizeof *fan + order->size);
    struct feed_order events = {DIAL_CONTROL, NULL, 0, told_by_spd, fan};
    enum sp_error error = SP_ENOMEM;

    if (fan)
        error = feed_open(async, &events, &fan->events);
    if (error != SP_OK) {
        free(fan);
        return error;
    }
    fan->holder.cancel = cancel;
    fan->async = async;
    fan->told = order->told;
    fan->context = order->context;
    fan->size = order->size;
    if (order->size > 0)
        memcpy(fan->prefix, order->prefix, order->size);
    fan->number = tickets_give(&async->ops, &fan->holder);
    if (fan->number == 0) {
        fan_destroy(fan);
        return SP_ENOMEM;
    }
    async->feeds.fans++;
    if (out_ticket)
        out_ticket->number = fan->number;
    return SP_OK;
}
