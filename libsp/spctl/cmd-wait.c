/* SPDX-License-Identifier: MIT */
/* spctl wait: until a session is ready, gone or restarted. */
#include <stdio.h>
#include <string.h>
#include <sys/types.h>

#include <sp/client.h>

#include "command.h"
#include "complaint.h"
#include "invocation.h"
#include "outcome.h"
#include "process_id.h"
#include "session.h"
#include "timeout.h"

static const struct {
    const char *word;
    enum sp_wait what;
} words[] = {
    {"ready", SP_WAIT_READY},
    {"gone", SP_WAIT_GONE},
    {"restarted", SP_WAIT_RESTARTED},
};

static enum sp_error what_get(const struct invocation *invocation,
                              enum sp_wait *out_what)
{
    const char *text = invocation->values[OPTION_FOR];
    char quoted[QUOTED_SIZE];

    *out_what = SP_WAIT_READY;
    if (!text)
        return SP_OK;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcmp(words[i].word, text) == 0) {
            *out_what = words[i].what;
            return SP_OK;
        }
    complain_quote(quoted, text);
    return complain_usage(invocation->command,
                          "--for wants ready, gone or restarted, not %s",
                          quoted);
}

static enum sp_error fail(const struct invocation *invocation,
                          enum sp_error error)
{
    const char *word = invocation->values[OPTION_FOR];
    char text[64];

    if (error != SP_ETIMEDOUT)
        return complain_outcome(invocation, error,
                                sp_result_text(invocation->result));
    snprintf(text, sizeof text, "timed out: it is not %s yet",
             word ? word : "ready");
    return complain_outcome(invocation, error, text);
}

/* What to wait for, how long, and beyond which process (0: none named). */
struct wait {
    enum sp_wait what;
    int timeout_ms;
    pid_t pid;
};

static enum sp_error wait_get(const struct invocation *invocation,
                              struct wait *wait)
{
    enum sp_error error = what_get(invocation, &wait->what);

    if (error == SP_OK)
        error = timeout_get(invocation, &wait->timeout_ms);
    if (error == SP_OK)
        error = process_id_get(invocation, &wait->pid);
    if (error == SP_OK && wait->pid > 0 && wait->what != SP_WAIT_RESTARTED)
        error = complain_usage(invocation->command,
                               "--pid goes with --for restarted");
    return error;
}

static enum sp_error run(struct invocation *invocation)
{
    const char *id = invocation_id(invocation);
    struct wait wait;
    enum sp_error error;

    error = wait_get(invocation, &wait);
    if (error == SP_OK)
        error = invocation_open(invocation);
    if (error != SP_OK)
        return error;
    if (wait.pid > 0)
        error = sp_wait_replaced(invocation->client, id, wait.pid,
                                 wait.timeout_ms, invocation->result);
    else
        error = sp_wait(invocation->client, id, wait.what, wait.timeout_ms,
                        invocation->result);
    if (error != SP_OK)
        return fail(invocation, error);
    return session_print_pid(invocation);
}

const struct command command_wait = {
    .name = "wait",
    .synopsis = "ID [--for WHAT] [--pid PID] [--timeout SECONDS]",
    .summary = "Wait until a session is ready, gone or restarted.",
    .text =
        "Waits until the session is ready (it has a process that has finished "
        "its init; this is what it waits for without --for), gone (there is "
        "none, which is so at once if there never was), or restarted (it is "
        "ready in another process than it was in when wait began, or than "
        "--pid, which is so at once if it was restarted meanwhile). Then it "
        "prints the session's process ID, if there is one. A timeout of 0 asks "
        "whether it is so now."
        "\n\n"
        "Exit status 1 says that the session is not there to become ready or "
        "restarted, or is gone meanwhile.",
    .example = "  spctl wait alice --for gone --timeout infinity\n"
               "  pid=$(spctl start alice)\n"
               "  ...\n"
               "  spctl wait alice --for restarted --pid \"$pid\"\n"
               "  spctl -q wait alice --timeout 0 || echo not ready\n",
    .options = OPTION_BIT(OPTION_FOR) | OPTION_BIT(OPTION_PID) |
               OPTION_BIT(OPTION_TIMEOUT),
    .errors = OUTCOME_BIT(SP_ENOENT) | OUTCOME_BIT(SP_EBADID) |
              OUTCOME_BIT(SP_ETIMEDOUT) | OUTCOME_BIT(SP_ENOSUP) |
              OUTCOME_BIT(SP_EPERM),
    .min_operands = 1,
    .max_operands = 1,
    .about_session = true,
    .run = run,
};
