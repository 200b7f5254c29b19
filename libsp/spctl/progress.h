/* SPDX-License-Identifier: MIT */
/* progress.h - how far a request got, in words. */
#ifndef SPCTL_PROGRESS_H
#define SPCTL_PROGRESS_H

#include <sp/error.h>

struct invocation;

/* complain_outcome() for a call or a cast: with the result's text, which says
 * of a session that died whether the request may have run; after a timeout
 * that is added. */
enum sp_error progress_complain(const struct invocation *invocation,
                                enum sp_error error);

#endif
