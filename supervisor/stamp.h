/* SPDX-License-Identifier: MIT */
/* supervisor/stamp.h - which file stood at a path, to see later whether it has
 * been replaced or written to. */
#ifndef SUPERVISOR_STAMP_H
#define SUPERVISOR_STAMP_H

#include <stdbool.h>
#include <sys/types.h>
#include <time.h>

struct stamp {
    dev_t device; /* 0 and 0: no file */
    ino_t inode;
    off_t size;
    struct timespec modified;
};

/* The file at the path now, behind symbolic links. */
struct stamp stamp_of(const char *path);

bool stamp_equal(const struct stamp *a, const struct stamp *b);

#endif
