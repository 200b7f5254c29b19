/* SPDX-License-Identifier: MIT */
/* client/explain.h - what spd knows of why a request came to nothing.  It is
 * asked once the error is known: that stays as it is, only the text gets
 * better.  It may cost EXPLAIN_MS, and does not go past the deadline. */
#ifndef CLIENT_EXPLAIN_H
#define CLIENT_EXPLAIN_H

#include <stdint.h>

#include "client.h"
#include "wire/control.h"

#define EXPLAIN_MS 200

/* Whether spd knows more of such an error: of SP_ENOENT how the session ended,
 * if there was one; of SP_EDIED the cause of death. */
bool explain_can(enum sp_error error);

/* How long it may take: the sooner of both. */
int64_t explain_deadline(int64_t deadline);

/* The question.  begun: when the request was, on the clock of base/clock.h; an
 * end that is older is not its end. */
struct control_request explain_question(enum sp_error error, const char *id,
                                        int64_t begun);

/* Takes over into the result what spd told: the outcome of asking, and its
 * answer, which may be NULL. */
void explain_take(struct sp_result *result, const struct sp_result *told,
                  const json_t *answer);

/* All of it, for who waits. */
void explain(struct sp_client *client, const char *id, int64_t begun,
             int64_t deadline, struct sp_result *result);

#endif
