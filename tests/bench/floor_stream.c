/* SPDX-License-Identifier: MIT */
/* Many messages or bytes by the same few system calls.  Used by floor.c. */
#include "floor_stream.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "floor_child.h"
#include "measure.h"
#include "samples.h"
#include "stamp.h"

#define BATCH 1024 /* messages a write of a one-way stream */

static char *bytes_new(size_t size)
{
    char *bytes = malloc(size);

    if (!bytes)
        measure_fail("malloc");
    memset(bytes, 'x', size);
    return bytes;
}

/* Numbers the next messages of a batch; how many there are. */
static size_t batch_fill(char *bytes, size_t room, uint64_t sent, size_t total)
{
    size_t count = total - sent < room ? (size_t)(total - sent) : room;

    for (size_t i = 0; i < count; i++)
        stamp_put(bytes + i * STAMP_SIZE, sent + i + 1);
    return count;
}

/* ---- many outstanding ---- */

void floor_pipeline(size_t count, size_t window)
{
    struct child child = child_start();
    char *bytes = bytes_new(window * STAMP_SIZE);
    struct stamp_tally tally = {0, 0};
    uint64_t start = samples_clock();

    for (size_t sent = 0; sent < count;) {
        size_t batch = batch_fill(bytes, window, sent, count);

        child_write(child.fd, bytes, batch * STAMP_SIZE);
        child_read(child.fd, bytes, batch * STAMP_SIZE);
        for (size_t i = 0; i < batch; i++)
            stamp_count(&tally, bytes + i * STAMP_SIZE);
        sent += batch;
    }
    measure_print("rate", measure_rate(count, start, 1e6));
    if (!stamp_complete(&tally, count))
        measure_wrong("pipeline");
    child_end(&child);
    free(bytes);
}

void floor_fan(size_t count, size_t width)
{
    struct child *children = children_start(width);
    struct stamp_tally tally = {0, 0};
    char message[STAMP_SIZE] = {'x'};
    uint64_t start = samples_clock();

    count -= count % width;
    for (size_t sent = 0; sent < count; sent += width) {
        for (size_t i = 0; i < width; i++) {
            stamp_put(message, sent + i + 1);
            child_write(children[i].fd, message, sizeof message);
        }
        for (size_t i = 0; i < width; i++) {
            child_read(children[i].fd, message, sizeof message);
            stamp_count(&tally, message);
        }
    }
    measure_print("rate", measure_rate(count, start, 1e3));
    if (!stamp_complete(&tally, count))
        measure_wrong("fan");
    children_end(children, width);
}

/* ---- one way ---- */

/* Counts messages until one has the number 0, and tells. */
static void child_consume(int fd)
{
    static char bytes[BATCH * STAMP_SIZE];
    struct stamp_tally tally = {0, 0};
    size_t held = 0;
    ssize_t size;

    while ((size = read(fd, bytes + held, sizeof bytes - held)) > 0) {
        size_t end = held + (size_t)size, at = 0;

        for (; at + STAMP_SIZE <= end; at += STAMP_SIZE) {
            if (stamp_get(bytes + at) == 0)
                child_write(fd, (char *)&tally, sizeof tally);
            else
                stamp_count(&tally, bytes + at);
        }
        held = end - at;
        memmove(bytes, bytes + at, held);
    }
}

void floor_cast(size_t count, size_t more)
{
    char *bytes = bytes_new(BATCH * STAMP_SIZE);
    struct stamp_tally tally;
    struct child child;
    uint64_t start;

    (void)more;
    child_server = child_consume;
    child = child_start();
    start = samples_clock();
    for (size_t sent = 0; sent < count;) {
        size_t batch = batch_fill(bytes, BATCH, sent, count);

        child_write(child.fd, bytes, batch * STAMP_SIZE);
        sent += batch;
    }
    stamp_put(bytes, 0);
    child_write(child.fd, bytes, STAMP_SIZE);
    child_read(child.fd, (char *)&tally, sizeof tally);
    measure_print("rate", measure_rate(count, start, 1e6));
    if (!stamp_complete(&tally, count))
        measure_wrong("cast");
    child_end(&child);
    free(bytes);
}

/* ---- large ---- */

/* As a session, which hands its module the whole message. */
static void child_echo_large(int fd)
{
    char *bytes = bytes_new(STAMP_LARGE);

    for (;;) {
        child_read(fd, bytes, STAMP_LARGE);
        child_write(fd, bytes, STAMP_LARGE);
    }
}

/* There and back, in GiB a second. */
static void large_print(size_t count, uint64_t start)
{
    measure_print("rate", measure_rate(count * 2 * STAMP_LARGE, start,
                                       1024.0 * 1024 * 1024));
}

void floor_large(size_t count, size_t more)
{
    char *bytes = bytes_new(STAMP_LARGE);
    struct child child;
    uint64_t start;

    (void)more;
    child_server = child_echo_large;
    child = child_start();
    start = samples_clock();
    for (size_t i = 0; i < count; i++) {
        stamp_put_pages(bytes, STAMP_LARGE, i);
        child_write(child.fd, bytes, STAMP_LARGE);
        child_read(child.fd, bytes, STAMP_LARGE);
        if (!stamp_check_pages(bytes, STAMP_LARGE, i))
            measure_wrong("large");
    }
    large_print(count, start);
    child_end(&child);
    free(bytes);
}

void floor_memcpy(size_t count, size_t more)
{
    char *here = bytes_new(STAMP_LARGE), *there = bytes_new(STAMP_LARGE);
    uint64_t start = samples_clock();

    (void)more;
    for (size_t i = 0; i < count; i++) {
        stamp_put_pages(here, STAMP_LARGE, i);
        memcpy(there, here, STAMP_LARGE);
        memcpy(here, there, STAMP_LARGE);
        if (!stamp_check_pages(here, STAMP_LARGE, i))
            measure_wrong("memcpy");
    }
    large_print(count, start);
    free(here);
    free(there);
}

/* ---- starts ---- */

void floor_starts(size_t count, size_t window)
{
    struct child *children = calloc(count, sizeof *children);
    char message[STAMP_SIZE] = {'x'};
    uint64_t start = samples_clock();

    if (!children)
        measure_fail("calloc");
    for (size_t asked = 0, answered = 0; answered < count;) {
        if (asked < count && asked - answered < window) {
            children[asked] = child_start();
            child_write(children[asked++].fd, message, sizeof message);
            continue;
        }
        child_read(children[answered++].fd, message, sizeof message);
    }
    measure_print("rate", measure_rate(count, start, 1e3));
    children_end(children, count);
}
