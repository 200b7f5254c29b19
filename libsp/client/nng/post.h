/* SPDX-License-Identifier: MIT */
/* client/nng/post.h - the inside of the post: a list of strands that have news,
 * and one descriptor that says so to the loop; and a thread that closes them,
 * since nng_close() waits. */
#ifndef CLIENT_NNG_POST_H
#define CLIENT_NNG_POST_H

#include <pthread.h>

#include "client/loop.h"
#include "client/post.h"

struct strand;

struct post {
    struct watcher watcher; /* first */
    struct router *router;  /* borrowed */
    int bell;               /* owned eventfd */
    pthread_t closer;
    bool closes; /* the thread runs */

    pthread_mutex_t lock; /* guards what follows, and what strands say */
    pthread_cond_t stirred; /* the closer has something to look after */
    struct strand *fresh;   /* that have news, in order; post_next */
    struct strand *closing; /* for the closer */
    struct strand *closed;  /* for the loop, to free */
    bool ending;
    pthread_cond_t done; /* the closer is at its end */
    bool is_done;
};

/* Starts the closer, unless it runs.  False: the system has no thread. */
bool post_can_close(struct post *post);

/* Under the lock, in any thread: the loop is to look after this strand. */
void post_put(struct post *post, struct strand *strand);

/* Under the lock, in any thread: something of a buried strand has changed. */
void post_stir(struct post *post);

/* Gives a strand to the closer; nothing is heard of it any more.  It is freed
 * when it is closed. */
void post_bury(struct post *post, struct strand *strand);

#endif
