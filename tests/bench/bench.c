/* SPDX-License-Identifier: MIT */
/* Used by those who measure sessions, who say what is measured. */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>

#include "samples.h"
#include "spans.h"

#define MESSAGE_SIZE 64

void bench_check(const struct bench *bench, enum sp_error error,
                 const char *what)
{
    if (error == SP_OK)
        return;
    fprintf(stderr, "bench: %s: %s\n", what,
            bench->result ? sp_result_text(bench->result)
                          : sp_strerror(error));
    exit(1);
}

void bench_open(struct bench *bench)
{
    bench->result = NULL;
    bench_check(bench, sp_client_open(NULL, &bench->client), "open");
    bench->result = sp_result_new();
    if (!bench->result)
        bench_check(bench, SP_ENOMEM, "open");
}

void bench_close(struct bench *bench)
{
    sp_result_free(bench->result);
    sp_client_close(bench->client);
}

void bench_call(struct bench *bench, const char *id)
{
    static const char message[MESSAGE_SIZE] = {'x'};

    bench_check(bench, sp_call(bench->client, id, message, sizeof message,
                               SP_TIMEOUT_DEFAULT, bench->result), "call");
    if (sp_result_size(bench->result) != sizeof message)
        bench_check(bench, SP_EPROTO, "call: not what was sent");
}

pid_t bench_start(struct bench *bench, const char *id, const char *module)
{
    bench_check(bench, sp_start(bench->client, id, module, NULL, 0,
                                bench->result), "start");
    return sp_result_pid(bench->result);
}

void bench_end(struct bench *bench, const char *id)
{
    bench_check(bench, sp_terminate(bench->client, id, bench->result), "end");
}

uint64_t bench_time_start(struct bench *bench, const char *id,
                          const char *module)
{
    uint64_t start = samples_clock(), now;

    bench_start(bench, id, module);
    bench_call(bench, id);
    now = samples_clock();
    spans_add(start, now, 1);
    bench_end(bench, id);
    bench_check(bench, sp_ping(bench->client, bench->result), "ping");
    return now - start;
}
