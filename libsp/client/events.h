/* SPDX-License-Identifier: MIT */
/* client/events.h - one event as it happens. */
#ifndef CLIENT_EVENTS_H
#define CLIENT_EVENTS_H

#include <stddef.h>

#include <sp/client.h>

/* Makes an event of what spd publishes.  The caller frees it with event_free().
 * SP_EPROTO: it makes no sense.  SP_ENOMEM. */
enum sp_error event_read(const void *json, size_t size,
                         struct sp_event **out_event);

void event_free(struct sp_event *event); /* NULL is allowed */

#endif
