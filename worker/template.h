/* SPDX-License-Identifier: MIT */
/* worker/template.h - the process that has a module loaded and forks sessions
 * of it on request.  It holds no session and keeps no descriptor of one. */
#ifndef WORKER_TEMPLATE_H
#define WORKER_TEMPLATE_H

#include <sys/types.h>

/* Confines itself as spd orders, loads the module, says so to spd, and serves
 * its requests until spd closes the control socket.  argv: sp-worker's own, with
 * the module's name and its file, to run itself anew once it has compiled its
 * filters.  Returns the exit status; in a forked session it does not return. */
int template_run(pid_t supervisor, char *const argv[]);

#endif
