/* SPDX-License-Identifier: MIT */
/* manual.h - the manual page spctl(1), made from the same tables as --help. */
#ifndef SPCTL_MANUAL_H
#define SPCTL_MANUAL_H

/* Prints it to standard output, for man. */
void manual_print(void);

#endif
