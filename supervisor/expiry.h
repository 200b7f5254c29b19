/* SPDX-License-Identifier: MIT */
/* supervisor/expiry.h - whether a session has been idle, or has lived, for as
 * long as it may, and when to look again.  Pure. */
#ifndef SUPERVISOR_EXPIRY_H
#define SUPERVISOR_EXPIRY_H

#include <stdbool.h>
#include <stdint.h>

#include "end.h"

/* Milliseconds; 0: off. */
struct expiry_settings {
    int64_t idle_timeout;
    int64_t max_lifetime;
};

/* Milliseconds of the monotonic clock. */
struct expiry_facts {
    int64_t now_ms;
    int64_t started_ms; /* the session */
    int64_t active_ms;  /* the latest of: ready, did something, was touched */
    bool busy;          /* does something now, or has a subscriber */
};

struct expiry_verdict {
    enum end_asked asked; /* END_ASKED_NOT: it goes on */
    int64_t look_ms;      /* from now; -1: never */
};

/* Who looks no earlier than look_ms later misses nothing, and whom it tells to
 * go has had at least his time. */
struct expiry_verdict expiry_decide(const struct expiry_settings *settings,
                                    const struct expiry_facts *facts);

#endif
