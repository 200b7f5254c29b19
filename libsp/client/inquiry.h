/* SPDX-License-Identifier: MIT */
/* client/inquiry.h - a question to spd about the end of a session.  All that
 * wait for the same one share it: a session that dies may have thousands of
 * requests outstanding. */
#ifndef CLIENT_INQUIRY_H
#define CLIENT_INQUIRY_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include <sp/error.h>

struct inquiry;
struct route;
struct sp_result;

/* Embedded in who asks. */
struct asker {
    /* told: the outcome of asking; answer: spd's, or NULL; both for
     * explain_take().  Everything is allowed inside. */
    void (*on_told)(struct asker *asker, const struct sp_result *told,
                    const json_t *answer);
    struct inquiry *inquiry;     /* NULL: it does not ask */
    struct asker *prev, *next;   /* inquiry.askers */
};

/* Asks about an error of explain_can().  begun: as for explain_question().
 * False: no memory. */
bool inquiry_join(struct route *route, enum sp_error about, int64_t begun,
                  struct asker *asker);

/* Waits for it no longer, if it did. */
void inquiry_leave(struct asker *asker);

#endif
