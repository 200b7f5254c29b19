/* SPDX-License-Identifier: MIT */
/* client/spd_path.h - where the spd that belongs to this library is. */
#ifndef CLIENT_SPD_PATH_H
#define CLIENT_SPD_PATH_H

#include <limits.h>

/* Writes the path of spd: beside this library as it is installed (or built),
 * else where it was to be installed.  Whether it is there is not checked. */
void spd_path(char out[PATH_MAX]);

#endif
