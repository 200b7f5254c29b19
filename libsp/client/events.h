/* SPDX-License-Identifier: MIT */
/* client/events.h - the inside of the public structs sp_event and
 * sp_event_list.  Pure. */
#ifndef CLIENT_EVENTS_H
#define CLIENT_EVENTS_H

#include <jansson.h>
#include <stddef.h>

#include <sp/client.h>

/* Makes a list of spd's answer to CONTROL_EVENTS with this `after`.  The answer
 * is taken over, whatever the outcome.  SP_EPROTO: it makes no sense.
 * SP_ENOMEM. */
enum sp_error events_take(json_t *answer, unsigned long long after,
                          struct sp_event_list **out_events);

/* Makes an event of what spd publishes.  The caller frees it with event_free().
 * SP_EPROTO: it makes no sense.  SP_ENOMEM. */
enum sp_error event_read(const void *json, size_t size,
                         struct sp_event **out_event);

/* Another of the same, to be freed as the first.  NULL: no memory. */
struct sp_event *event_copy(const struct sp_event *event);

void event_free(struct sp_event *event); /* NULL is allowed */

#endif
