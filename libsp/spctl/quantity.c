/* SPDX-License-Identifier: MIT */
/* Numbers in the units that suit them.  Callers: session.c, cmd-list.c,
 * cmd-info.c. */
#include "quantity.h"

#include <stdio.h>

void quantity_time(unsigned long long ms, char out[QUANTITY_SIZE])
{
    unsigned long long s = ms / 1000;

    if (ms > 0 && ms < 1000)
        snprintf(out, QUANTITY_SIZE, "%llums", ms);
    else if (s < 60)
        snprintf(out, QUANTITY_SIZE, "%llus", s);
    else if (s < 60 * 60)
        snprintf(out, QUANTITY_SIZE, "%llum%02llus", s / 60, s % 60);
    else if (s < 24 * 60 * 60)
        snprintf(out, QUANTITY_SIZE, "%lluh%02llum", s / 3600, s / 60 % 60);
    else
        snprintf(out, QUANTITY_SIZE, "%llud%02lluh", s / 86400, s / 3600 % 24);
}

void quantity_memory(unsigned long long kb, char out[QUANTITY_SIZE])
{
    double mb = (double)kb / 1024;

    if (kb < 1000)
        snprintf(out, QUANTITY_SIZE, "%lluK", kb);
    else if (mb < 1000)
        snprintf(out, QUANTITY_SIZE, "%.1fM", mb);
    else
        snprintf(out, QUANTITY_SIZE, "%.1fG", mb / 1024);
}
