/* SPDX-License-Identifier: MIT */
/* Says whether a request that failed is safe to send again.  Callers:
 * cmd-call.c and cmd-cast.c. */
#include "progress.h"

#include <stdio.h>

#include <sp/client.h>

#include "complaint.h"
#include "invocation.h"

static const char *progress_text(enum sp_progress progress)
{
    switch (progress) {
    case SP_PROGRESS_NOT_SENT:
        return "the request has not run and can be sent again";
    case SP_PROGRESS_SENT:
        return "the request may have run";
    case SP_PROGRESS_ANSWERED:
        return "the request has run";
    }
    return "";
}

enum sp_error progress_complain(const struct invocation *invocation,
                                enum sp_error error)
{
    const struct sp_result *result = invocation->result;
    char text[SP_TEXT_MAX + 64];

    if (error != SP_ETIMEDOUT)
        return complain_outcome(invocation, error, sp_result_text(result));
    snprintf(text, sizeof text, "%s; %s", sp_result_text(result),
             progress_text(sp_result_progress(result)));
    return complain_outcome(invocation, error, text);
}
