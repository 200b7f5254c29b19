/* SPDX-License-Identifier: MIT */
/* Amounts: more and more of something, until it is refused. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "hostile.h"

#define PAGE 4096
/* More than the default tier has, and nothing to a machine. */
#define TOO_MUCH ((size_t)512 << 20)

/* ---- memory ---- */

ATTEMPT(memory_bomb)
{
    void *memory = mmap(NULL, TOO_MUCH, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    (void)argument;
    if (memory == MAP_FAILED)
        return errno;
    munmap(memory, TOO_MUCH);
    return 0;
}

ATTEMPT(heap_bomb)
{
    void *before = sbrk(TOO_MUCH);

    (void)argument;
    if (before == (void *)-1)
        return errno;
    sbrk(-(intptr_t)TOO_MUCH);
    return 0;
}

/* 64 MiB of it, unless it ends before.  The page is used behind the call, and
 * known elsewhere, or a compiler would make a loop of one page of it. */
static volatile char *volatile latest;

static int use_stack(unsigned pages)
{
    volatile char page[PAGE];
    int below;

    latest = page;
    page[0] = 1;
    below = pages == 0 ? 0 : use_stack(pages - 1);
    return below + page[0] - 1;
}

ATTEMPT(stack_bomb)
{
    (void)argument;
    return use_stack(((size_t)64 << 20) / PAGE);
}

ATTEMPT(lock_memory)
{
    void *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int result = mlock(page, PAGE);
    int error = errno;

    munmap(page, PAGE);
    errno = error;
    return OUTCOME(result);
}

/* ---- what the kernel keeps for it ---- */

#define MANY 4096

ATTEMPT(timer_bomb)
{
    struct sigevent nothing = {.sigev_notify = SIGEV_NONE};
    static timer_t timers[MANY];
    int count = 0, error = 0;

    (void)argument;
    while (error == 0 && count < MANY)
        if (timer_create(CLOCK_MONOTONIC, &nothing, &timers[count]) < 0)
            error = errno;
        else
            count++;
    while (count > 0)
        timer_delete(timers[--count]);
    return error;
}

/* Blocked ones, which stay in the queue; ignoring them empties it. */
ATTEMPT(signal_bomb)
{
    int pid = getpid(), error = 0;
    sigset_t one, before;

    (void)argument;
    sigemptyset(&one);
    sigaddset(&one, SIGRTMIN);
    sigprocmask(SIG_BLOCK, &one, &before);
    for (int i = 0; i < MANY && error == 0; i++)
        if (syscall(SYS_tgkill, pid, pid, SIGRTMIN) < 0)
            error = errno;
    signal(SIGRTMIN, SIG_IGN);
    signal(SIGRTMIN, SIG_DFL);
    sigprocmask(SIG_SETMASK, &before, NULL);
    return error;
}

/* ---- threads ---- */

static pthread_mutex_t held = PTHREAD_MUTEX_INITIALIZER;

static void *wait_for_release(void *unused)
{
    pthread_mutex_lock(&held);
    pthread_mutex_unlock(&held);
    return unused;
}

/* So many at once, beside the first. */
ATTEMPT(threads)
{
    int wanted = atoi(argument), count = 0, error = 0;
    pthread_t *threads = calloc((size_t)wanted + 1, sizeof *threads);
    pthread_attr_t small;

    if (!threads)
        return ENOMEM;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, (size_t)64 << 10);
    pthread_mutex_lock(&held);
    while (error == 0 && count < wanted) {
        error = pthread_create(&threads[count], &small, wait_for_release, NULL);
        count += error == 0;
    }
    pthread_mutex_unlock(&held);
    while (count > 0)
        pthread_join(threads[--count], NULL);
    pthread_attr_destroy(&small);
    free(threads);
    return error;
}

/* ---- time ---- */

ATTEMPT(busy)
{
    volatile unsigned turns = 0;

    (void)argument;
    for (;;)
        turns++;
}
