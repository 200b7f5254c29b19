/* SPDX-License-Identifier: MIT */
/* support/descriptors.h - a test process that can open no more of them. */
#ifndef SUPPORT_DESCRIPTORS_H
#define SUPPORT_DESCRIPTORS_H

#include <sys/resource.h>

/* No further descriptor can be opened from here on, until the limits of before
 * are given back. */
struct rlimit descriptors_take(void);
void descriptors_give_back(const struct rlimit *before);

#endif
