/* SPDX-License-Identifier: MIT */
/* client/list.h - the inside of the public struct sp_session_list. */
#ifndef CLIENT_LIST_H
#define CLIENT_LIST_H

#include <jansson.h>

#include <sp/client.h>

#include "base/buf.h"

/* Makes a list of spd's answer to CONTROL_LIST.  The answer is taken over,
 * whatever the outcome.  SP_EPROTO: it makes no sense.  SP_ENOMEM. */
enum sp_error list_take(json_t *answer, struct sp_session_list **out_list);

/* The same without objects, which is a tenth of the work, of an answer as it
 * came, with a NUL behind it.  The memory of json is taken over, and json is
 * then empty.  NULL: it is not in the form that list_scan.h reads, or there is
 * no memory, and json is as it was; list_take() has the last word. */
struct sp_session_list *list_read(struct buf *json);

#endif
