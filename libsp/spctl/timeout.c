/* SPDX-License-Identifier: MIT */
/* Reads --timeout.  Callers: cmd-call.c and cmd-wait.c. */
#include "timeout.h"

#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <sp/client.h>

#include "complaint.h"
#include "invocation.h"

/* "2.5" as milliseconds, rounded up: a timeout of more than 0 stays one. */
static bool parse_timeout(const char *text, int *out_ms)
{
    char *end;
    double ms;

    if (strcmp(text, "infinity") == 0) {
        *out_ms = SP_TIMEOUT_INFINITE;
        return true;
    }
    /* strtod also takes signs, hex, exponents and names */
    if (text[strspn(text, "0123456789.")])
        return false;
    ms = strtod(text, &end) * 1000;
    if (*end || end == text || ms > INT_MAX)
        return false;
    *out_ms = (int)ms;
    if (*out_ms < ms)
        (*out_ms)++;
    return true;
}

enum sp_error timeout_get(const struct invocation *invocation, int *out_ms)
{
    const char *text = invocation->values[OPTION_TIMEOUT];
    char quoted[QUOTED_SIZE];

    *out_ms = SP_TIMEOUT_DEFAULT;
    if (!text || parse_timeout(text, out_ms))
        return SP_OK;
    complain_quote(quoted, text);
    return complain_usage(invocation->command,
                          "--timeout wants a number of seconds up to %d, or "
                          "infinity, not %s",
                          INT_MAX / 1000, quoted);
}
