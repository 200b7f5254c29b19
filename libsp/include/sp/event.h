/* SPDX-License-Identifier: MIT */
/* sp/event.h - an asynchronous client on a libevent base, in one call:
 *
 *     sp_attach(base, async, &attachment);
 *     sp_async_call(async, "alice", NULL, "incr n", 6, 1000, answered, NULL,
 *                   NULL);
 *     event_base_dispatch(base);
 *
 * Link with -lsp-event -lsp and libevent, of which -levent_core suffices:
 * cc program.c $(pkg-config --cflags --libs libsp-event)
 *
 * The conventions of <sp/async.h> hold.
 *
 * Threads: an attachment is used by the thread of its base. */
#ifndef SP_EVENT_H
#define SP_EVENT_H

#include <sp/async.h>

#ifdef __cplusplus
extern "C" {
#endif

struct event_base; /* libevent's */

/* An asynchronous client attached to a base. */
struct sp_attachment;

/* Attaches an asynchronous client to a base, which dispatches it whenever there
 * is something to do.  The caller ends that with sp_detach().  As long as it is
 * there event_base_dispatch() has something to wait for and does not return by
 * itself.
 * base, async: borrowed: they must outlive the attachment.
 * SP_EINVAL: a NULL.
 * SP_ENOMEM.
 * SP_ESYSTEM: libevent says so. */
enum sp_error sp_attach(struct event_base *base, struct sp_async *async,
                        struct sp_attachment **out_attachment);

/* Ends an attachment.  Who frees the client or the base detaches first; all
 * three are allowed inside a callback of the client's.
 * attachment: NULL is allowed. */
void sp_detach(struct sp_attachment *attachment);

#ifdef __cplusplus
}
#endif
#endif
