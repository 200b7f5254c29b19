/* SPDX-License-Identifier: MIT */
/* The public form of subscriptions; how they are kept is feed.c's and fan.c's.
 */
#define _GNU_SOURCE
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "async.h"
#include "dial.h"
#include "fan.h"
#include "wire/published.h"

static_assert(SP_PREFIX_MAX == WIRE_PREFIX_MAX, "");

/* id: NULL for all. */
static enum sp_error check(const struct sp_async *async, const char *id,
                           sp_async_told *told)
{
    if (!async || async->doomed || !told)
        return SP_EINVAL;
    if (id && !sp_id_valid(id, strnlen(id, SP_ID_MAX + 1)))
        return SP_EBADID;
    return origin_is_here(async->origin) ? SP_OK : SP_EFORKED;
}

enum sp_error sp_async_subscribe(struct sp_async *async, const char *id,
                                 const void *prefix, size_t size,
                                 sp_async_told *told, void *context,
                                 struct sp_ticket *out_ticket)
{
    struct feed_order order = {id, prefix, size, told, context};
    enum sp_error error = check(async, id, told);

    if (size > SP_PREFIX_MAX || (!prefix && size > 0))
        return SP_EINVAL;
    if (error != SP_OK)
        return error;
    return (id ? feed_open : fan_open)(async, &order, out_ticket);
}

/* An event begins with the ID of its session, for this purpose. */
enum sp_error sp_async_subscribe_events(struct sp_async *async, const char *id,
                                        sp_async_told *told, void *context,
                                        struct sp_ticket *out_ticket)
{
    char prefix[SP_ID_MAX + sizeof "{\"id\":\"\","] = "";
    struct feed_order order = {DIAL_CONTROL, prefix, 0, told, context};
    enum sp_error error = check(async, id, told);

    if (error != SP_OK)
        return error;
    if (id)
        order.size = (size_t)snprintf(prefix, sizeof prefix, "{\"id\":\"%s\",",
                                      id);
    return feed_open(async, &order, out_ticket);
}
