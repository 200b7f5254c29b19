/* SPDX-License-Identifier: MIT */
/* Reads --pid.  Callers: cmd-stop.c and cmd-wait.c. */
#include "process_id.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>

#include "complaint.h"
#include "invocation.h"

static bool parse(const char *text, pid_t *out_pid)
{
    char *end;
    long pid;

    errno = 0;
    pid = strtol(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || errno || pid < 1 || pid > INT_MAX)
        return false;
    *out_pid = (pid_t)pid;
    return true;
}

enum sp_error process_id_get(const struct invocation *invocation,
                             pid_t *out_pid)
{
    const char *text = invocation->values[OPTION_PID];
    char quoted[QUOTED_SIZE];

    *out_pid = 0;
    if (!text || parse(text, out_pid))
        return SP_OK;
    complain_quote(quoted, text);
    return complain_usage(invocation->command, "%s is no process ID", quoted);
}
