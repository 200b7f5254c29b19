/* SPDX-License-Identifier: MIT */
/* hostile: a module for tests only, that tries to get out.  A call names one
 * attempt and may give it an argument; the reply is "done", or the name of the
 * error that kept it from that.  Attempts are harmless where they succeed.
 *
 * Those marked so in the table are tried by its constructor, too, before it is
 * asked: "at-load NAME" tells what came of that. */
#define _GNU_SOURCE
#include "hostile.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include <sp/module.h>

#define ATTEMPTS_MAX 128

static int at_load[ATTEMPTS_MAX];

__attribute__((constructor)) static void try_at_load(void)
{
    assert(attempt_count <= ATTEMPTS_MAX);
    for (size_t i = 0; i < attempt_count; i++)
        if (attempts[i].at_load)
            at_load[i] = attempts[i].run("");
}

static enum sp_handled reply(struct sp_call *call, int error)
{
    const char *outcome = attempt_outcome(error);

    return sp_reply(call, outcome, strlen(outcome));
}

static enum sp_handled hostile_call(struct sp_session *session, void *state,
                                    struct sp_call *call, const void *request,
                                    size_t size)
{
    char text[256] = "";
    const struct attempt *attempt;
    const char *argument;
    bool loaded;

    (void)session;
    (void)state;
    memcpy(text, request, size < sizeof text ? size : sizeof text - 1);
    loaded = strncmp(text, "at-load ", 8) == 0;
    attempt = attempt_find(loaded ? text + 8 : text, &argument);
    if (attempt)
        return reply(call, loaded ? at_load[attempt - attempts]
                                  : attempt->run(argument));
    return SP_UNKNOWN;
}

SP_MODULE(.name = "hostile", .handle_call = hostile_call);
