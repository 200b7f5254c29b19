/* SPDX-License-Identifier: MIT */
/* process_id.h - a process, by --pid. */
#ifndef SPCTL_PROCESS_ID_H
#define SPCTL_PROCESS_ID_H

#include <sys/types.h>

#include <sp/error.h>

struct invocation;

/* SP_OK: *out_pid is the option's value, or 0 without one.  SP_EINVAL has been
 * told to the user. */
enum sp_error process_id_get(const struct invocation *invocation,
                             pid_t *out_pid);

#endif
