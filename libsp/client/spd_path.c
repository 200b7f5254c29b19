/* SPDX-License-Identifier: MIT */
/* Finds spd from the place that libsp.so was loaded from, so that an
 * installation can be moved and the build tree works as one.  A program that
 * links libsp.a may lie anywhere, and what lies beside it is not libsp's.
 * Callers: supervisor.c, spd_output.c. */
#define _GNU_SOURCE
#include "spd_path.h"

#include <dlfcn.h>
#include <libgen.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#ifdef SP_STATIC
static bool beside_libsp(char out[PATH_MAX])
{
    (void)out;
    return false;
}
#else
static bool beside_libsp(char out[PATH_MAX])
{
    char real[PATH_MAX];
    Dl_info self;
    int len;

    if (!dladdr((void *)spd_path, &self) || !realpath(self.dli_fname, real))
        return false;
    len = snprintf(out, PATH_MAX, "%s/" SP_BINDIR_FROM_LIBDIR "/spd",
                   dirname(real));
    return len < PATH_MAX && access(out, X_OK) == 0;
}
#endif

void spd_path(char out[PATH_MAX])
{
    if (!beside_libsp(out))
        snprintf(out, PATH_MAX, "%s", SP_SPD_PATH);
}
