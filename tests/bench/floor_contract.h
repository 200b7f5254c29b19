/* SPDX-License-Identifier: MIT */
/* floor_contract.h - measures of bench-floor: the client's part of the
 * contract, timed as session.c times libsp's. */
#ifndef BENCH_FLOOR_CONTRACT_H
#define BENCH_FLOOR_CONTRACT_H

#include <stddef.h>

void contract_call(size_t count, size_t more);
void contract_start(size_t count, size_t more);
void contract_pool(size_t count, size_t more);
void contract_crash(size_t count, size_t more);
void contract_end(size_t count, size_t more);
void contract_stop(size_t count, size_t more);
void contract_starts(size_t count, size_t window);

#endif
