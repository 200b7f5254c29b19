/* SPDX-License-Identifier: MIT */
/* One page that the kernel wipes in a forked process, however it was forked:
 * pthread_atfork() is told of fork() alone, and getpid() costs a system call a
 * request.  Callers: client.c, async.c and ask.c. */
#define _GNU_SOURCE
#include "origin.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

/* The mark of this process; NULL while there is no page.  It stays mapped. */
static _Atomic(atomic_long *) page;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static atomic_long *map_page(void)
{
    size_t size = (size_t)sysconf(_SC_PAGESIZE);
    void *mapped = mmap(NULL, size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (mapped == MAP_FAILED)
        return NULL;
    if (madvise(mapped, size, MADV_WIPEONFORK) < 0) {
        munmap(mapped, size);
        return NULL;
    }
    return mapped;
}

/* A process ID is not given again as long as a process with a page of this
 * mark is there, and its children get 0. */
enum sp_error origin_of_this_process(struct origin *out_origin)
{
    atomic_long *own;

    pthread_mutex_lock(&lock);
    own = atomic_load(&page);
    if (!own)
        atomic_store(&page, own = map_page());
    if (own && atomic_load(own) == 0)
        atomic_store(own, (long)getpid());
    pthread_mutex_unlock(&lock);
    if (!own)
        return SP_ESYSTEM;
    out_origin->mark = atomic_load(own);
    return SP_OK;
}

bool origin_is_here(struct origin origin)
{
    return atomic_load_explicit(atomic_load(&page), memory_order_relaxed) ==
           origin.mark;
}
