/* SPDX-License-Identifier: MIT */
/* worker/sandbox/holder.h - the first process of the pid namespace of a
 * template's sessions.  When it ends, the kernel ends all that are in it, and it
 * ends with spd.
 *
 *   template                      holder
 *      │ clone(CLONE_PARENT) ──────►│ death link
 *      │                            │ HOLDER record, to spd (wire/template.h)
 *      │◄──────────── it stands ────│
 *      │ loads the module           │
 *      │ it is loaded ─────────────►│
 *      │◄─────── on_loaded is done ─│ waits for spd's end, or to be killed
 *
 * If the template ends without a word, the holder does too; later it stays. */
#ifndef SANDBOX_HOLDER_H
#define SANDBOX_HOLDER_H

#include "fault.h"

struct holder {
    int link; /* owned; to the holder */
};

struct holder_orders {
    int control_fd;    /* borrowed */
    int supervisor_fd; /* borrowed; spd's pidfd */
    /* What the holder does once the module is loaded.  -1: fault says why it
     * could not. */
    int (*on_loaded)(void *context, struct fault *fault);
    void *context;
};

/* Forks it, as the first process of a pid namespace that this one is not in
 * (unshare), and waits until it stands.  -1: fault says why it does not. */
int holder_start(struct holder *holder, const struct holder_orders *orders,
                 struct fault *fault);

/* Tells it that the module is loaded, and waits until it has done what is due
 * then.  -1: fault says why it has not. */
int holder_tell_loaded(struct holder *holder, struct fault *fault);

#endif
