/* SPDX-License-Identifier: MIT */
/* One question to spd.  That somebody else has started the session is as good.
 * Caller: route.c. */
#define _GNU_SOURCE
#include "birth.h"

#include <stdlib.h>

#include "ask.h"
#include "dial.h"
#include "route.h"
#include "spec.h"

static void clear(struct birth *birth)
{
    free(birth->question);
    birth->question = NULL;
    birth->first = NULL;
    route_release(birth->transfer.route);
}

static void on_told(struct transfer *transfer, struct sp_result *result)
{
    struct birth *birth = (struct birth *)transfer;
    struct transfer *first = birth->first;
    json_t *answer = NULL;

    clear(birth);
    if (result->error == SP_OK)
        ask_conclude(result, &answer);
    if (first && result->error != SP_OK && result->error != SP_EALREADY)
        route_fail(first, result->error, sp_result_text(result));
    json_decref(answer);
    route_mark(birth->route);
}

enum sp_error birth_begin(struct birth *birth, struct transfer *first)
{
    struct router *router = birth->route->router;
    struct control_request request =
        spec_question(first->spec, birth->route->id);
    struct route *control = router_find(router, DIAL_CONTROL);
    enum sp_error error;
    size_t size;

    if (!control)
        return SP_ENOMEM;
    error = ask_encode(&request, &birth->question, &size);
    if (error != SP_OK)
        return error;
    first->ensured = true;
    birth->first = first;
    birth->transfer = (struct transfer){
        .request = {.kind = CONN_CONTROL, .body = birth->question,
                    .size = size},
        .route = control,
        .on_told = on_told,
    };
    route_use(control);
    route_send(&birth->transfer);
    return SP_OK;
}

void birth_end(struct birth *birth)
{
    if (!birth_is_under_way(birth))
        return;
    route_withdraw(&birth->transfer);
    clear(birth);
}
