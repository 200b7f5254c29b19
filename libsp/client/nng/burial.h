/* SPDX-License-Identifier: MIT */
/* client/nng/burial.h - the end of a strand, in the closer's thread: nng is to
 * come to rest before its socket is closed (strand.h says why), and nng_close()
 * waits. */
#ifndef CLIENT_NNG_BURIAL_H
#define CLIENT_NNG_BURIAL_H

#include <stdbool.h>
#include <stdint.h>

struct strand;

/* Under the post's lock: whether it is at rest, or has to be hushed. */
bool burial_is_due(const struct strand *strand, int64_t now);

/* Has what it hears end.  False: there is no need to. */
bool burial_hush(struct strand *strand);

/* Closes it; what is left is its memory. */
void burial_end(struct strand *strand);

#endif
