/* SPDX-License-Identifier: MIT */
/* A session that greets whom it was started for. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sp/module.h>

struct greet {
    char name[64];
    unsigned greeted;
};

static enum sp_init greet_init(struct sp_session *session, const void *arg,
                               size_t size, void **out_state)
{
    struct greet *greet = calloc(1, sizeof *greet);

    if (!greet || size >= sizeof greet->name) {
        sp_init_error(session, "no memory, or a name too long");
        free(greet);
        return SP_INIT_FAIL;
    }
    if (size > 0)
        memcpy(greet->name, arg, size);
    *out_state = greet;
    return SP_INIT_OK;
}

static enum sp_handled greet_call(struct sp_session *session, void *state,
                                  struct sp_call *call, const void *request,
                                  size_t size)
{
    struct greet *greet = state;
    char text[128];
    int len;

    (void)session;
    if (size != 5 || memcmp(request, "hello", 5) != 0)
        return SP_UNKNOWN;
    len = snprintf(text, sizeof text, "hello, %s (%u)",
                   greet->name, ++greet->greeted);
    return sp_reply(call, text, (size_t)len);
}

SP_MODULE(.name = "greet", .init = greet_init, .handle_call = greet_call);
