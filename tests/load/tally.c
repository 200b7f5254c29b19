/* SPDX-License-Identifier: MIT */
/* The accounts of a server under load.  Called by server.c. */
#include "tally.h"

#include <event2/buffer.h>

void tally_answer(struct tally *tally, const struct sp_plug_outcome *outcome)
{
    unsigned error = (unsigned)outcome->error;

    tally->status[outcome->status]++;
    tally->error[error < TALLY_ERRORS ? error : TALLY_ERRORS - 1]++;
    tally->started += outcome->visit != SP_VISIT_KNOWN;
}

void tally_print(const struct tally *tally, size_t outstanding,
                 struct evbuffer *text)
{
    for (unsigned i = 0; i < TALLY_STATUSES; i++)
        if (tally->status[i] > 0)
            evbuffer_add_printf(text, "status %u %llu\n", i, tally->status[i]);
    for (unsigned i = 0; i < TALLY_ERRORS; i++)
        if (tally->error[i] > 0)
            evbuffer_add_printf(text, "error %s %llu\n", sp_error_name(i),
                                tally->error[i]);
    evbuffer_add_printf(
        text, "received %llu\nstarted %llu\noutstanding %zu\nhung-up %llu\n",
        tally->received, tally->started, outstanding, tally->hung_up);
}
