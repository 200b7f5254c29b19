/* SPDX-License-Identifier: MIT */
/* plug/hub.h - what the streams of one plug and asynchronous client share: a
 * subscription to each session (and prefix) that somebody reads, and one to the
 * supervisor.  There is a hub as long as there is a reader. */
#ifndef PLUG_HUB_H
#define PLUG_HUB_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>

#include <sp/evhttp.h>

struct topic;

/* Somebody who reads.  In both callbacks nobody may leave or join. */
struct reader {
    LIST_ENTRY(reader) link; /* topic.readers */
    struct topic *topic;     /* borrowed; NULL: reads nothing */
    bool life;               /* events of the session, too */
    bool is_ready;           /* nothing is missed from here on */
    void (*ready)(struct reader *reader);
    /* A message, event, loss, gap or end, which is the last. */
    void (*told)(struct reader *reader, const struct sp_news *news);
};

struct hub_order {
    const char *id;
    const void *prefix; /* copied */
    size_t size;
};

/* Begins to read; is_ready may be set at once, and ready() is not called then.
 * SP_EAGAIN: there are too many subscriptions, or readers of this session.
 * Other errors are those of sp_async_subscribe(). */
enum sp_error hub_join(struct sp_plug *plug, struct sp_async *async,
                       const struct hub_order *order, struct reader *reader);

/* Ends that.  One that reads nothing is allowed. */
void hub_leave(struct reader *reader);

#endif
