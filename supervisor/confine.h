/* SPDX-License-Identifier: MIT */
/* supervisor/confine.h - what a module's template is told about its sandbox,
 * and the uid that it alone has.  How it is kept is worker/sandbox/. */
#ifndef SUPERVISOR_CONFINE_H
#define SUPERVISOR_CONFINE_H

#include <stddef.h>
#include <sys/types.h>

struct module_settings;

/* A uid that nobody else on this machine has been given by a spd. */
struct uid_lease {
    uid_t uid; /* SANDBOX_NO_UID: none, and none is needed */
    int fd;    /* owned; held while the lease is; -1 without one */
};

/* Takes one of the range (FIRST-LAST), if spd is root and the tier needs it.
 * -1: out_text says why there is none. */
int uid_lease_take(const struct module_settings *settings, const char *range,
                   struct uid_lease *out_lease, char *out_text,
                   size_t text_size);
/* No process of this uid may be left. */
void uid_lease_give(struct uid_lease *lease);

/* Empty memory for the filters of its templates (WORKER_FILTERS_FD), the
 * caller's to close.  -1 and errno. */
int confine_filters(void);

/* Sends the first record of a template (wire/sandbox.h).  -1 and errno. */
int confine_order(const struct module_settings *settings, uid_t uid,
                  int control_fd);

#endif
