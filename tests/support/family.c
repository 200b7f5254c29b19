/* SPDX-License-Identifier: MIT */
/* Reads /proc.  Used by balance.c and by the tests that inject faults into
 * processes which spd does not name: its templates. */
#define _GNU_SOURCE
#include "family.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "support/wait.h"

/* NULL: there is no such process. */
static FILE *open_children(pid_t parent)
{
    char path[96];

    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)parent,
             (int)parent);
    return fopen(path, "re");
}

pid_t family_child(pid_t parent)
{
    FILE *children = open_children(parent);
    int pid = 0;

    if (!children)
        return 0;
    if (fscanf(children, "%d", &pid) != 1)
        pid = 0;
    fclose(children);
    return pid;
}

void family_each(const struct harness *harness,
                 void (*visit)(pid_t pid, void *context), void *context)
{
    FILE *children = open_children(harness_spd(harness));
    int pid;

    cr_assert_not_null(children);
    while (fscanf(children, "%d", &pid) == 1)
        visit(pid, context);
    fclose(children);
}

/* The name in brackets, which is any text without a newline, and the state
 * behind it. */
static bool read_stat(pid_t pid, char name[32], char *out_state)
{
    char path[64], line[256] = "";
    const char *close;
    FILE *stat;

    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    stat = fopen(path, "re");
    if (!stat)
        return false;
    if (!fgets(line, sizeof line, stat))
        line[0] = '\0';
    fclose(stat);
    close = strrchr(line, ')');
    if (!close || sscanf(line, "%*d (%31[^)]", name) != 1)
        return false;
    return sscanf(close, ") %c", out_state) == 1;
}

char family_state(pid_t pid)
{
    char name[32];
    char state;

    return read_stat(pid, name, &state) ? state : '?';
}

/* ---- by name ---- */

struct name_search {
    const char *name;
    pid_t found;
    size_t count;
};

bool family_is(pid_t pid, const char *name)
{
    char its[32];
    char state;

    return read_stat(pid, its, &state) && state != 'Z' &&
           strcmp(its, name) == 0;
}

static void match_name(pid_t pid, void *context)
{
    struct name_search *search = context;

    if (family_is(pid, search->name) && search->count++ == 0)
        search->found = pid;
}

static struct name_search search_for(const struct harness *harness,
                                     const char *name)
{
    struct name_search search = {.name = name};

    family_each(harness, match_name, &search);
    return search;
}

pid_t family_named(const struct harness *harness, const char *name)
{
    return search_for(harness, name).found;
}

size_t family_count(const struct harness *harness, const char *name)
{
    return search_for(harness, name).count;
}

/* As worker/session.c names it: cut to what fits. */
pid_t family_template(const struct harness *harness, const char *module)
{
    char name[16];

    snprintf(name, sizeof name, "spt:%.11s", module);
    return family_named(harness, name);
}

/* ---- stopped, and on again ---- */

static bool is_stopped(void *context)
{
    return family_state(*(pid_t *)context) == 'T';
}

static bool goes_on(void *context)
{
    return !is_stopped(context);
}

void family_stop(pid_t pid)
{
    cr_assert_eq(kill(pid, SIGSTOP), 0);
    cr_assert(wait_for(is_stopped, &pid, WAIT_MS), "%d does not stop",
              (int)pid);
}

void family_continue(pid_t pid)
{
    cr_assert_eq(kill(pid, SIGCONT), 0);
    cr_assert(wait_for(goes_on, &pid, WAIT_MS), "%d does not go on", (int)pid);
}

/* ---- what a process has ---- */

bool family_maps(pid_t pid, const char *part)
{
    char path[64], line[4096];
    bool found = false;
    FILE *maps;

    snprintf(path, sizeof path, "/proc/%d/maps", (int)pid);
    maps = fopen(path, "re");
    cr_assert_not_null(maps, "%s", path);
    while (!found && fgets(line, sizeof line, maps))
        found = strstr(line, part) != NULL;
    fclose(maps);
    return found;
}

size_t family_fds(pid_t pid)
{
    char path[64];
    size_t count = 0;
    DIR *dir;

    snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
    dir = opendir(path);
    cr_assert_not_null(dir, "%s", path);
    for (const struct dirent *entry; (entry = readdir(dir));)
        count += entry->d_name[0] != '.';
    closedir(dir);
    return count;
}
