/* SPDX-License-Identifier: MIT */
/* cgroup v2, as settings of a module need it.  Caller: primitives.c. */
#define _GNU_SOURCE
#include "primitives_own.h"

#include <errno.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/statfs.h>
#include <unistd.h>

#define CGROUP_ROOT "/sys/fs/cgroup"

/* ---- cgroup v2: looked at, never written to ---- */

/* NULL: finding says that there is none. */
static const char *cgroup_root(struct primitive_finding *finding)
{
    static const char *const roots[] = {CGROUP_ROOT, CGROUP_ROOT "/unified"};
    struct statfs about;

    for (size_t i = 0; i < sizeof roots / sizeof roots[0]; i++)
        if (statfs(roots[i], &about) == 0 &&
            about.f_type == CGROUP2_SUPER_MAGIC)
            return roots[i];
    finding_because(finding, "no cgroup v2 at " CGROUP_ROOT);
    return NULL;
}

/* The path of this process's own, with a file of it behind.  False: finding
 * says why there is none. */
static bool cgroup_path(const char *name, char out[PATH_MAX],
                        struct primitive_finding *finding)
{
    char line[PATH_MAX];
    FILE *file;
    const char *root = cgroup_root(finding);
    bool found = false;

    if (!root)
        return false;
    file = fopen("/proc/self/cgroup", "re");
    while (file && !found && fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = '\0';
        found = strncmp(line, "0::", 3) == 0;
    }
    if (file)
        fclose(file);
    if (found && snprintf(out, PATH_MAX, "%s%s/%s", root, line + 3, name) <
                     PATH_MAX)
        return true;
    finding_absent(finding, "/proc/self/cgroup");
    return false;
}

void try_CGROUP(struct primitive_finding *finding)
{
    if (cgroup_root(finding))
        finding_present(finding, "%s", "");
}

static void try_cgroup_file(struct primitive_finding *finding,
                            const char *name, int mode)
{
    char path[PATH_MAX];

    if (cgroup_path(name, path, finding))
        finding_judge(finding, name, access(path, mode) == 0);
}

void try_CGROUP_WRITABLE(struct primitive_finding *finding)
{
    try_cgroup_file(finding, "cgroup.procs", W_OK);
}

void try_CGROUP_KILL(struct primitive_finding *finding)
{
    try_cgroup_file(finding, "cgroup.kill", F_OK);
}

static void try_controller(struct primitive_finding *finding, const char *name)
{
    char path[PATH_MAX], line[256], *rest = line, *word;
    FILE *file;

    if (!cgroup_path("cgroup.controllers", path, finding))
        return;
    file = fopen(path, "re");
    if (!file || !fgets(line, sizeof line, file))
        *line = '\0';
    if (file)
        fclose(file);
    while ((word = strsep(&rest, " \n")))
        if (strcmp(word, name) == 0) {
            finding_present(finding, "%s", "");
            return;
        }
    finding_because(finding, "not in cgroup.controllers");
}

void try_CGROUP_MEMORY(struct primitive_finding *finding)
{
    try_controller(finding, "memory");
}

void try_CGROUP_PIDS(struct primitive_finding *finding)
{
    try_controller(finding, "pids");
}

void try_CGROUP_CPU(struct primitive_finding *finding)
{
    try_controller(finding, "cpu");
}
