/* SPDX-License-Identifier: MIT */
/* Finds spd from the place that libsp.so was loaded from, so that an
 * installation can be moved and the build tree works as one.  Callers:
 * supervisor.c, spd_output.c. */
#define _GNU_SOURCE
#include "spd_path.h"

#include <dlfcn.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void spd_path(char out[PATH_MAX])
{
    char real[PATH_MAX];
    Dl_info self;
    int len;

    if (dladdr((void *)spd_path, &self) && realpath(self.dli_fname, real)) {
        len = snprintf(out, PATH_MAX, "%s/" SP_BINDIR_FROM_LIBDIR "/spd",
                       dirname(real));
        if (len < PATH_MAX && access(out, X_OK) == 0)
            return;
    }
    snprintf(out, PATH_MAX, "%s", SP_SPD_PATH);
}
