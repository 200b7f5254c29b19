/* SPDX-License-Identifier: MIT */
/* Many messages under way at once.  Used by session.c.  What sessions answer is
 * counted and summed: see stamp.h. */
#include "session_stream.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include <sp/async.h>

#include "bench.h"
#include "measure.h"
#include "samples.h"
#include "stamp.h"

#define MODULE "echo"
/* counts what it is cast, and tells: sink.c */
#define SINK "sink"
/* Casts that are asked for before the loop has its turn, and that are under way
 * at most. */
#define CAST_BATCH 512
#define CAST_WINDOW 8192

/* ---- the loop ---- */

struct stream {
    struct bench bench;
    struct sp_async *async;
    struct stamp_tally tally;
    const char *id;
    uint64_t sent, total;
};

static void stream_open(struct stream *stream, uint64_t total)
{
    *stream = (struct stream){.total = total};
    bench_open(&stream->bench);
    bench_check(&stream->bench,
                sp_async_new(stream->bench.client, &stream->async), "async");
}

static void stream_close(struct stream *stream)
{
    sp_async_free(stream->async);
    bench_close(&stream->bench);
}

static void stream_turn(struct stream *stream)
{
    struct pollfd poller = {sp_async_fd(stream->async), POLLIN, 0};

    poll(&poller, 1, -1);
    bench_check(&stream->bench, sp_async_dispatch(stream->async), "dispatch");
}

/* Of an operation that is over. */
static void stream_check(struct sp_result *result, const char *what)
{
    if (sp_result_error(result) == SP_OK)
        return;
    fprintf(stderr, "bench: %s: %s\n", what, sp_result_text(result));
    exit(1);
}

static void stream_answer(struct stream *stream, struct sp_result *result)
{
    stream_check(result, "call");
    if (sp_result_size(result) != STAMP_SIZE)
        measure_wrong("call");
    stamp_count(&stream->tally, sp_result_data(result));
}

static void stream_call(struct stream *stream, const char *id,
                        sp_async_done *done)
{
    char message[STAMP_SIZE] = {'x'};

    stamp_put(message, ++stream->sent);
    bench_check(&stream->bench,
                sp_async_call(stream->async, id, NULL, message, sizeof message,
                              SP_TIMEOUT_DEFAULT, done, stream, NULL), "call");
}

/* ---- many outstanding ---- */

static void pipeline_answered(struct sp_async *async, struct sp_result *result,
                              void *context)
{
    struct stream *stream = context;

    (void)async;
    stream_answer(stream, result);
    if (stream->sent < stream->total)
        stream_call(stream, stream->id, pipeline_answered);
}

void session_pipeline(size_t count, size_t window)
{
    struct stream stream;
    uint64_t start;

    stream_open(&stream, count);
    stream.id = "pipelined";
    bench_start(&stream.bench, stream.id, MODULE);
    bench_call(&stream.bench, stream.id);
    start = samples_clock();
    while (stream.sent < window && stream.sent < count)
        stream_call(&stream, stream.id, pipeline_answered);
    while (stream.tally.count < count)
        stream_turn(&stream);
    measure_print("rate", measure_rate(count, start, 1e6));
    if (!stamp_complete(&stream.tally, count))
        measure_wrong("pipeline");
    bench_end(&stream.bench, stream.id);
    stream_close(&stream);
}

static void fan_answered(struct sp_async *async, struct sp_result *result,
                         void *context)
{
    (void)async;
    stream_answer(context, result);
}

static const char *fan_id(size_t i)
{
    static char id[32];

    snprintf(id, sizeof id, "fan-%zu", i);
    return id;
}

static void fan_call(struct stream *stream, size_t width)
{
    for (size_t i = 0; i < width; i++)
        stream_call(stream, fan_id(i), fan_answered);
    while (sp_async_outstanding(stream->async) > 0)
        stream_turn(stream);
}

void session_fan(size_t count, size_t width)
{
    struct stream stream;
    uint64_t start;

    count -= count % width;
    stream_open(&stream, count);
    for (size_t i = 0; i < width; i++)
        bench_start(&stream.bench, fan_id(i), MODULE);
    fan_call(&stream, width); /* connects */
    stream.sent = 0;
    stream.tally = (struct stamp_tally){0, 0};
    start = samples_clock();
    while (stream.sent < count)
        fan_call(&stream, width);
    measure_print("rate", measure_rate(count, start, 1e3));
    if (!stamp_complete(&stream.tally, count))
        measure_wrong("fan");
    for (size_t i = 0; i < width; i++)
        bench_end(&stream.bench, fan_id(i));
    stream_close(&stream);
}

/* ---- one way ---- */

static void cast_done(struct sp_async *async, struct sp_result *result,
                      void *context)
{
    (void)async;
    (void)context;
    stream_check(result, "cast");
}

static void cast_some(struct stream *stream)
{
    char message[STAMP_SIZE] = {'x'};

    for (int i = 0; i < CAST_BATCH && stream->sent < stream->total; i++) {
        stamp_put(message, ++stream->sent);
        bench_check(&stream->bench,
                    sp_async_cast(stream->async, stream->id, NULL, message,
                                  sizeof message, SP_TIMEOUT_DEFAULT,
                                  cast_done, stream, NULL), "cast");
    }
}

/* A call sees every cast before it. */
static void sink_told(struct sp_async *async, struct sp_result *result,
                      void *context)
{
    struct stream *stream = context;

    (void)async;
    stream_check(result, "sink");
    if (sp_result_size(result) != sizeof stream->tally)
        measure_wrong("sink");
    memcpy(&stream->tally, sp_result_data(result), sizeof stream->tally);
}

void session_cast(size_t count, size_t more)
{
    struct stream stream;
    uint64_t start;

    (void)more;
    stream_open(&stream, count);
    stream.id = "sink";
    bench_start(&stream.bench, stream.id, SINK);
    start = samples_clock();
    while (stream.sent < count) {
        cast_some(&stream);
        do
            stream_turn(&stream);
        while (sp_async_outstanding(stream.async) > CAST_WINDOW - CAST_BATCH);
    }
    bench_check(&stream.bench,
                sp_async_call(stream.async, stream.id, NULL, "", 0,
                              SP_TIMEOUT_INFINITE, sink_told, &stream, NULL),
                "sink");
    while (sp_async_outstanding(stream.async) > 0)
        stream_turn(&stream);
    measure_print("rate", measure_rate(count, start, 1e6));
    if (!stamp_complete(&stream.tally, count))
        measure_wrong("cast");
    bench_end(&stream.bench, stream.id);
    stream_close(&stream);
}

void session_cast_one(size_t count, size_t more)
{
    char message[STAMP_SIZE] = {'x'};
    struct stamp_tally tally;
    struct bench bench;
    uint64_t start;

    (void)more;
    bench_open(&bench);
    bench_start(&bench, "sink", SINK);
    start = samples_clock();
    for (size_t i = 1; i <= count; i++) {
        stamp_put(message, i);
        bench_check(&bench, sp_cast(bench.client, "sink", message,
                                    sizeof message, bench.result), "cast");
    }
    bench_check(&bench, sp_call(bench.client, "sink", "", 0,
                                SP_TIMEOUT_INFINITE, bench.result), "sink");
    measure_print("rate", measure_rate(count, start, 1e6));
    if (sp_result_size(bench.result) != sizeof tally)
        measure_wrong("sink");
    memcpy(&tally, sp_result_data(bench.result), sizeof tally);
    if (!stamp_complete(&tally, count))
        measure_wrong("cast");
    bench_end(&bench, "sink");
    bench_close(&bench);
}

/* ---- large ---- */

void session_large(size_t count, size_t more)
{
    char *bytes = calloc(1, STAMP_LARGE);
    struct bench bench;
    uint64_t start;

    (void)more;
    if (!bytes)
        measure_fail("calloc");
    bench_open(&bench);
    bench_start(&bench, "large", MODULE);
    bench_call(&bench, "large");
    start = samples_clock();
    for (size_t i = 0; i < count; i++) {
        stamp_put_pages(bytes, STAMP_LARGE, i);
        bench_check(&bench, sp_call(bench.client, "large", bytes, STAMP_LARGE,
                                    SP_TIMEOUT_DEFAULT, bench.result), "call");
        if (sp_result_size(bench.result) != STAMP_LARGE ||
            !stamp_check_pages(sp_result_data(bench.result), STAMP_LARGE, i))
            measure_wrong("large");
    }
    measure_print("rate", measure_rate(count * 2 * STAMP_LARGE, start,
                                       1024.0 * 1024 * 1024));
    bench_end(&bench, "large");
    bench_close(&bench);
    free(bytes);
}

/* ---- starts ---- */

static const char *starts_id(size_t caller, size_t i)
{
    static _Thread_local char id[48];

    snprintf(id, sizeof id, "new-%zu-%zu", caller, i);
    return id;
}

static void starts_end(struct bench *bench, size_t caller, size_t count)
{
    for (size_t i = 0; i < count; i++)
        bench_end(bench, starts_id(caller, i));
}

static void starts_next(struct stream *stream);

static void starts_answered(struct sp_async *async, struct sp_result *result,
                            void *context)
{
    struct stream *stream = context;

    (void)async;
    stream_answer(stream, result);
    if (stream->sent < stream->total)
        starts_next(stream);
}

/* One of those that are under way, with a number of its own. */
struct start {
    struct stream *stream;
    uint64_t number;
};

static void starts_started(struct sp_async *async, struct sp_result *result,
                           void *context)
{
    struct start *begun = context;
    char message[STAMP_SIZE] = {'x'};

    stream_check(result, "start");
    stamp_put(message, begun->number);
    bench_check(&begun->stream->bench,
                sp_async_call(async, starts_id(0, begun->number - 1), NULL,
                              message, sizeof message, SP_TIMEOUT_DEFAULT,
                              starts_answered, begun->stream, NULL), "call");
    free(begun);
}

static void starts_next(struct stream *stream)
{
    static const struct sp_spec spec = {.module = MODULE};
    struct start *begun = malloc(sizeof *begun);

    if (!begun)
        measure_fail("malloc");
    *begun = (struct start){stream, ++stream->sent};
    bench_check(&stream->bench,
                sp_async_start(stream->async, starts_id(0, stream->sent - 1),
                               &spec, SP_TIMEOUT_DEFAULT, starts_started,
                               begun, NULL), "start");
}

void session_starts(size_t count, size_t window)
{
    struct stream stream;
    uint64_t start;

    stream_open(&stream, count);
    bench_start(&stream.bench, "first", MODULE); /* its template is there */
    start = samples_clock();
    while (stream.sent < window && stream.sent < count)
        starts_next(&stream);
    while (stream.tally.count < count)
        stream_turn(&stream);
    measure_print("rate", measure_rate(count, start, 1e3));
    if (!stamp_complete(&stream.tally, count))
        measure_wrong("starts");
    starts_end(&stream.bench, 0, count);
    bench_end(&stream.bench, "first");
    stream_close(&stream);
}

struct caller {
    pthread_t thread;
    size_t number, count;
};

static void *caller_run(void *arg)
{
    const struct caller *caller = arg;
    struct bench bench;

    bench_open(&bench);
    for (size_t i = 0; i < caller->count; i++) {
        bench_start(&bench, starts_id(caller->number, i), MODULE);
        bench_call(&bench, starts_id(caller->number, i));
    }
    bench_close(&bench);
    return NULL;
}

void session_callers(size_t count, size_t callers)
{
    struct caller *all = calloc(callers + 1, sizeof *all);
    struct bench bench;
    uint64_t start;

    if (!all || callers == 0)
        measure_fail("callers");
    bench_open(&bench);
    bench_start(&bench, "first", MODULE);
    start = samples_clock();
    for (size_t i = 0; i < callers; i++) {
        all[i].number = i;
        all[i].count = count / callers;
        if (pthread_create(&all[i].thread, NULL, caller_run, &all[i]) != 0)
            measure_fail("thread");
    }
    for (size_t i = 0; i < callers; i++)
        pthread_join(all[i].thread, NULL);
    measure_print("rate", measure_rate(count / callers * callers, start, 1e3));
    for (size_t i = 0; i < callers; i++)
        starts_end(&bench, i, all[i].count);
    bench_end(&bench, "first");
    bench_close(&bench);
    free(all);
}
