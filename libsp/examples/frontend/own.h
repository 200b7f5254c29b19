/* SPDX-License-Identifier: MIT */
/* frontend/own.h - an spd of the front end's own, so that one command shows
 * everything. */
#ifndef FRONTEND_OWN_H
#define FRONTEND_OWN_H

struct options;
struct own;

/* Starts spd in options->runtime_dir, or in a private directory under /tmp,
 * with options->config, or with one that has the module visitor.  NULL: it was
 * said on standard error why not. */
struct own *own_start(const struct options *options);

/* Ends it with its sessions and removes what was made for it.  NULL is
 * allowed. */
void own_stop(struct own *own);

/* Its runtime directory.  Valid until own_stop(). */
const char *own_runtime_dir(const struct own *own);

#endif
