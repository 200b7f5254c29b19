/* SPDX-License-Identifier: MIT */
/* Measures a peer by the few operations that it has.  Used by nng.c,
 * postgres.c and grpc.cpp; those in other languages measure themselves. */
#define _GNU_SOURCE
#include "peer.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "measure.h"
#include "samples.h"
#include "stamp.h"

static const struct peer *peer_measured;
static size_t peer_number; /* of sessions so far */

/* ---- operations ---- */

static void *session_start(void)
{
    return peer_measured->start(peer_number++);
}

static void session_call(void *session, uint64_t number)
{
    char message[STAMP_SIZE] = {'x'};

    stamp_put(message, number);
    peer_measured->call(session, message, sizeof message);
    if (stamp_get(message) != number)
        measure_wrong("call");
}

/* ---- measures ---- */

static void peer_calls(size_t count, size_t more)
{
    struct samples samples;
    void *session = session_start();

    (void)more;
    samples_init(&samples, count);
    for (size_t i = 0; i < count / 10 + 1; i++)
        session_call(session, i);
    for (size_t i = 0; i < count; i++) {
        uint64_t start = samples_clock();

        session_call(session, i);
        samples_add(&samples, start);
    }
    peer_measured->end(session);
    samples_print(&samples);
}

static void peer_large(size_t count, size_t more)
{
    char *bytes = calloc(1, STAMP_LARGE);
    void *session = session_start();
    uint64_t start;

    (void)more;
    if (!bytes)
        measure_fail("calloc");
    session_call(session, 0);
    start = samples_clock();
    for (size_t i = 0; i < count; i++) {
        stamp_put_pages(bytes, STAMP_LARGE, i);
        peer_measured->call(session, bytes, STAMP_LARGE);
        if (!stamp_check_pages(bytes, STAMP_LARGE, i))
            measure_wrong("large");
    }
    measure_print("rate", measure_rate(count * 2 * STAMP_LARGE, start,
                                       1024.0 * 1024 * 1024));
    peer_measured->end(session);
    free(bytes);
}

static void peer_starts(size_t count, size_t more)
{
    struct samples samples;

    (void)more;
    samples_init(&samples, count);
    for (size_t i = 0; i < count; i++) {
        uint64_t start = samples_clock();
        void *session = session_start();

        session_call(session, i);
        samples_add(&samples, start);
        peer_measured->end(session);
    }
    samples_print(&samples);
}

static void peer_crashes(size_t count, size_t more)
{
    struct samples samples;
    void *session = session_start();

    (void)more;
    session_call(session, 0);
    samples_init(&samples, count);
    for (size_t i = 0; i < count; i++) {
        uint64_t start = samples_clock();

        peer_measured->crash(session);
        session = session_start();
        session_call(session, i);
        samples_add(&samples, start);
    }
    peer_measured->end(session);
    samples_print(&samples);
}

/* To be looked at by peer-memory: see memory.c. */
static void peer_memory(size_t count, size_t more)
{
    void **sessions = calloc(count, sizeof *sessions);

    (void)more;
    if (!sessions)
        measure_fail("calloc");
    puts("ready");
    fflush(stdout);
    getchar();
    for (size_t i = 0; i < count; i++) {
        sessions[i] = session_start();
        session_call(sessions[i], i);
    }
    for (size_t i = 0; i < count; i++)
        printf("%d ", (int)peer_measured->pid(sessions[i]));
    puts("0");
    fflush(stdout);
    while (getchar() != EOF)
        continue;
    for (size_t i = 0; i < count; i++)
        peer_measured->end(sessions[i]);
    free(sessions);
}

int peer_main(int argc, char **argv, const struct peer *peer)
{
    static const struct measure measures[] = {
        {"call", peer_calls},     {"large", peer_large},
        {"start", peer_starts},   {"crash", peer_crashes},
        {"memory", peer_memory},  {NULL, NULL},
    };

    peer_measured = peer;
    return measure_main(argc, argv, measures);
}

/* ---- servers ---- */

pid_t peer_serve(const char *address)
{
    int ready[2];
    pid_t pid;
    char byte;

    if (pipe2(ready, O_CLOEXEC) != 0)
        measure_fail("pipe");
    pid = fork();
    if (pid < 0)
        measure_fail("fork");
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(ready[1], STDOUT_FILENO);
        execl("/proc/self/exe", "peer", "serve", address, (char *)NULL);
        _exit(127);
    }
    close(ready[1]);
    if (read(ready[0], &byte, 1) != 1)
        measure_fail("serve");
    close(ready[0]);
    return pid;
}

void peer_serving(void)
{
    puts("");
    fflush(stdout);
}

void peer_reap(pid_t pid)
{
    kill(pid, SIGKILL);
    if (waitpid(pid, NULL, 0) != pid)
        measure_fail("waitpid");
}
