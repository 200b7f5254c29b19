/* SPDX-License-Identifier: MIT */
/* worker/hygiene.h - what a process of ours does before it runs code that is
 * not ours, in every tier.  Each function returns 0, or -1 and errno; a caller
 * that gets -1 ends the process. */
#ifndef WORKER_HYGIENE_H
#define WORKER_HYGIENE_H

#include <sys/types.h>

/* Once in a template, right after exec.  `parent` is spd, which must still be
 * alive: ESRCH if it is not. */
int hygiene_template(pid_t parent);

/* Once in a template, when its module is loaded: undoes the signal handlers that
 * the module's constructor may have set, for all sessions.  SIGPIPE is ignored;
 * standard output is written line by line, and what has been printed is
 * written.  No code of the module runs in the template after that. */
void hygiene_loaded(void);

/* Once in a session, right after the fork.  `parent` is spd, or 0 where it is
 * not seen: then the holder of the pid namespace has the death link.  Keeps
 * standard input, makes log_fd standard output and error, *listener_fd and
 * *start_fd the next two descriptors (the new numbers are written back), and
 * closes all others.  Of the signals, SESSION_SIGNAL_LOOK alone is blocked. */
int hygiene_session(pid_t parent, int *listener_fd, int *start_fd, int log_fd);

#endif
