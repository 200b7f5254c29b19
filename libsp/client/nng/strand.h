/* SPDX-License-Identifier: MIT */
/* client/nng/strand.h - one connection to a session (or spd) made of an nng
 * socket, for who does not wait: REQ for calls, PUSH for casts, or SUB for what
 * is emitted.
 *
 * A strand has one pipe in its life, and one message at a time, and is closed
 * when nothing is going on: nng 1.5 to 1.7 at least can block for ever, and
 * nng_close() with it, when a connection ends while a message is being sent or
 * received (its issues 1543 and 1813).  It belongs to the thread that
 * dispatches; nng's threads touch what the post's lock guards alone. */
#ifndef CLIENT_NNG_STRAND_H
#define CLIENT_NNG_STRAND_H

#include <stdint.h>

#include <sp/client.h>

#include "client/loop.h"
#include "outlet.h"

struct place;
struct post;
struct strand;

enum strand_state {
    STRAND_DIALING, /* no pipe yet */
    STRAND_IDLE,    /* takes a message */
    STRAND_SENDING, /* nng has not handed it to the pipe yet */
    STRAND_SENT,    /* the reply is awaited, or that the kernel has all of it */
    STRAND_ENDED,   /* its pipe has ended: to be closed */
};

/* What came of a message. */
struct strand_outcome {
    enum sp_error error; /* SP_OK, SP_EDIED, SP_ENOMEM, SP_ESYSTEM */
    enum sp_progress progress;
    const void *data; /* of the reply; valid until the callback returns */
    size_t size;
};

/* Called from the loop.  Everything is allowed inside, also to close it. */
struct strand_user {
    /* It has got its pipe, or its pipe has ended with no message under way; of
     * news, also: some has been heard. */
    void (*on_change)(struct strand *strand);
    /* The message under way is over; its pipe may have ended. */
    void (*on_over)(struct strand *strand,
                    const struct strand_outcome *outcome);
    /* Of news: a message, which is the user's then.  Called in any thread,
     * under the post's lock. */
    void (*on_heard)(struct strand *strand, nng_msg *message);
};

struct strand {
    struct watcher watcher; /* first: of the socket's descriptor for casts */
    const struct strand_user *user;
    void *owner; /* the user's own, as are the next three */
    void *load;
    int64_t sent_at;
    struct strand *prev, *next;

    struct post *post;         /* borrowed */
    const struct place *place; /* borrowed */
    enum outlet_kind kind;
    bool counted; /* among the connections to sessions */
    bool opened;  /* else there was an error, and nothing is going on */
    enum strand_state state;
    nng_socket socket;
    nng_dialer dialer; /* the socket's */
    nng_aio *sender, *receiver; /* owned */
    int written;                /* nng's descriptor: the kernel has all; -1 */
    bool watched;
    void *prefix; /* owned: of news, what is subscribed to */
    size_t prefix_size;

    /* Under the post's lock. */
    unsigned news; /* enum strand_news; 0: not in post.fresh */
    nng_pipe pipe; /* if it has one, or had */
    bool connected;
    bool hushed; /* see burial_hush() */
    bool up, ended; /* so is the pipe */
    bool in_flight; /* a message is, for all that nng has said */
    int64_t stirred_at; /* when nng said something last */
    bool deaf;      /* it is given to the closer */
    int64_t buried_at;
    struct strand *post_next;
};

/* Opens one and has it connect.  counted: to be counted in router.links until
 * it is closed.  NULL: no memory, descriptors or threads. */
struct strand *strand_open(struct post *post, const struct place *place,
                           const char *id, enum outlet_kind kind, bool counted);

/* The same for news that begin so. */
struct strand *strand_open_news(struct post *post, const struct place *place,
                                const char *id, const void *prefix,
                                size_t size);

/* Closes it; a message that is under way is forgotten. */
void strand_close(struct strand *strand);

/* Sends a message, while it is idle.  tag: as for outlet_message().  False: no
 * memory. */
bool strand_send(struct strand *strand, char tag, const void *body,
                 size_t size);

/* Gives a message that is under way up; how far it got.  One that was sent is
 * over all the same when its reply comes, or its pipe ends.  One that was not
 * has ended the strand. */
enum sp_progress strand_give_up(struct strand *strand);

/* For the post: nng has said something. */
void strand_hear(struct strand *strand, unsigned news);

#endif
