/* SPDX-License-Identifier: MIT */
/* Causes of death.  The supervisor says what it was, and the page shows that,
 * too; this is what it means of a process of the module visitor.  Called by
 * page.c. */
#include "cause.h"

#include <stddef.h>
#include <string.h>

static const struct {
    const char *sign; /* in the supervisor's words */
    struct cause cause;
} causes[] = {
    {"call_limit",
     {"hung", "was ended by the watchdog",
      "It was still running when its time for one request was up, so the "
      "supervisor killed it."}},
    {"SIGABRT",
     {"out of memory", "was ended by its memory limit",
      "It asked for memory until it was refused more, and gave up."}},
    {"SIGSEGV",
     {"crashed", "crashed",
      "It wrote to memory that is not its own, and the kernel ended it."}},
    {"SIGKILL",
     {"killed", "was killed",
      "Somebody sent it a signal that none can refuse."}},
    {"SIGTERM",
     {"killed", "was killed", "Somebody sent it a signal to end."}},
    {"request", {"stopped", "was stopped", "Somebody has asked for that."}},
    {"expired",
     {"stopped", "was stopped", "Nobody had visited it for a long time."}},
    {"", {"ended", "ended", "It did so by itself, or was made to."}},
};

struct cause cause_of(const char *text)
{
    size_t i = 0;

    while (!strstr(text, causes[i].sign))
        i++;
    return causes[i].cause;
}
