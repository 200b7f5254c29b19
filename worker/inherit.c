/* SPDX-License-Identifier: MIT */
/* A fork gets no page tables of a mapping that its parent has never written to:
 * the kernel leaves them to be filled by faults, one for each 64 KiB that are
 * used, which was half of all faults of a session before its first answer.  One
 * byte written as it is makes a page of the parent's own of it, and the whole
 * mapping one that is copied.  Called by template.c. */
#define _GNU_SOURCE
#include "inherit.h"

#include <fcntl.h>
#include <link.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>

/* The mappings stay unwritable: the kernel writes past that here. */
static int write_once(struct dl_phdr_info *info, size_t size, void *context)
{
    int memory = *(const int *)context;

    (void)size;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];
        uintptr_t at = info->dlpi_addr + part->p_vaddr;

        if (part->p_type == PT_LOAD && !(part->p_flags & PF_W) &&
            pwrite(memory, (const void *)at, 1, (off_t)at) < 0)
            return -1;
    }
    return 0;
}

void inherit_code(void)
{
    int memory = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
    struct timespec now;

    if (memory >= 0) {
        dl_iterate_phdr(write_once, &memory);
        close(memory);
    }
    /* the page that the kernel keeps the time in needs to be read alone */
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
}
