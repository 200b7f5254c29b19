/* SPDX-License-Identifier: MIT */
/* Reads /proc/self before and after.  Used by session.c. */
#include "session_frontend.h"

#include <dirent.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <sp/async.h>

#include "bench.h"
#include "measure.h"
#include "memory.h"

#define MODULE "echo"

static const char *frontend_id(size_t i)
{
    static char id[32];

    snprintf(id, sizeof id, "front-%zu", i);
    return id;
}

static size_t descriptors_now(void)
{
    DIR *dir = opendir("/proc/self/fd");
    size_t count = 0;

    if (!dir)
        measure_fail("/proc/self/fd");
    while (readdir(dir))
        count++;
    closedir(dir);
    return count;
}

/* ---- one front end, of either kind ---- */

struct frontend {
    struct bench bench;
    struct sp_async *async; /* NULL: it calls and waits */
};

static void frontend_answered(struct sp_async *async, struct sp_result *result,
                              void *context)
{
    (void)async;
    (void)context;
    if (sp_result_error(result) != SP_OK || sp_result_size(result) != 1)
        measure_wrong("call");
}

static void frontend_call_async(struct frontend *frontend, const char *id)
{
    struct pollfd poller = {sp_async_fd(frontend->async), POLLIN, 0};

    bench_check(&frontend->bench,
                sp_async_call(frontend->async, id, NULL, "x", 1,
                              SP_TIMEOUT_DEFAULT, frontend_answered, NULL,
                              NULL), "call");
    while (sp_async_outstanding(frontend->async) > 0) {
        poll(&poller, 1, -1);
        bench_check(&frontend->bench, sp_async_dispatch(frontend->async),
                    "dispatch");
    }
}

static void frontend_call(struct frontend *frontend, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        if (frontend->async)
            frontend_call_async(frontend, frontend_id(i));
        else
            bench_call(&frontend->bench, frontend_id(i));
    }
}

static void frontend_measure(struct frontend *frontend, size_t count,
                             size_t before)
{
    size_t descriptors;
    long memory;

    frontend_call(frontend, 0, before);
    descriptors = descriptors_now();
    memory = memory_anonymous(getpid());
    frontend_call(frontend, before, before + count);
    memory = memory_anonymous(getpid()) - memory;
    measure_print("memory", (double)memory * 1024 / (double)count);
    measure_print("descriptors", (double)(descriptors_now() - descriptors) /
                                     (double)count);
}

static void frontend_run(struct frontend *frontend, size_t count,
                         size_t before)
{
    for (size_t i = 0; i < before + count; i++)
        bench_start(&frontend->bench, frontend_id(i), MODULE);
    frontend_measure(frontend, count, before);
    for (size_t i = 0; i < before + count; i++)
        bench_end(&frontend->bench, frontend_id(i));
    bench_close(&frontend->bench);
}

void session_frontend(size_t count, size_t more)
{
    struct frontend frontend = {.async = NULL};

    bench_open(&frontend.bench);
    frontend_run(&frontend, count, more);
}

void session_frontend_async(size_t count, size_t more)
{
    struct frontend frontend;

    bench_open(&frontend.bench);
    bench_check(&frontend.bench,
                sp_async_new(frontend.bench.client, &frontend.async), "async");
    frontend_run(&frontend, count, more);
    sp_async_free(frontend.async);
}
