/* SPDX-License-Identifier: MIT */
/* sp/subscription.h - hear what sessions emit, and wait for it.
 *
 *     const struct sp_news *news;
 *
 *     sp_subscribe(client, "alice", "news", 4, &subscription);
 *     while (sp_subscription_next(subscription, SP_TIMEOUT_INFINITE, &news) ==
 *            SP_OK) {
 *         if (sp_news_kind(news) == SP_NEWS_MESSAGE)
 *             fwrite(sp_news_data(news), 1, sp_news_size(news), stdout);
 *     }
 *     sp_subscription_close(subscription);
 *
 * This is sp_async_subscribe() of <sp/async.h> for who has no event loop: that
 * says what news there is and what a subscription costs, and its functions read
 * it.
 *
 * The conventions of <sp/client.h> hold, but for these:
 *
 * - Threads: a subscription is used by one thread at a time.  Several know
 *   nothing of each other, also those of one client.
 * - subscription: belongs to the process that made it: in a process that was
 *   forked from that one every function with it is SP_EFORKED and does nothing.
 *   NULL is SP_EINVAL.
 */
#ifndef SP_SUBSCRIPTION_H
#define SP_SUBSCRIPTION_H

#include <stddef.h>

#include <sp/async.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What is heard of a session, or of all, until it is closed. */
struct sp_subscription;

/* Subscribes to what a session's module emits, as sp_async_subscribe() does.
 * The caller closes it with sp_subscription_close().  It begins with the first
 * sp_subscription_next(), and does not wait.
 * client: it can be closed right away.
 * id: NULL for what all sessions emit.
 * prefix, size: what the messages that are wanted begin with, at most
 * SP_PREFIX_MAX bytes; NULL and 0: all.
 *
 * SP_EINVAL: a prefix that is too long, or a client whose channel
 * sp_async_new() does not take.
 * SP_EBADID, SP_EFORKED, SP_ENOMEM.
 * SP_ESYSTEM: no descriptors; it needs three, and one for each session. */
enum sp_error sp_subscribe(struct sp_client *client, const char *id,
                           const void *prefix, size_t size,
                           struct sp_subscription **out_subscription);

/* Subscribes to what happens to a session, or to all for a NULL id, as
 * sp_async_subscribe_events() does.  Else as sp_subscribe(). */
enum sp_error
sp_subscribe_events(struct sp_client *client, const char *id,
                    struct sp_subscription **out_subscription);

/* Waits for the next piece of news.  Between two calls nothing is read: who
 * does not keep up loses messages, and is told how many.
 * timeout_ms: in milliseconds: 0 to INT_MAX or SP_TIMEOUT_INFINITE.
 * out_news: valid until the subscription is used again; NULL without news.
 *
 * SP_OK: *out_news is it.  When it is SP_NEWS_OVER, and of the whole
 * subscription (of all sessions: without an ID), nothing follows.
 * SP_ETIMEDOUT: there is none yet.
 * SP_ENOENT: the subscription is over, and its last news was given.
 * SP_ENOMEM: as SP_ENOENT, but for want of memory: news was lost.
 * SP_EINVAL, SP_EFORKED, SP_ESYSTEM. */
enum sp_error sp_subscription_next(struct sp_subscription *subscription,
                                   int timeout_ms,
                                   const struct sp_news **out_news);

/* Ends a subscription and frees it, with the news that it gave last.
 * subscription: NULL is allowed.  In a process that was forked from its own
 * nothing is done.
 * Threads: no other thread may be using it. */
void sp_subscription_close(struct sp_subscription *subscription);

#ifdef __cplusplus
}
#endif
#endif
