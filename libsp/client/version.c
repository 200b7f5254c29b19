/* SPDX-License-Identifier: MIT */
/* The version of this library. */
#include <sp/version.h>

const char *sp_version(void)
{
    return SP_VERSION;
}
