/* SPDX-License-Identifier: MIT */
/* client/list.h - the inside of the public struct sp_session_list. */
#ifndef CLIENT_LIST_H
#define CLIENT_LIST_H

#include <jansson.h>

#include <sp/client.h>

/* Makes a list of spd's answer to CONTROL_LIST.  The answer is taken over,
 * whatever the outcome.  SP_EPROTO: it makes no sense.  SP_ENOMEM. */
enum sp_error list_take(json_t *answer, struct sp_session_list **out_list);

#endif
