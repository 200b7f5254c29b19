/* SPDX-License-Identifier: MIT */
/* hostile: a module for tests only, that tries to get out.  A call names one
 * attempt and may give it an argument; the reply is "done", or the name of the
 * error that kept it from that.  Attempts are harmless where they succeed.
 *
 * Those marked so in the table are tried by its constructor, too, before it is
 * asked: "at-load NAME" tells what came of that. */
#define _GNU_SOURCE
#include "hostile.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sp/module.h>

static const struct attempt {
    const char *name;
    int (*run)(const char *argument);
    bool at_load;
} attempts[] = {
#define ROW(name, at_load) {#name, attempt_##name, at_load},
    ATTEMPT_TABLE(ROW)
#undef ROW
};
#define ATTEMPTS (sizeof attempts / sizeof attempts[0])

static int at_load[ATTEMPTS];

__attribute__((constructor)) static void try_at_load(void)
{
    for (size_t i = 0; i < ATTEMPTS; i++)
        if (attempts[i].at_load)
            at_load[i] = attempts[i].run("");
}

static enum sp_handled reply(struct sp_call *call, int error)
{
    const char *name = error ? strerrorname_np(error) : "done";

    return sp_reply(call, name, strlen(name));
}

static enum sp_handled hostile_call(struct sp_session *session, void *state,
                                    struct sp_call *call, const void *request,
                                    size_t size)
{
    char text[256] = "", *name = text, *argument;
    bool loaded;

    (void)session;
    (void)state;
    memcpy(text, request, size < sizeof text ? size : sizeof text - 1);
    loaded = strncmp(text, "at-load ", 8) == 0;
    name += loaded ? 8 : 0;
    argument = name + strcspn(name, " ");
    if (*argument)
        *argument++ = '\0';
    for (size_t i = 0; i < ATTEMPTS; i++)
        if (strcmp(attempts[i].name, name) == 0)
            return reply(call,
                         loaded ? at_load[i] : attempts[i].run(argument));
    return SP_UNKNOWN;
}

SP_MODULE(.name = "hostile", .handle_call = hostile_call);
