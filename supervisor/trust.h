/* SPDX-License-Identifier: MIT */
/* supervisor/trust.h - whether a program or module may be run at all: not if
 * somebody else could put another one in its place. */
#ifndef SUPERVISOR_TRUST_H
#define SUPERVISOR_TRUST_H

#include <stddef.h>

/* The file at the path, behind symbolic links, and the folder that holds it,
 * have to be root's or spd's own user's, and for nobody else to write to.  (A
 * group may, if it is spd's own and spd is not root; and into a folder like
 * /tmp everybody may, whose sticky bit keeps files from others.)  -1: out_text
 * says what is wrong with which of them. */
int trust_check(const char *path, char *out_text, size_t text_size);

#endif
