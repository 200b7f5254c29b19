/* SPDX-License-Identifier: MIT */
/* client/outcome.h - what a request that is over on its connection comes to,
 * and whether it is sent again.  Pure; the same for who waits (line.h) and for
 * who does not (route.h). */
#ifndef CLIENT_OUTCOME_H
#define CLIENT_OUTCOME_H

#include <stdbool.h>

struct conn_request;
struct sp_result;

enum outcome {
    OUTCOME_OVER,    /* result says what came of it */
    OUTCOME_NOT_RUN, /* the connection ended; it has certainly not run */
    OUTCOME_REFUSED, /* the same, before the peer said anything: it takes no
                      * more connections, or died */
};

/* Fills the result in from a request that is over, and takes its reply out of
 * it.  greeted: the peer has said its handshake. */
enum outcome outcome_of(struct conn_request *request, bool greeted,
                        struct sp_result *result);

enum outcome_step {
    OUTCOME_TELL,  /* the result is what there is to say */
    OUTCOME_DIED,  /* so is this: the session died */
    OUTCOME_AGAIN, /* send it again at once */
    OUTCOME_LATER, /* send it again after a pause, as long as there is time */
};

/* Refused: a session takes no more connections; it is tried again as long as
 * there is time.  Not run: once more, since a connection that was kept for
 * reuse may be to a process that has gone.  again: it is that time already. */
enum outcome_step outcome_next(enum outcome outcome,
                               const struct sp_result *result, bool again);

/* When there is no more time: SP_EAGAIN, not sent. */
void outcome_refused(struct sp_result *result);

#endif
