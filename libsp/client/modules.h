/* SPDX-License-Identifier: MIT */
/* client/modules.h - the inside of the public struct sp_module_list.  Pure. */
#ifndef CLIENT_MODULES_H
#define CLIENT_MODULES_H

#include <jansson.h>

#include <sp/client.h>

/* Makes a list of spd's answer to CONTROL_MODULES.  The answer is taken over,
 * whatever the outcome.  SP_EPROTO: it makes no sense.  SP_ENOMEM. */
enum sp_error modules_take(json_t *answer, struct sp_module_list **out_modules);

#endif
