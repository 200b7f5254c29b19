/* SPDX-License-Identifier: MIT */
/* The words of failures.  Exit statuses are outcome.c's. */
#include "complaint.h"

#include <stdarg.h>
#include <stdio.h>

#include <sp/client.h>

#include "command.h"
#include "invocation.h"
#include "outcome.h"

/* What to do about an error, where that is always the same. */
static const char *const remedies[] = {
    [SP_ENOENT] = "\"spctl list\" shows those there are",
    [SP_ENOSUP] = "start spd, or name its directory with --runtime-dir",
    [SP_ELIMIT] = "stop a session, or raise the limit in spd's configuration",
    [SP_EMODULE] = "\"spctl modules\" lists those there are",
    [SP_EAGAIN] = "try again in a moment",
    [SP_EMSGSIZE] = "max_message and max_arg in spd's configuration are the "
                    "limits",
};

static const char *remedy(enum sp_error error)
{
    return error < sizeof remedies / sizeof remedies[0] ? remedies[error]
                                                        : NULL;
}

enum sp_error complain(enum sp_error error, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fputs("spctl: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    return error;
}

enum sp_error complain_usage(const struct command *command, const char *format,
                             ...)
{
    va_list args;

    va_start(args, format);
    fputs("spctl: ", stderr);
    if (command)
        fprintf(stderr, "%s: ", command->name);
    vfprintf(stderr, format, args);
    fprintf(stderr, "; see \"spctl help%s%s\"\n", command ? " " : "",
            command ? command->name : "");
    va_end(args);
    return SP_EINVAL;
}

enum sp_error complain_outcome(const struct invocation *invocation,
                               enum sp_error error, const char *text)
{
    /* without a supervisor the session is not the matter */
    const char *id = error == SP_ENOSUP ? NULL : invocation_id(invocation);
    const char *hint = remedy(error);
    char where[128];

    if (invocation_has(invocation, OPTION_QUIET) && outcome_expected(error))
        return error;
    if (!text && error == SP_ENOSUP) {
        snprintf(where, sizeof where, "no supervisor listens in %s",
                 sp_client_runtime_dir(invocation->client));
        text = where;
    }
    if (!text)
        text = sp_strerror(error);
    return complain(error, "%s%s%s%s%s", id ? id : "", id ? ": " : "", text,
                    hint ? "; " : "", hint ? hint : "");
}

void complain_quote(char out[QUOTED_SIZE], const char *text)
{
    /* room for one more \xNN, the dots, the quote and the NUL */
    const size_t room = QUOTED_SIZE - sizeof "\\xNN...\"";
    size_t n = 0;

    out[n++] = '"';
    for (; *text && n <= room; text++) {
        unsigned char byte = (unsigned char)*text;

        if (byte >= ' ' && byte < 0x7f && byte != '"' && byte != '\\')
            out[n++] = *text;
        else
            n += (size_t)sprintf(out + n, "\\x%02x", byte);
    }
    sprintf(out + n, "%s\"", *text ? "..." : "");
}
