/* SPDX-License-Identifier: MIT */
/* worker/sandbox/libraries.h - where the loader finds what modules are linked
 * with: code, not secrets.  What is not there on this machine is left out. */
#ifndef SANDBOX_LIBRARIES_H
#define SANDBOX_LIBRARIES_H

static const char *const libraries[] = {
    "/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib",
    "/etc/ld.so.cache"};

#define LIBRARIES (sizeof libraries / sizeof libraries[0])

#endif
