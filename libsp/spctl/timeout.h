/* SPDX-License-Identifier: MIT */
/* timeout.h - how long a command waits, by --timeout. */
#ifndef SPCTL_TIMEOUT_H
#define SPCTL_TIMEOUT_H

#include <sp/error.h>

struct invocation;

/* SP_OK: *out_ms is the option's value, or SP_TIMEOUT_DEFAULT without one.
 * SP_EINVAL has been told to the user. */
enum sp_error timeout_get(const struct invocation *invocation, int *out_ms);

#endif
