/* SPDX-License-Identifier: MIT */
/* Reads /proc/PID/status and /proc/PID/limits.  Landlock leaves no mark there:
 * it is put on between two steps that do, and a failure ends the process. */
#define _GNU_SOURCE
#include "confined.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Of a template, and what it has put on once its module was loaded. */
#define FILTERS 2
#define SECCOMP_MODE_FILTERED 2

struct marks {
    unsigned uid;
    int no_new_privs;
    int seccomp;
    int filters;
    char memory[24];    /* soft limits, as the kernel writes them */
    char files[24];
    char processes[24];
};

/* Hands each line of a process's file to take(). */
static bool read_lines(pid_t pid, const char *name, struct marks *marks,
                       void (*take)(struct marks *marks, const char *line))
{
    char path[48], line[256];
    FILE *file;

    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    file = fopen(path, "re");
    if (!file)
        return false;
    while (fgets(line, sizeof line, file))
        take(marks, line);
    fclose(file);
    return true;
}

static void take_status(struct marks *marks, const char *line)
{
    sscanf(line, "Uid: %*u %u", &marks->uid);
    sscanf(line, "NoNewPrivs: %d", &marks->no_new_privs);
    sscanf(line, "Seccomp: %d", &marks->seccomp);
    sscanf(line, "Seccomp_filters: %d", &marks->filters);
}

static void take_limit(struct marks *marks, const char *line)
{
    sscanf(line, "Max address space %23s", marks->memory);
    sscanf(line, "Max open files %23s", marks->files);
    sscanf(line, "Max processes %23s", marks->processes);
}

static const char *tier_of(const struct marks *marks)
{
    if (marks->seccomp == 0)
        return "none";
    if (marks->seccomp == SECCOMP_MODE_FILTERED && marks->no_new_privs == 1 &&
        marks->filters >= FILTERS && strcmp(marks->memory, "unlimited") != 0)
        return "default";
    return "unclear";
}

void confined_text(pid_t pid, char out[CONFINED_TEXT_SIZE])
{
    struct marks marks = {.filters = FILTERS}; /* not told before Linux 5.9 */
    const char *tier;

    out[0] = '\0';
    if (pid <= 0 || !read_lines(pid, "status", &marks, take_status) ||
        !read_lines(pid, "limits", &marks, take_limit))
        return;
    tier = tier_of(&marks);
    snprintf(out, CONFINED_TEXT_SIZE,
             "%s: filters %d, no new privileges %s, uid %u, memory %s, files "
             "%s, processes %s",
             tier, marks.seccomp ? marks.filters : 0,
             marks.no_new_privs ? "yes" : "no", marks.uid, marks.memory,
             marks.files, marks.processes);
}
