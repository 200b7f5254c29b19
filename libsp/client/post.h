/* SPDX-License-Identifier: MIT */
/* client/post.h - the way from nng's threads into the one that dispatches; an
 * asynchronous client of the nng channel has one.  What is sent by it is
 * nng/post.h's. */
#ifndef CLIENT_POST_H
#define CLIENT_POST_H

struct post;
struct router;

/* NULL: no memory, or no descriptors. */
struct post *post_create(struct router *router);

/* Waits until nng has closed what it was given to close.  NULL is allowed. */
void post_destroy(struct post *post);

#endif
