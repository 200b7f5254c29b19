/* SPDX-License-Identifier: MIT */
/* session_frontend.h - what a connected session costs the program that has
 * called it: memory of its own in bytes, and descriptors.  MORE of them have
 * been called before, so that what is there once is not counted. */
#ifndef BENCH_SESSION_FRONTEND_H
#define BENCH_SESSION_FRONTEND_H

#include <stddef.h>

void session_frontend(size_t count, size_t more);
void session_frontend_async(size_t count, size_t more); /* <sp/async.h> */

#endif
