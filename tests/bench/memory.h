/* SPDX-License-Identifier: MIT */
/* memory.h - what processes cost, as the kernel counts it. */
#ifndef BENCH_MEMORY_H
#define BENCH_MEMORY_H

#include <stddef.h>
#include <sys/types.h>

/* The machine's own count at one moment, in KiB. */
struct memory_machine {
    long unused;       /* free, or the cache of a file */
    long kernel_stack; /* all of them */
};

struct memory_machine memory_machine_now(void);

/* What a process has of its own that is in no file, in KiB. */
long memory_anonymous(pid_t pid);

/* Prints lines "name value" in KiB a process:
 * own     proportional set size and page tables of the processes, and the
 *         growth of the machine's kernel stacks since `before`
 * system  by how much the machine's unused memory fell since `before` */
void memory_print(const pid_t *pids, size_t count,
                  const struct memory_machine *before);

#endif
