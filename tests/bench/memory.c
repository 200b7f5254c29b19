/* SPDX-License-Identifier: MIT */
/* Reads /proc for the memory of processes and of the machine.  Used by floor.c
 * and session.c alike, so that both are counted the same way. */
#include "memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static FILE *memory_open(const char *path)
{
    FILE *file = fopen(path, "re");

    if (!file) {
        perror(path);
        exit(1);
    }
    return file;
}

/* The number behind "name:" in a file of /proc. */
static long memory_field(const char *path, const char *name)
{
    FILE *file = memory_open(path);
    size_t len = strlen(name);
    char line[256];
    long value = -1;

    while (value < 0 && fgets(line, sizeof line, file))
        if (strncmp(line, name, len) == 0 && line[len] == ':')
            value = strtol(line + len + 1, NULL, 10);
    fclose(file);
    if (value < 0) {
        fprintf(stderr, "bench: %s has no %s\n", path, name);
        exit(1);
    }
    return value;
}

/* Free pages that the kernel keeps at hand for each CPU, in KiB.  They may be
 * hundreds of MiB, and neither MemFree nor MemAvailable counts them. */
static long memory_at_hand(void)
{
    FILE *file = memory_open("/proc/zoneinfo");
    char line[256];
    long pages = 0, count;

    while (fgets(line, sizeof line, file))
        if (sscanf(line, " count: %ld", &count) == 1)
            pages += count;
    fclose(file);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static long memory_info(const char *name)
{
    return memory_field("/proc/meminfo", name);
}

struct memory_machine memory_machine_now(void)
{
    return (struct memory_machine){
        .unused = memory_info("MemFree") + memory_at_hand() +
                  memory_info("Buffers") + memory_info("Cached") -
                  memory_info("Shmem"),
        .kernel_stack = memory_info("KernelStack"),
    };
}

long memory_anonymous(pid_t pid)
{
    char rollup[64];

    snprintf(rollup, sizeof rollup, "/proc/%d/smaps_rollup", (int)pid);
    return memory_field(rollup, "Anonymous");
}

static long memory_process(pid_t pid)
{
    char rollup[64], status[64];

    snprintf(rollup, sizeof rollup, "/proc/%d/smaps_rollup", (int)pid);
    snprintf(status, sizeof status, "/proc/%d/status", (int)pid);
    return memory_field(rollup, "Pss") + memory_field(status, "VmPTE");
}

void memory_print(const pid_t *pids, size_t count,
                  const struct memory_machine *before)
{
    struct memory_machine now = memory_machine_now();
    long stacks = now.kernel_stack - before->kernel_stack;
    long own = 0;

    for (size_t i = 0; i < count; i++)
        own += memory_process(pids[i]);
    printf("own %.1f\nsystem %.1f\n", (double)(own + stacks) / (double)count,
           (double)(before->unused - now.unused) / (double)count);
}
