/* SPDX-License-Identifier: MIT */
/* Memory, and what the kernel offers to few. */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "hostile.h"

#define PAGE 4096

static int try_map(int protection)
{
    void *page = mmap(NULL, PAGE, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1,
                      0);

    if (page == MAP_FAILED)
        return errno;
    munmap(page, PAGE);
    return 0;
}

ATTEMPT(map_code)
{
    (void)argument;
    return try_map(PROT_READ | PROT_WRITE | PROT_EXEC);
}

ATTEMPT(write_then_run)
{
    void *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int result = mprotect(page, PAGE, PROT_READ | PROT_EXEC);
    int error = errno;

    munmap(page, PAGE);
    errno = error;
    return OUTCOME(result);
}

ATTEMPT(map_file_to_run)
{
    (void)argument;
    return try_map(PROT_READ | PROT_EXEC);
}

ATTEMPT(bpf)
{
    return OUTCOME(syscall(SYS_bpf, 0, NULL, 0));
}

ATTEMPT(perf)
{
    return OUTCOME(syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0));
}

ATTEMPT(userfault)
{
    int fd = (int)syscall(SYS_userfaultfd, 0);

    if (fd >= 0)
        close(fd);
    return OUTCOME(fd);
}

ATTEMPT(keys)
{
    return OUTCOME(syscall(SYS_keyctl, 0, 0, 0, 0, 0));
}

/* Of a kind that there is not, should it be permitted. */
ATTEMPT(mount)
{
    return OUTCOME(mount("none", "/tmp", "hostile", 0, NULL));
}

ATTEMPT(unshare)
{
    return OUTCOME(unshare(CLONE_NEWUSER));
}

ATTEMPT(io_uring)
{
    return OUTCOME(syscall(SYS_io_uring_setup, 1, NULL));
}

ATTEMPT(handle)
{
    return OUTCOME(syscall(SYS_open_by_handle_at, -1, NULL, 0));
}

/* getpid(), as a 32-bit program would call it. */
ATTEMPT(other_architecture)
{
    long result = -ENOSYS;

#ifdef __x86_64__
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(20) : "memory", "r8",
                     "r9", "r10", "r11");
#endif
    (void)argument;
    return result < 0 ? (int)-result : 0;
}

ATTEMPT(x32)
{
    return OUTCOME(syscall(0x40000000 | SYS_getpid));
}

ATTEMPT(unknown_call)
{
    return OUTCOME(syscall(599));
}
