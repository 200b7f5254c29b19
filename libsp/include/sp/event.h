/* SPDX-License-Identifier: MIT */
/* sp/event.h - an asynchronous client on a libevent base, in one call:
 *
 *     sp_event_attach(base, async, &event);
 *     sp_async_call(async, "alice", NULL, "incr n", 6, 1000, answered, NULL,
 *                   NULL);
 *     event_base_dispatch(base);
 *
 * Link with libsp-event, libsp and libevent (its core suffices).
 *
 * The conventions of <sp/async.h> hold: an attachment is used by the thread of
 * its base. */
#ifndef SP_EVENT_H
#define SP_EVENT_H

#include <sp/async.h>

#ifdef __cplusplus
extern "C" {
#endif

struct event_base; /* libevent's */

/* An asynchronous client attached to a base. */
struct sp_event;

/* Has the base dispatch the client whenever there is something to do.  Both are
 * borrowed, and must outlive the attachment; the caller ends that with
 * sp_event_detach().  As long as it is there event_base_dispatch() has
 * something to wait for and does not return by itself.
 * SP_EINVAL: a NULL.  SP_ENOMEM, SP_ESYSTEM: libevent says so. */
enum sp_error sp_event_attach(struct event_base *base, struct sp_async *async,
                              struct sp_event **out_event);

/* Ends it.  Who frees the client or the base detaches first; all three are
 * allowed inside a callback of the client's.  NULL is allowed. */
void sp_event_detach(struct sp_event *event);

#ifdef __cplusplus
}
#endif
#endif
