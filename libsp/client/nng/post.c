/* SPDX-License-Identifier: MIT */
/* Two queues between threads: what nng's threads have to say, for the loop; and
 * what the loop has no more use for, for a thread that closes it.  nng_close()
 * waits for nng's own threads, and by its faults might for ever: then it is
 * that thread's time.  Callers: router.c, strand.c. */
#define _GNU_SOURCE
#include "post.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <utlist.h>

#include "base/clock.h"
#include "burial.h"
#include "client/router.h"
#include "strand.h"

/* What a strand is given to come to rest before it is closed, and how often it
 * is looked at.  A reply that comes in the very moment of nng_close() is what
 * nng's fault needs; after so long, one is no more likely than at any time. */
#define PATIENCE_MS 100
#define LOOK_MS 5
/* Who frees an asynchronous client waits for the closer so long at most. */
#define STUCK_S 10

/* ---- for the loop ---- */

static void ring(struct post *post)
{
    eventfd_write(post->bell, 1);
}

void post_put(struct post *post, struct strand *strand)
{
    if (!post->fresh)
        ring(post);
    LL_APPEND2(post->fresh, strand, post_next);
}

/* Takes the first that has news; NULL: there is none. */
static struct strand *take_fresh(struct post *post, unsigned *out_news)
{
    struct strand *strand;

    pthread_mutex_lock(&post->lock);
    strand = post->fresh;
    if (strand) {
        LL_DELETE2(post->fresh, strand, post_next);
        *out_news = strand->news;
        strand->news = 0;
    }
    pthread_mutex_unlock(&post->lock);
    return strand;
}

static struct strand *take_closed(struct post *post)
{
    struct strand *strand;

    pthread_mutex_lock(&post->lock);
    strand = post->closed;
    if (strand)
        LL_DELETE2(post->closed, strand, post_next);
    pthread_mutex_unlock(&post->lock);
    return strand;
}

static void free_closed(struct post *post)
{
    struct strand *strand;

    while ((strand = take_closed(post))) {
        post->router->ears -= strand->kind == OUTLET_NEWS;
        if (strand->counted) {
            post->router->links_leaving--;
            router_link_gone(post->router);
        }
        free(strand);
    }
}

static void on_ready(struct watcher *watcher, bool readable, bool writable)
{
    struct post *post = (struct post *)watcher;
    struct strand *strand;
    eventfd_t count;
    unsigned news;

    (void)readable;
    (void)writable;
    eventfd_read(post->bell, &count);
    while ((strand = take_fresh(post, &news)))
        strand_hear(strand, news);
    free_closed(post);
}

/* ---- for the closer ---- */

void post_stir(struct post *post)
{
    pthread_cond_signal(&post->stirred);
}

/* Under the lock: one that can be closed.  NULL: there is none, and when to
 * look again. */
static struct strand *take_closing(struct post *post, int64_t *out_next)
{
    int64_t now = clock_now_ms();
    struct strand *strand;

    LL_FOREACH2 (post->closing, strand, post_next)
        if (burial_is_due(strand, now) ||
            now >= strand->buried_at + PATIENCE_MS)
            break;
    if (strand)
        LL_DELETE2(post->closing, strand, post_next);
    *out_next = post->closing ? now + LOOK_MS : DEADLINE_NEVER;
    return strand;
}

static void wait_until_stirred(struct post *post, int64_t next)
{
    struct timespec until = {
        .tv_sec = next / 1000,
        .tv_nsec = next % 1000 * 1000000,
    };

    if (next == DEADLINE_NEVER)
        pthread_cond_wait(&post->stirred, &post->lock);
    else
        pthread_cond_clockwait(&post->stirred, &post->lock, CLOCK_MONOTONIC,
                               &until);
}

static void *close_all(void *context)
{
    struct post *post = context;
    int64_t next;
    bool hushed;

    pthread_mutex_lock(&post->lock);
    while (post->closing || !post->ending) {
        struct strand *strand = take_closing(post, &next);

        if (!strand) {
            wait_until_stirred(post, next);
            continue;
        }
        pthread_mutex_unlock(&post->lock);
        hushed = burial_hush(strand);
        if (!hushed)
            burial_end(strand);
        pthread_mutex_lock(&post->lock);
        if (hushed) {
            strand->buried_at = clock_now_ms();
            LL_APPEND2(post->closing, strand, post_next);
        } else {
            LL_PREPEND2(post->closed, strand, post_next);
            ring(post);
        }
    }
    post->is_done = true;
    pthread_cond_signal(&post->done);
    pthread_mutex_unlock(&post->lock);
    return NULL;
}

/* No signal of the program's is for it. */
bool post_can_close(struct post *post)
{
    sigset_t all, before;

    if (post->closes)
        return true;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    post->closes = pthread_create(&post->closer, NULL, close_all, post) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return post->closes;
}

void post_bury(struct post *post, struct strand *strand)
{
    if (strand->counted)
        post->router->links_leaving++;
    pthread_mutex_lock(&post->lock);
    strand->deaf = true;
    strand->buried_at = clock_now_ms();
    if (strand->news)
        LL_DELETE2(post->fresh, strand, post_next);
    strand->news = 0;
    LL_APPEND2(post->closing, strand, post_next);
    post_stir(post);
    pthread_mutex_unlock(&post->lock);
}

/* ---- life ---- */

struct post *post_create(struct router *router)
{
    struct post *post = calloc(1, sizeof *post);

    if (!post)
        return NULL;
    post->watcher.on_ready = on_ready;
    post->router = router;
    post->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (post->bell < 0 ||
        !loop_watch(&router->loop, post->bell, &post->watcher)) {
        if (post->bell >= 0)
            close(post->bell);
        free(post);
        return NULL;
    }
    pthread_mutex_init(&post->lock, NULL);
    pthread_cond_init(&post->stirred, NULL);
    pthread_cond_init(&post->done, NULL);
    return post;
}

/* Under the lock. */
static void wait_until_done(struct post *post)
{
    struct timespec until;
    int error = 0;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += STUCK_S;
    while (!post->is_done && error == 0)
        error = pthread_cond_clockwait(&post->done, &post->lock,
                                       CLOCK_MONOTONIC, &until);
}

/* False: it is stuck in nng_close(), for good. */
static bool join_closer(struct post *post)
{
    bool done;

    if (!post->closes)
        return true;
    pthread_mutex_lock(&post->lock);
    post->ending = true;
    post_stir(post);
    wait_until_done(post);
    done = post->is_done;
    pthread_mutex_unlock(&post->lock);
    if (done)
        pthread_join(post->closer, NULL);
    else
        pthread_detach(post->closer);
    return done;
}

/* What a closer that is stuck still uses is left to it. */
void post_destroy(struct post *post)
{
    if (!post)
        return;
    loop_unwatch(&post->router->loop, post->bell, &post->watcher);
    if (!join_closer(post))
        return;
    free_closed(post);
    close(post->bell);
    pthread_cond_destroy(&post->stirred);
    pthread_cond_destroy(&post->done);
    pthread_mutex_destroy(&post->lock);
    free(post);
}
