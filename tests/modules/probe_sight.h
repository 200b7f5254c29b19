/* SPDX-License-Identifier: MIT */
/* modules/probe_sight.h - what the probe sees of the process that it is in. */
#ifndef MODULES_PROBE_SIGHT_H
#define MODULES_PROBE_SIGHT_H

#include <stddef.h>

/* text is the caller's to free(). */
struct sight {
    char *text;
    size_t size;
};

/* "0 /dev/null\n1 socket:[12]\n..." */
struct sight sight_fds(void);
/* "NAME=VALUE\n..." */
struct sight sight_env(void);
/* That of a function of the C library; what the compiler guards frames with. */
struct sight sight_address(void);
struct sight sight_canary(void);
/* /proc/self/maps and cmdline */
struct sight sight_maps(void);
struct sight sight_args(void);

#endif
