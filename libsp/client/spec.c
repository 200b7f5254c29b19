/* SPDX-License-Identifier: MIT */
/* Checks a caller's spec before anything of it travels.  Callers: session.c,
 * client.c, and those of the asynchronous client. */
#define _GNU_SOURCE
#include "spec.h"

#include <string.h>

enum sp_error spec_check(const struct sp_spec *spec)
{
    if (!spec->arg && spec->arg_size > 0)
        return SP_EINVAL;
    if (spec->arg_size > CONTROL_REQUEST_MAX)
        return SP_EMSGSIZE;
    /* the name of a module has the grammar of an ID */
    if (spec->module &&
        !sp_id_valid(spec->module,
                     strnlen(spec->module, CONTROL_MODULE_MAX + 1)))
        return SP_EMODULE;
    return SP_OK;
}

struct control_request spec_question(const struct sp_spec *spec,
                                     const char *id)
{
    struct control_request request = {.op = CONTROL_START,
                                      .keys = CONTROL_KEY_ID};

    strcpy(request.id, id);
    if (spec->module) {
        request.keys |= CONTROL_KEY_MODULE;
        strcpy(request.module, spec->module);
    }
    if (spec->arg_size > 0) {
        request.keys |= CONTROL_KEY_ARG_BASE64;
        request.arg = (uint8_t *)spec->arg; /* borrowed, not changed */
        request.arg_size = spec->arg_size;
    }
    return request;
}
