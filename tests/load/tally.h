/* SPDX-License-Identifier: MIT */
/* load/tally.h - how many requests a server was sent, and how it has answered
 * them. */
#ifndef LOAD_TALLY_H
#define LOAD_TALLY_H

#include <stddef.h>

#include <sp/evhttp.h>

struct evbuffer;

#define TALLY_ERRORS 32 /* more than there are; the last: all others */
#define TALLY_STATUSES 600

/* All 0 is an empty one. */
struct tally {
    unsigned long long received;
    unsigned long long hung_up; /* clients, before their answer */
    unsigned long long status[TALLY_STATUSES]; /* answers of this status */
    unsigned long long error[TALLY_ERRORS];    /* and of this sp_error */
    unsigned long long started;                /* sessions for visitors */
};

void tally_answer(struct tally *tally, const struct sp_plug_outcome *outcome);

/* Adds a line each to the text: "received N", "status S N" and "error NAME N"
 * where N is not 0, "started N", "outstanding N" (of which the caller knows)
 * and "hung-up N". */
void tally_print(const struct tally *tally, size_t outstanding,
                 struct evbuffer *text);

#endif
