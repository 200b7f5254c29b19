/* SPDX-License-Identifier: MIT */
/* client/fan.h - a subscription to all sessions: a feed of each that there is.
 */
#ifndef CLIENT_FAN_H
#define CLIENT_FAN_H

#include "feed.h"

/* Begins one.  It goes with its ticket.  The order's id is not looked at.
 * SP_EAGAIN: there are too many subscriptions. */
enum sp_error fan_open(struct sp_async *async, const struct feed_order *order,
                       struct sp_ticket *out_ticket);

#endif
