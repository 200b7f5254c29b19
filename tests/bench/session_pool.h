/* SPDX-License-Identifier: MIT */
/* session_pool.h - start to first answer of sessions whose process was ready:
 * of the module "pooled", whose pool has more of them than COUNT.  It is filled
 * first, and not while starts follow each other. */
#ifndef BENCH_SESSION_POOL_H
#define BENCH_SESSION_POOL_H

#include <stddef.h>

void session_pool(size_t count, size_t more);

#endif
