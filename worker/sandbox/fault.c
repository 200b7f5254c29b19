/* SPDX-License-Identifier: MIT */
/* Texts of what could not be applied, for spd's log and for who asked for a
 * session. */
#define _GNU_SOURCE
#include "fault.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int fault_text(struct fault *fault, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(fault->text, sizeof fault->text, format, args);
    va_end(args);
    return -1;
}

int fault_errno(struct fault *fault, const char *format, ...)
{
    const char *reason = strerrordesc_np(errno);
    va_list args;
    size_t len;

    va_start(args, format);
    vsnprintf(fault->text, sizeof fault->text, format, args);
    va_end(args);
    len = strlen(fault->text);
    snprintf(fault->text + len, sizeof fault->text - len, ": %s",
             reason ? reason : "unknown error");
    return -1;
}
