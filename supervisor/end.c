/* SPDX-License-Identifier: MIT */
/* Ends of processes in words, for logs, `info` and error texts. */
#define _GNU_SOURCE
#include "end.h"

#include <stdio.h>
#include <string.h>

#include "wire/template.h"

bool end_normal(const struct end *end)
{
    return end->kind == END_EXITED && end->code == WORKER_EXIT_NORMAL;
}

static void exit_text(int code, char out[END_TEXT_MAX])
{
    switch (code) {
    case WORKER_EXIT_NORMAL:
        snprintf(out, END_TEXT_MAX, "ended normally");
        return;
    case WORKER_EXIT_FAILED:
        snprintf(out, END_TEXT_MAX, "its module reported a failure");
        return;
    case WORKER_EXIT_INIT:
        snprintf(out, END_TEXT_MAX, "init did not succeed");
        return;
    default:
        snprintf(out, END_TEXT_MAX, "exit status %d", code);
        return;
    }
}

void end_text(const struct end *end, char out[END_TEXT_MAX])
{
    const char *signal_name;

    switch (end->kind) {
    case END_NONE:
        out[0] = '\0';
        return;
    case END_EXITED:
        exit_text(end->code, out);
        return;
    case END_SIGNALED:
        signal_name = sigabbrev_np(end->code);
        if (signal_name)
            snprintf(out, END_TEXT_MAX, "killed by SIG%s%s", signal_name,
                     end->core ? " (core dumped)" : "");
        else
            snprintf(out, END_TEXT_MAX, "killed by signal %d", end->code);
        return;
    case END_UNBORN:
        snprintf(out, END_TEXT_MAX, "its process could not be started");
        return;
    }
}
