/* SPDX-License-Identifier: MIT */
/* sp/async.h - talk to sessions from an event loop, without ever waiting.
 *
 *     static void answered(struct sp_async *async, struct sp_result *result,
 *                          void *context)
 *     {
 *         if (sp_result_error(result) != SP_OK)
 *             fprintf(stderr, "%s\n", sp_result_text(result));
 *         else
 *             fwrite(sp_result_data(result), 1, sp_result_size(result),
 *                    stdout);
 *     }
 *
 *     sp_async_new(client, &async);
 *     sp_async_call(async, "alice", NULL, "incr n", 6, 1000, answered, NULL,
 *                   NULL);
 *     while (sp_async_outstanding(async) > 0) {
 *         struct pollfd poller = {sp_async_fd(async), POLLIN, 0};
 *
 *         poll(&poller, 1, -1);
 *         sp_async_dispatch(async);
 *     }
 *     sp_async_free(async);
 *
 * A loop of one's own watches one descriptor for reading and calls one
 * function; <sp/event.h> does it for libevent.  Deadlines are in it: nothing
 * else has to be timed.
 *
 * Link with -lsp: cc program.c $(pkg-config --cflags --libs libsp)
 *
 * The conventions of <sp/client.h> hold, but for these:
 *
 * - Threads: an sp_async and what belongs to it is used by one thread at a
 *   time.  Several in one program, each with its thread, know nothing of each
 *   other.
 * - No function waits, save for what the file system and the kernel take, and
 *   sp_async_dispatch() for a moment after a batch of answers.
 * - A function that asks for an operation returns SP_OK if the operation was
 *   accepted.  Then `done` is called once, from inside sp_async_dispatch(), in
 *   the thread that calls that, never from inside anything else; unless the
 *   operation is cancelled or the sp_async freed first.  On another value
 *   nothing was accepted and `done` is not called.
 * - What it is given (ID, bodies, specs) is copied before it returns.
 * - async: belongs to the process that made it: in a process that was forked
 *   from that one every function with it is SP_EFORKED and does nothing.  NULL
 *   is SP_EINVAL.
 * - Over nng, whose threads do the sending and receiving, all is told in the
 *   same way.  A session has one message under way on each of nng's sockets:
 *   one socket for casts, and for calls as many as take long, up to 16.  A call
 *   is sent when the one before it has been answered, or has taken 10 ms: so
 *   calls that are answered at once are handled in their order, and one that is
 *   answered late does not hold up the others.  One that is given up keeps its
 *   socket until it is answered, or all 16 are taken.  Casts are in order with
 *   casts, and with calls only by SP_ORDERED (sp_client_set_flags()).
 * - timeout_ms: in milliseconds, as in <sp/client.h>: 0 to INT_MAX or
 *   SP_TIMEOUT_INFINITE; another negative number is SP_EINVAL.  It runs from
 *   the call of the function; `done` learns that it has passed as soon as the
 *   loop dispatches after its end.  A reply that has arrived by then counts.
 */
#ifndef SP_ASYNC_H
#define SP_ASYNC_H

#include <stddef.h>

#include <sp/client.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Connections to sessions and to their supervisor, and what is outstanding on
 * them. */
struct sp_async;

/* Makes an asynchronous client.  The caller frees it with sp_async_free().
 * client: its runtime directory and its channel are used.  It can be closed
 * right away.
 * SP_EFORKED, SP_ENOMEM.
 * SP_ESYSTEM: no descriptors; it needs three, and over nng four. */
enum sp_error sp_async_new(struct sp_client *client,
                           struct sp_async **out_async);

/* Closes all connections and forgets what is outstanding: no `done` is called
 * any more, and whether a request that was sent runs is not known.  Casts that
 * are over are not lost.  Allowed inside a `done`, whose result stays valid
 * until it returns.  Over nng it waits until nng has closed its sockets, which
 * takes up to some 100 ms when requests or subscriptions are under way.
 * async: NULL is allowed.  In a process that was forked from its own nothing is
 * done. */
void sp_async_free(struct sp_async *async);

/* What is bounded.  A limit that is lowered ends nothing that is there. */
enum sp_async_limit {
    /* Connections to sessions that are open at once, 1 to 1,000,000; 1,024
     * unless set, or half of the descriptors that the process may open.  (There
     * is one more, to the supervisor.)  A session keeps its connection for
     * reuse.  At the limit the one that has been idle longest is closed; where
     * all are in use, requests to further sessions wait for one, and are
     * SP_EAGAIN when their time has passed.  Over nng, each of its sockets
     * counts as one, until nng has closed it. */
    SP_ASYNC_CONNECTIONS,
    /* Bytes that what is outstanding on one session takes: requests and their
     * administration, and a reply that is being received; 32 MiB unless set.
     * A reply over it is dropped: SP_ENOMEM, and it was answered.  (Over nng it
     * is dropped when all of it is there, in nng's memory;
     * and nng has a copy of its own of each request that it is sending.) */
    SP_ASYNC_SESSION_BYTES,
    /* The same of all sessions together; 256 MiB unless set. */
    SP_ASYNC_BYTES,
    /* Subscriptions at once, each of which has a connection of its own beside
     * those to sessions, 1 to 1,000,000; 1,024 unless set, or half of the
     * descriptors that the process may open.  Over nng, the connection of one
     * that has ended, or connects again, counts until nng has closed it: where
     * that is one too many, the next waits for it. */
    SP_ASYNC_SUBSCRIPTIONS,
};

/* Sets what is bounded.
 * value: connections, or bytes, of which 4,096 are the least.
 * SP_EINVAL: no such limit, or out of its range. */
enum sp_error sp_async_set_limit(struct sp_async *async,
                                 enum sp_async_limit limit, size_t value);

/* ---- the loop ----------------------------------------------------------- */

/* The descriptor to watch.  It is readable (POLLIN) whenever there is something
 * for sp_async_dispatch() to do, also when time has passed, and when an
 * operation was asked for outside of it.  It belongs to the sp_async and is the
 * same for its life.  Nothing else may be done with it. */
int sp_async_fd(const struct sp_async *async);

/* Does what can be done now, and calls `done` of what is over.  It may be
 * called at any time; without anything to do it costs little.  What was asked
 * for since the last time leaves in as few writes as hold it (32 KiB each).
 * After 16 answers or more at once, while others are awaited, it looks for
 * these for up to 100 microseconds, which is what a wake-up would take; where
 * none comes so soon it does so more and more seldom.
 * SP_EINVAL: called inside a `done`.
 * SP_ESYSTEM: the kernel refuses to wait, which it has no reason to. */
enum sp_error sp_async_dispatch(struct sp_async *async);

/* How many operations are outstanding: accepted, and their `done` not called
 * yet.  Subscriptions are not among them. */
size_t sp_async_outstanding(const struct sp_async *async);

/* ---- operations ---------------------------------------------------------
 *
 * An operation is accepted or not: the errors that its function returns say why
 * not.  What comes of it is for its `done` to find in the result.
 *
 * SP_EAGAIN: a memory limit is reached: wait until some of what is outstanding
 * is over.
 * SP_EMSGSIZE: it is larger than the limit.
 * SP_ENOMEM. */

/* What is called when an operation is over.  result: what came of it, as with
 * the function of <sp/client.h> of the same name.  It is the caller's until the
 * function returns, so that sp_result_take() and those below can take what is
 * in it.  context: as given.  Inside it everything is allowed but
 * sp_async_dispatch(): also to free the sp_async. */
typedef void sp_async_done(struct sp_async *async, struct sp_result *result,
                           void *context);

/* Names an operation that is outstanding.  A number is never used twice, so a
 * ticket of one that is over does no harm.  0: none. */
struct sp_ticket {
    unsigned long long number;
};

/* Forgets an operation: its `done` will not be called.  A large message of
 * which a part was written ends its connection: what comes after it goes by
 * another, in no order with what was sent before.
 * out_progress: how far its request had got; what was sent may still run.  NULL
 * is allowed.
 * SP_ENOENT: it is over already, its `done` called or being called. */
enum sp_error sp_async_cancel(struct sp_async *async, struct sp_ticket ticket,
                              enum sp_progress *out_progress);

/* done: what is called when it is over; NULL, if nobody wants to know.
 * context: for `done`, which gets it as it is; the library does not look at it.
 * out_ticket: what to cancel it by; NULL is allowed. */

/* Sends a request, as sp_call_with() does; its reply is the result's data.
 * Requests and casts to one session are handled in the order in which they were
 * asked for, as long as its connection lives.  (Over nng: see above, and
 * SP_ORDERED.)  To `done`, SP_EDIED comes at once with the death, and with the
 * cause if the supervisor tells it within 200 ms; SP_EAGAIN says that until the
 * timeout the session took no connection, or that there was none to be had
 * (SP_ASYNC_CONNECTIONS, or the descriptors of the process).
 * spec: how to start the session if there is none; NULL: it is not started. */
enum sp_error sp_async_call(struct sp_async *async, const char *id,
                            const struct sp_spec *spec, const void *request,
                            size_t size, int timeout_ms, sp_async_done *done,
                            void *context, struct sp_ticket *out_ticket);

/* Sends a message, as sp_cast_with() does.  What a session does not read makes
 * further casts wait for room, within the memory limits.  To `done`, SP_OK
 * comes once the kernel has all of it; SP_ETIMEDOUT says that there was no room
 * in time, and it is not sent.  With a timeout of 0 it is tried once, at the
 * next dispatch, and SP_EAGAIN says that it would have had to wait.  (Over nng,
 * it is tried for 20 ms; and a cast that nng has begun to write when its time
 * has passed has the progress SP_PROGRESS_SENT.)
 * spec: how to start the session if there is none; NULL: it is not started. */
enum sp_error sp_async_cast(struct sp_async *async, const char *id,
                            const struct sp_spec *spec, const void *message,
                            size_t size, int timeout_ms, sp_async_done *done,
                            void *context, struct sp_ticket *out_ticket);

/* Start and end sessions, as sp_start(), sp_ensure() and sp_terminate() do.
 * spec: NULL stands for one that is all 0. */
enum sp_error sp_async_start(struct sp_async *async, const char *id,
                             const struct sp_spec *spec, int timeout_ms,
                             sp_async_done *done, void *context,
                             struct sp_ticket *out_ticket);
enum sp_error sp_async_ensure(struct sp_async *async, const char *id,
                              const struct sp_spec *spec, int timeout_ms,
                              sp_async_done *done, void *context,
                              struct sp_ticket *out_ticket);
enum sp_error sp_async_terminate(struct sp_async *async, const char *id,
                                 int timeout_ms, sp_async_done *done,
                                 void *context, struct sp_ticket *out_ticket);

/* Ask for what sp_info() and sp_list() tell.  Where `done` gets SP_OK it finds
 * the answer by sp_async_take_info() or sp_async_take_list(). */
enum sp_error sp_async_info(struct sp_async *async, const char *id,
                            int timeout_ms, sp_async_done *done, void *context,
                            struct sp_ticket *out_ticket);
enum sp_error sp_async_list(struct sp_async *async, int timeout_ms,
                            sp_async_done *done, void *context,
                            struct sp_ticket *out_ticket);

/* Take the info or the list of sessions out of a result.  It is the caller's
 * from then on, to be freed with sp_info_free() or sp_list_free().  One that is
 * not taken is freed when `done` returns.  NULL: there is none, or it was taken
 * before.
 * result: what `done` of sp_async_info() or sp_async_list() is given. */
struct sp_session_info *sp_async_take_info(struct sp_result *result);
struct sp_session_list *sp_async_take_list(struct sp_result *result);

/* sp_call_all() and sp_cast_all().  On SP_OK `done` finds what came of each by
 * sp_async_take_answers(); answers that are not taken are freed when it
 * returns.  Requests begin a few in each turn, within the memory limits: what
 * has been answered is kept, and counts, until all is over; SP_EAGAIN is the
 * answer of a session whose own limit is reached.  Each request that is under
 * way is outstanding beside the broadcast.  Cancelling it cancels them all. */
enum sp_error sp_async_call_all(struct sp_async *async,
                                const struct sp_choice *choice,
                                const void *request, size_t size,
                                int timeout_ms, sp_async_done *done,
                                void *context, struct sp_ticket *out_ticket);
enum sp_error sp_async_cast_all(struct sp_async *async,
                                const struct sp_choice *choice,
                                const void *message, size_t size,
                                int timeout_ms, sp_async_done *done,
                                void *context, struct sp_ticket *out_ticket);
struct sp_answers *sp_async_take_answers(struct sp_result *result);

/* ---- subscriptions ------------------------------------------------------
 *
 * What sessions emit, or what happens to them, as it happens.  A subscription
 * begins once the session (or the supervisor) has said so: SP_NEWS_BEGUN.  From
 * then on nothing is missing of which it is not told.
 *
 * It holds nobody up: whose loop does not dispatch, or dispatches too late,
 * loses messages (when more than 1 MiB and what the kernel holds have piled up)
 * and is told how many.  A message takes its size of the memory limits while it
 * is received; one over them is lost, too.
 *
 * A session may have 48 connections (max_connections), of which each
 * subscription takes one for good: many readers in one program share one
 * subscription.  As long as there is no connection to be had it is tried again,
 * and the subscription does not begin.
 *
 * Who waits, waits for a subscription as the loop above does.
 *
 * Over nng, whose SUB is not told what it loses, less is known.  What piles up
 * here is counted in the same way.  But what a session drops because nng does
 * not read (more than 1 MiB waits there), and what nng drops because its own
 * threads do not keep up (more than 8,192 messages), is missing without a word.
 * Events have numbers: SP_NEWS_LOST says how many are missing of all, and
 * SP_NEWS_GAP that some are, of which nobody knows whose they were.  A message
 * of more than 64 MiB ends the connection: SP_NEWS_GAP.  Who listens there and
 * speaks no language of nng's is tried again and again, since nng does not say
 * so.  A subscription takes up to three descriptors. */

enum sp_news_kind {
    SP_NEWS_BEGUN,   /* first of all: what is emitted from here on is told */
    SP_NEWS_MESSAGE, /* a message: sp_news_data() */
    SP_NEWS_EVENT,   /* an event: sp_news_event() */
    SP_NEWS_LOST,    /* sp_news_lost() of them are missing here */
    SP_NEWS_GAP,     /* nobody knows how many are missing here, or whether any
                      * are: the session was restarted, or spd, or its link
                      * ended; it goes on with what is emitted from here on */
    SP_NEWS_OVER,    /* it has ended, for sp_news_error(); nothing more comes */
};

/* One piece of news.  It and all that is in it live until the callback that it
 * was given to returns. */
struct sp_news;

enum sp_news_kind sp_news_kind(const struct sp_news *news);
/* The session that it is about; "": the supervisor, or all sessions. */
const char *sp_news_id(const struct sp_news *news);
/* Of a message: never NULL; the bytes as the module emitted them, with its
 * prefix, and no NUL behind them.  Else "" and 0. */
const void *sp_news_data(const struct sp_news *news);
size_t sp_news_size(const struct sp_news *news);
/* Of an event; else NULL. */
const struct sp_event *sp_news_event(const struct sp_news *news);
/* Of a loss: how many messages with the prefix, or events, are missing; else
 * 0. */
unsigned long long sp_news_lost(const struct sp_news *news);
/* Of the end: why, and the same in words; else SP_OK and its words. */
enum sp_error sp_news_error(const struct sp_news *news);
const char *sp_news_text(const struct sp_news *news);

/* Called for each piece of news, in the order in which it happened, from inside
 * sp_async_dispatch() as a `done` is; everything is allowed inside that is
 * allowed there, also to cancel this very subscription. */
typedef void sp_async_told(struct sp_async *async, const struct sp_news *news,
                           void *context);

/* What a session's module emits, as far as it begins with the size bytes of
 * prefix (0 to SP_PREFIX_MAX; NULL and 0: all).  It survives a restart of the
 * session, with a gap, until it is cancelled or over: SP_ENOENT, there is no
 * such session (any more); SP_ENOSUP, SP_EPERM; SP_EPROTO, what is said there
 * is no session's; SP_ENOMEM.
 *
 * id: NULL for what all sessions emit, those too that are started later.  Each
 * piece of news is then of one session, which begins, has gaps and is over by
 * itself; what it emits before it has begun, right after its start, is missed.
 * Each takes a place of SP_ASYNC_SUBSCRIPTIONS; one for which there is none is
 * over at once, SP_EAGAIN, and begins with its next start or restart.  News
 * without an ID is of the whole: begun, a gap (the supervisor was restarted),
 * over (as sp_async_subscribe_events(), or an error of sp_async_list()).
 *
 * Besides the errors of all operations: SP_EINVAL, no `told`, or a prefix that
 * is too long; SP_EAGAIN, there are SP_ASYNC_SUBSCRIPTIONS already. */
#define SP_PREFIX_MAX 256
enum sp_error sp_async_subscribe(struct sp_async *async, const char *id,
                                 const void *prefix, size_t size,
                                 sp_async_told *told, void *context,
                                 struct sp_ticket *out_ticket);

/* What happens to a session, or to all for a NULL id: the events of sp_events()
 * as they happen, those of before not among them.  It does not matter whether
 * there is such a session.  It survives a restart of the supervisor, with a
 * gap, and waits for one where there is none; it is over with SP_EPERM,
 * SP_EPROTO or SP_ENOMEM alone.  Errors as above. */
enum sp_error sp_async_subscribe_events(struct sp_async *async, const char *id,
                                        sp_async_told *told, void *context,
                                        struct sp_ticket *out_ticket);

#ifdef __cplusplus
}
#endif
#endif
