/* SPDX-License-Identifier: MIT */
/* Reads /proc/PID/schedstat and /proc/PID/status.  Used by supervision.c. */
#include "usage.h"

#include <inttypes.h>
#include <stdio.h>

static FILE *usage_open(pid_t pid, const char *name)
{
    char path[64];

    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    return fopen(path, "re");
}

struct usage usage_now(pid_t pid)
{
    FILE *file = usage_open(pid, "schedstat");
    struct usage usage = {0, 0};

    if (!file)
        return usage;
    if (fscanf(file, "%" SCNu64 " %" SCNu64, &usage.ran, &usage.waited) != 2)
        usage = (struct usage){0, 0};
    fclose(file);
    return usage;
}

uint64_t usage_sleeps(pid_t pid)
{
    FILE *file = usage_open(pid, "status");
    uint64_t sleeps = 0;
    char line[256];

    if (!file)
        return 0;
    while (fgets(line, sizeof line, file))
        if (sscanf(line, "voluntary_ctxt_switches: %" SCNu64, &sleeps) == 1)
            break;
    fclose(file);
    return sleeps;
}
