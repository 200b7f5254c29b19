/* SPDX-License-Identifier: MIT */
/* Owners and modes.  Folders further up are not looked at: who owns one of them
 * is trusted by whoever named the path. */
#define _GNU_SOURCE
#include "trust.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool group_may(const struct stat *about)
{
    return about->st_gid == getegid() && geteuid() != 0;
}

static int check_one(const char *path, char *out_text, size_t text_size)
{
    struct stat about;
    const char *wrong = NULL;

    if (stat(path, &about) < 0) {
        snprintf(out_text, text_size, "%s: %s", path, strerrordesc_np(errno));
        return -1;
    }
    if (about.st_uid != 0 && about.st_uid != geteuid()) {
        snprintf(out_text, text_size, "%s: belongs to user %u", path,
                 about.st_uid);
        return -1;
    }
    if (S_ISDIR(about.st_mode) && (about.st_mode & S_ISVTX))
        return 0;
    if (about.st_mode & S_IWOTH)
        wrong = "everybody";
    else if ((about.st_mode & S_IWGRP) && !group_may(&about))
        wrong = "its group";
    if (!wrong)
        return 0;
    snprintf(out_text, text_size, "%s: %s may write to it (mode %04o)", path,
             wrong, about.st_mode & 07777);
    return -1;
}

int trust_check(const char *path, char *out_text, size_t text_size)
{
    char real[PATH_MAX];

    if (!realpath(path, real)) {
        snprintf(out_text, text_size, "%s: %s", path, strerrordesc_np(errno));
        return -1;
    }
    return check_one(real, out_text, text_size) < 0
               ? -1
               : check_one(dirname(real), out_text, text_size);
}
