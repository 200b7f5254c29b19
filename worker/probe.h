/* SPDX-License-Identifier: MIT */
/* worker/probe.h - sp-worker --probe [UID]: tries each primitive of
 * wire/primitive.h for real, in a child of its own, and prints a line for it.
 * Nothing of a module is loaded, and nothing is left behind.
 *
 * UID: of a module, where spd is root: who the children become, as templates
 * do. */
#ifndef WORKER_PROBE_H
#define WORKER_PROBE_H

/* uid: NULL for none.  An exit status of wire/template.h. */
int probe_run(const char *uid);

#endif
