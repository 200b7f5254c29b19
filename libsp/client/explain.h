/* SPDX-License-Identifier: MIT */
/* client/explain.h - what spd knows of why a request came to nothing.  It is
 * asked once the error is known: that stays as it is, only the text gets
 * better.  It may cost EXPLAIN_MS, and does not go past the deadline. */
#ifndef CLIENT_EXPLAIN_H
#define CLIENT_EXPLAIN_H

#include <stdint.h>

#include "client.h"

#define EXPLAIN_MS 200

/* Of SP_ENOENT: how the session ended, if there was one. */
void explain_absence(struct sp_client *client, const char *id,
                     int64_t deadline, struct sp_result *result);

/* Of SP_EDIED: the cause of death.  begun: when the request was, on the clock
 * of base/clock.h; an end that is older is not its end. */
void explain_death(struct sp_client *client, const char *id, int64_t begun,
                   int64_t deadline, struct sp_result *result);

#endif
