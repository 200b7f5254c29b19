/* SPDX-License-Identifier: MIT */
/* worker/finding.h - what became of a trial, in one line. */
#ifndef WORKER_FINDING_H
#define WORKER_FINDING_H

#include <stdbool.h>

#include "wire/primitive.h"

/* It is there; a detail as "ABI 7", or "". */
__attribute__((format(printf, 2, 3))) void
finding_present(struct primitive_finding *finding, const char *format, ...);

/* It is not: what failed, and errno's name unless it is 0. */
void finding_absent(struct primitive_finding *finding, const char *what);
/* The same without errno. */
void finding_because(struct primitive_finding *finding, const char *why);

/* Whether it is there is whether its call was done. */
void finding_judge(struct primitive_finding *finding, const char *what,
                   bool done);

#endif
