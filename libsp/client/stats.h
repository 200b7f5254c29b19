/* SPDX-License-Identifier: MIT */
/* client/stats.h - the inside of the public struct sp_stat_list.  Pure. */
#ifndef CLIENT_STATS_H
#define CLIENT_STATS_H

#include <jansson.h>

#include <sp/client.h>

/* Makes a list of spd's answer to CONTROL_STATS.  The answer is taken over,
 * whatever the outcome.  SP_EPROTO: it makes no sense.  SP_ENOMEM. */
enum sp_error stats_take(json_t *answer, struct sp_stat_list **out_stats);

#endif
