/* SPDX-License-Identifier: MIT */
/* One question at a time about one route and error.  It ends with its answer,
 * or when nobody waits for it any more; who waits has a deadline of his own.
 * Caller: op.c. */
#define _GNU_SOURCE
#include "inquiry.h"

#include <stdlib.h>
#include <utlist.h>

#include "ask.h"
#include "explain.h"
#include "route.h"

struct inquiry {
    struct transfer transfer; /* first */
    struct route *route;      /* of the session */
    enum sp_error about;
    char *question;       /* owned; the transfer's body */
    bool telling;         /* it ends when all askers were told */
    struct asker *askers; /* borrowed */
    struct inquiry *prev, *next; /* route.inquiries */
};

static void on_told(struct transfer *transfer, struct sp_result *told);

static void inquiry_destroy(struct inquiry *inquiry)
{
    struct route *control = inquiry->transfer.route;

    route_withdraw(&inquiry->transfer);
    DL_DELETE(inquiry->route->inquiries, inquiry);
    route_release(control);
    free(inquiry->question);
    free(inquiry);
}

static struct inquiry *inquiry_create(struct route *route, enum sp_error about,
                                      int64_t begun)
{
    struct route *control = router_find(route->router, DIAL_CONTROL);
    struct control_request request = explain_question(about, route->id, begun);
    struct inquiry *inquiry = calloc(1, sizeof *inquiry);
    size_t size;

    if (!inquiry || !control ||
        ask_encode(&request, &inquiry->question, &size) != SP_OK) {
        free(inquiry);
        return NULL;
    }
    inquiry->route = route;
    inquiry->about = about;
    inquiry->transfer.route = control;
    inquiry->transfer.on_told = on_told;
    inquiry->transfer.request = (struct conn_request){
        .kind = CONN_CONTROL, .body = inquiry->question, .size = size};
    route_use(control);
    DL_APPEND(route->inquiries, inquiry);
    route_send(&inquiry->transfer);
    return inquiry;
}

static struct inquiry *find(const struct route *route, enum sp_error about)
{
    struct inquiry *inquiry;

    DL_FOREACH (route->inquiries, inquiry)
        if (inquiry->about == about)
            return inquiry;
    return NULL;
}

bool inquiry_join(struct route *route, enum sp_error about, int64_t begun,
                  struct asker *asker)
{
    struct inquiry *inquiry = find(route, about);

    if (!inquiry)
        inquiry = inquiry_create(route, about, begun);
    if (!inquiry)
        return false;
    asker->inquiry = inquiry;
    DL_APPEND(inquiry->askers, asker);
    return true;
}

void inquiry_leave(struct asker *asker)
{
    struct inquiry *inquiry = asker->inquiry;

    if (!inquiry)
        return;
    asker->inquiry = NULL;
    DL_DELETE(inquiry->askers, asker);
    if (!inquiry->askers && !inquiry->telling)
        inquiry_destroy(inquiry);
}

/* Those that are told may leave for others, and stop everything. */
static void on_told(struct transfer *transfer, struct sp_result *told)
{
    struct inquiry *inquiry = (struct inquiry *)transfer;
    const struct router *router = inquiry->route->router;
    json_t *answer = NULL;

    if (told->error == SP_OK)
        ask_conclude(told, &answer);
    inquiry->telling = true;
    while (inquiry->askers && !router->stopped) {
        struct asker *asker = inquiry->askers;

        inquiry_leave(asker);
        asker->on_told(asker, told, answer);
    }
    inquiry->telling = false;
    if (!inquiry->askers)
        inquiry_destroy(inquiry);
    json_decref(answer);
}
