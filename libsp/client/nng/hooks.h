/* SPDX-License-Identifier: MIT */
/* client/nng/hooks.h - what nng's threads do with a strand: they note what has
 * happened, and leave a word with the post. */
#ifndef CLIENT_NNG_HOOKS_H
#define CLIENT_NNG_HOOKS_H

struct strand;

enum strand_news {
    NEWS_UP = 1,
    NEWS_SENT = 2,     /* the sender is done */
    NEWS_RECEIVED = 4, /* so is the receiver */
    NEWS_ENDED = 8,    /* the pipe has ended */
};

/* Has nng call them for this strand's socket, and makes its aios.  0, or nng's
 * error. */
int hooks_set(struct strand *strand);

#endif
