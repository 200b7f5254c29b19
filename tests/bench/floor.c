/* SPDX-License-Identifier: MIT */
/* The floor: a process for each session with nothing else to it.  fork,
 * socketpair, read and write, no protocol, linked statically.  No library can
 * be cheaper, so scripts/bench.sh shows session.c's figures as ratios to these.
 * README.md says what each measure is.
 *
 *   bench-floor [--epoll] MEASURE COUNT [MORE]
 *
 * --epoll: the children wait in epoll, as sessions do. */
#include "floor_child.h"
#include "floor_contract.h"
#include "floor_stream.h"
#include "measure.h"
#include "memory.h"
#include "samples.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void measure_calls(size_t count, size_t more)
{
    struct child child = child_start();
    struct samples samples;

    (void)more;
    samples_init(&samples, count);
    for (size_t i = 0; i < count / 10; i++)
        child_call(&child);
    for (size_t i = 0; i < count; i++) {
        uint64_t start = samples_clock();

        child_call(&child);
        samples_add(&samples, start);
    }
    child_end(&child);
    samples_print(&samples);
}

static void measure_starts(size_t count, size_t live)
{
    struct child *others = children_start(live);
    struct samples samples;

    samples_init(&samples, count);
    for (size_t i = 0; i < count; i++) {
        uint64_t start = samples_clock();
        struct child child = child_start();

        child_call(&child);
        samples_add(&samples, start);
        child_end(&child);
    }
    children_end(others, live);
    samples_print(&samples);
}

static void child_greet(int fd)
{
    char byte = 'x';

    child_write(fd, &byte, 1);
    child_read(fd, &byte, 1); /* until it is killed */
}

/* Until the first byte of a child that is asked for nothing. */
static void measure_forks(size_t count, size_t more)
{
    struct samples samples;
    char byte;

    (void)more;
    child_server = child_greet;
    samples_init(&samples, count);
    for (size_t i = 0; i < count; i++) {
        uint64_t start = samples_clock();
        struct child child = child_start();

        child_read(child.fd, &byte, 1);
        samples_add(&samples, start);
        child_end(&child);
    }
    samples_print(&samples);
}

/* From SIGKILL until the next process has answered. */
static void measure_crashes(size_t count, size_t more)
{
    struct child child = child_start();
    struct samples samples;

    (void)more;
    child_call(&child);
    samples_init(&samples, count);
    for (size_t i = 0; i < count; i++) {
        uint64_t start = samples_clock();

        child_end(&child);
        child = child_start();
        child_call(&child);
        samples_add(&samples, start);
    }
    child_end(&child);
    samples_print(&samples);
}

/* kill and waitid. */
static void measure_ends(size_t count, size_t more)
{
    struct samples samples;

    (void)more;
    samples_init(&samples, count);
    for (size_t i = 0; i < count; i++) {
        struct child child = child_start();
        uint64_t start;

        child_call(&child);
        start = samples_clock();
        child_kill(&child);
        samples_add(&samples, start);
        close(child.fd);
    }
    samples_print(&samples);
}

static void measure_memory(size_t count, size_t more)
{
    struct memory_machine before = memory_machine_now();
    struct child *children = children_start(count);
    pid_t *pids = calloc(count, sizeof *pids);

    (void)more;
    if (!pids)
        measure_fail("calloc");
    for (size_t i = 0; i < count; i++)
        pids[i] = children[i].pid;
    memory_print(pids, count, &before);
    free(pids);
    children_end(children, count);
}

static const struct measure measures[] = {
    {"call", measure_calls},     {"start", measure_starts},
    {"fork", measure_forks},     {"crash", measure_crashes},
    {"end", measure_ends},       {"memory", measure_memory},
    {"pipeline", floor_pipeline}, {"fan", floor_fan},
    {"cast", floor_cast},        {"large", floor_large},
    {"starts", floor_starts},    {"memcpy", floor_memcpy},
    {"pool", measure_starts}, /* it has none */
    {"contract-call", contract_call},
    {"contract-start", contract_start},
    {"contract-pool", contract_pool},
    {"contract-starts", contract_starts},
    {"contract-crash", contract_crash},
    {"contract-end", contract_end},
    {"contract-stop", contract_stop},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "--epoll") == 0) {
        child_server = child_echo_epoll;
        argv[1] = argv[0];
        argv++;
        argc--;
    }
    return measure_main(argc, argv, measures);
}
