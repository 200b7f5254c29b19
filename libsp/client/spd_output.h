/* SPDX-License-Identifier: MIT */
/* client/spd_output.h - runs the spd that belongs to this library for what it
 * prints. */
#ifndef CLIENT_SPD_OUTPUT_H
#define CLIENT_SPD_OUTPUT_H

#include <stddef.h>

/* Runs spd with this option alone, and waits for it up to SP_TIMEOUT_DEFAULT.
 * Its standard output, which the caller frees; NULL: it could not be run, did
 * not end with 0 in time, or printed more than 64 KiB. */
char *spd_output(const char *option, size_t *out_size);

#endif
