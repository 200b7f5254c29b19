/* SPDX-License-Identifier: MIT */
/* Words of findings.  Callers: the primitives. */
#define _GNU_SOURCE
#include "finding.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void finding_present(struct primitive_finding *finding, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(finding->detail, sizeof finding->detail, format, args);
    va_end(args);
    finding->state = PRIMITIVE_PRESENT;
}

void finding_absent(struct primitive_finding *finding, const char *what)
{
    const char *name = errno != 0 ? strerrorname_np(errno) : NULL;

    snprintf(finding->detail, sizeof finding->detail, "%s%s%s", what,
             name ? ": " : "", name ? name : "");
    finding->state = PRIMITIVE_ABSENT;
}

void finding_because(struct primitive_finding *finding, const char *why)
{
    errno = 0;
    finding_absent(finding, why);
}

void finding_judge(struct primitive_finding *finding, const char *what,
                   bool done)
{
    if (done)
        finding_present(finding, "%s", "");
    else
        finding_absent(finding, what);
}
