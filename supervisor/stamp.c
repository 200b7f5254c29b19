/* SPDX-License-Identifier: MIT */
/* Inode, size and time of a file: a new one at the same path differs in one of
 * them, as does one that was written in place. */
#define _GNU_SOURCE
#include "stamp.h"

#include <sys/stat.h>

struct stamp stamp_of(const char *path)
{
    struct stat file;

    if (stat(path, &file) < 0)
        return (struct stamp){0};
    return (struct stamp){file.st_dev, file.st_ino, file.st_size, file.st_mtim};
}

bool stamp_equal(const struct stamp *a, const struct stamp *b)
{
    return a->device == b->device && a->inode == b->inode &&
           a->size == b->size && a->modified.tv_sec == b->modified.tv_sec &&
           a->modified.tv_nsec == b->modified.tv_nsec;
}
