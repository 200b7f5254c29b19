/* SPDX-License-Identifier: MIT */
/* Reads /proc/PID/status, limits and ns.  Landlock leaves no mark there:
 * it is put on between two steps that do, and a failure ends the process. */
#define _GNU_SOURCE
#include "confined.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cgroup.h"
#include "wire/sandbox.h"

/* Of a template, and what it has put on once its module was loaded. */
#define FILTERS 2
#define SECCOMP_MODE_FILTERED 2

#define NAMESPACES_TEXT_SIZE 64
#define LIMITS_TEXT_SIZE 120

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

/* ---- namespaces ---- */

static const char *const kinds[] = {
#define KIND(KIND, file, words) file,
    SANDBOX_NAMESPACE_TABLE(KIND)
#undef KIND
};
#define KINDS (sizeof kinds / sizeof kinds[0])

static bool read_namespace(const char *process, const char *kind, char out[32])
{
    char path[48];
    ssize_t size;

    snprintf(path, sizeof path, "/proc/%s/ns/%s", process, kind);
    size = readlink(path, out, 31);
    out[size < 0 ? 0 : size] = '\0';
    return size > 0;
}

/* Not spd's own. */
static bool has_own(pid_t pid, const char *kind)
{
    char process[16], its[32], ours[32];

    snprintf(process, sizeof process, "%d", (int)pid);
    return read_namespace(process, kind, its) &&
           read_namespace("self", kind, ours) && strcmp(its, ours) != 0;
}

/* Writes their names, each behind a space; how many there are. */
static size_t own_namespaces(pid_t pid, char out[NAMESPACES_TEXT_SIZE])
{
    size_t count = 0, len = 0;

    out[0] = '\0';
    for (size_t i = 0; i < KINDS; i++)
        if (has_own(pid, kinds[i])) {
            count++;
            len += (size_t)snprintf(out + len, NAMESPACES_TEXT_SIZE - len,
                                    " %s", kinds[i]);
        }
    return count;
}

/* ---- the tier ---- */

/* With allow_network the network's is not its own. */
static bool are_of_strict(const char *namespaces, size_t count)
{
    return count == KINDS ||
           (count == KINDS - 1 && !strstr(namespaces, " net"));
}

static const char *tier_of(const struct marks *marks, const char *namespaces,
                           size_t count)
{
    if (marks->seccomp == 0)
        return count == 0 ? "none" : "unclear";
    if (marks->seccomp != SECCOMP_MODE_FILTERED || marks->no_new_privs != 1 ||
        marks->filters < FILTERS || strcmp(marks->memory, "unlimited") == 0)
        return "unclear";
    return are_of_strict(namespaces, count) ? "strict"
           : count == 0                     ? "default"
                                            : "unclear";
}

void confined_text(pid_t pid, char out[CONFINED_TEXT_SIZE])
{
    struct marks marks = {.filters = FILTERS}; /* not told before Linux 5.9 */
    char namespaces[NAMESPACES_TEXT_SIZE];
    char limits[LIMITS_TEXT_SIZE];
    size_t count;

    out[0] = '\0';
    if (pid <= 0 || !read_lines(pid, "status", &marks, take_status) ||
        !read_lines(pid, "limits", &marks, take_limit))
        return;
    count = own_namespaces(pid, namespaces);
    cgroup_limits_text(pid, limits, sizeof limits);
    snprintf(out, CONFINED_TEXT_SIZE,
             "%s: filters %d, no new privileges %s, uid %u, memory %s, files "
             "%s, processes %s%s%s%s",
             tier_of(&marks, namespaces, count),
             marks.seccomp ? marks.filters : 0,
             marks.no_new_privs ? "yes" : "no", marks.uid, marks.memory,
             marks.files, marks.processes, count > 0 ? ", namespaces" : "",
             namespaces, limits);
}
