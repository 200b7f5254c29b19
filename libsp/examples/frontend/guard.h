/* SPDX-License-Identifier: MIT */
/* frontend/guard.h - whether a request may come in at all, by what its browser
 * says of where it comes from.  Pure. */
#ifndef FRONTEND_GUARD_H
#define FRONTEND_GUARD_H

#include <stdbool.h>

struct guard {
    const char *host; /* borrowed: one more Host that is ours, or NULL */
    bool secure;      /* visitors of that host come by https */
};

/* Header values as they were sent; NULL where there is none. */
struct guard_request {
    bool writes; /* anything but GET and HEAD */
    const char *host;
    const char *origin;
    const char *fetch_site;
    const char *fetch_mode;
    const char *fetch_dest;
};

enum guard_verdict {
    GUARD_PASS,
    GUARD_HOST,  /* a name that is not ours: DNS rebinding, or a proxy */
    GUARD_OTHER, /* another site's page caused it, and not by a plain link */
};

enum guard_verdict guard_check(const struct guard *guard,
                               const struct guard_request *request);

#endif
