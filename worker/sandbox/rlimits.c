/* SPDX-License-Identifier: MIT */
/* The ground floor of every tier but none.  RLIMIT_NPROC counts all processes
 * of a user, and says nothing to uid 0: that is why a template of root has a
 * uid of its own first (privileges.c). */
#define _GNU_SOURCE
#include "rlimits.h"

#include <stdio.h>

/* X(NAME, limit) */
#define RLIMIT_TABLE(X)                                                        \
    X(AS, orders->memory)                                                      \
    X(NOFILE, open_files + 1)                          \
    X(FSIZE, 0)                                                                \
    X(CORE, 0)                                                                 \
    X(MEMLOCK, 0)                                                              \
    X(MSGQUEUE, 0)                                                             \
    X(STACK, 1 << 20)                                                          \
    X(SIGPENDING, 64)

static int set(int resource, rlim_t limit)
{
    struct rlimit both;

    if (getrlimit((__rlimit_resource_t)resource, &both) < 0)
        return -1;
    if (both.rlim_max > limit)
        both.rlim_max = limit;
    both.rlim_cur = both.rlim_max;
    return setrlimit((__rlimit_resource_t)resource, &both);
}

rlim_t rlimits_open_files(const struct sandbox_record *orders)
{
    struct rlimit now;

    if (getrlimit(RLIMIT_NOFILE, &now) < 0 || now.rlim_max > orders->open_files)
        return orders->open_files;
    return now.rlim_max - 1;
}

int rlimits_template(const struct sandbox_record *orders, rlim_t open_files,
                     struct fault *fault)
{
#define SET(NAME, limit)                                                       \
    if (set(RLIMIT_##NAME, limit) < 0)                                         \
        return fault_errno(fault, "RLIMIT_" #NAME " of %llu",                  \
                           (unsigned long long)(limit));
    RLIMIT_TABLE(SET)
#undef SET
    return 0;
}

int rlimits_session(const struct sandbox_record *orders, rlim_t open_files)
{
    struct rlimit cpu = {orders->cpu_seconds, orders->cpu_seconds + 1};
    struct rlimit none = {0, 0};
    struct rlimit files = {open_files, open_files};

    /* soft: SIGXCPU, which says why; hard, a second later: SIGKILL */
    if (orders->cpu_seconds > 0 && setrlimit(RLIMIT_CPU, &cpu) < 0)
        return -1;
    if (!(orders->allow & (SANDBOX_ALLOW_FORK | SANDBOX_ALLOW_COMMAND)) &&
        setrlimit(RLIMIT_NPROC, &none) < 0)
        return -1;
    return setrlimit(RLIMIT_NOFILE, &files);
}

/* ---- programs ---- */

/* A number of /proc; what cannot be read is no limit. */
static rlim_t read_limit(const char *path)
{
    unsigned long long limit = RLIM_INFINITY;
    FILE *file = fopen(path, "re");

    if (!file)
        return RLIM_INFINITY;
    if (fscanf(file, "%llu", &limit) != 1)
        limit = RLIM_INFINITY;
    fclose(file);
    return limit;
}

static rlim_t least(rlim_t a, rlim_t b)
{
    return a < b ? a : b;
}

rlim_t rlimits_processes(const struct sandbox_record *orders)
{
    struct rlimit now = {RLIM_INFINITY, RLIM_INFINITY};
    rlim_t machine;

    if (orders->tier == SANDBOX_STRICT)
        return orders->threads;
    getrlimit(RLIMIT_NPROC, &now);
    machine = least(read_limit("/proc/sys/kernel/pid_max"),
                    read_limit("/proc/sys/kernel/threads-max"));
    return least(now.rlim_cur, machine) / 2;
}

int rlimits_program(rlim_t processes)
{
    struct rlimit limit = {processes, processes};

    return setrlimit(RLIMIT_NPROC, &limit);
}
