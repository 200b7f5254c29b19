/* SPDX-License-Identifier: MIT */
/* spd gets the library by its environment.  It gives its workers none: for them
 * a script stands in, which sets it and becomes sp-worker.  Programs with
 * AddressSanitizer must be told that something may come before it. */
#define _GNU_SOURCE
#include "preload.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static void open_clock(struct preload *preload)
{
    char path[64];
    int fd;

    snprintf(path, sizeof path, "%s/clock", preload->dir);
    fd = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    cr_assert(fd >= 0 && ftruncate(fd, sizeof *preload->clock_s) == 0);
    preload->clock_s = mmap(NULL, sizeof *preload->clock_s,
                            PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    cr_assert_neq(preload->clock_s, MAP_FAILED);
    close(fd);
}

static void write_worker(const struct preload *preload, const char *path)
{
    FILE *script = fopen(path, "we");

    cr_assert_not_null(script);
    fputs("#!/bin/sh\n", script);
    for (size_t i = 0; i < 3; i++)
        fprintf(script, "export '%s'\n", preload->words[i]);
    fputs("exec '" SP_TEST_WORKER "' \"$@\"\n", script);
    cr_assert_eq(fclose(script), 0);
    cr_assert_eq(chmod(path, 0700), 0);
}

struct harness *preload_start(struct preload *out_preload, const char *library,
                              const char *config)
{
    char worker[64], whole[1024];

    *out_preload = (struct preload){0};
    leftovers_directory(out_preload->dir);
    open_clock(out_preload);
    snprintf(out_preload->words[0], sizeof out_preload->words[0],
             "LD_PRELOAD=%s", library);
    snprintf(out_preload->words[1], sizeof out_preload->words[1],
             "SP_TEST_CLOCK=%s/clock", out_preload->dir);
    snprintf(out_preload->words[2], sizeof out_preload->words[2],
             "ASAN_OPTIONS=verify_asan_link_order=0");
    out_preload->before[0] = "env";
    for (size_t i = 0; i < 3; i++)
        out_preload->before[i + 1] = out_preload->words[i];
    snprintf(worker, sizeof worker, "%s/worker", out_preload->dir);
    write_worker(out_preload, worker);
    cr_assert_lt(snprintf(whole, sizeof whole,
                          "[supervisor]\nworker = %s\nevents = 10000\n%s",
                          worker, config),
                 (int)sizeof whole);
    return harness_start_under(whole, out_preload->before);
}

void preload_fini(struct preload *preload)
{
    munmap((void *)preload->clock_s, sizeof *preload->clock_s);
    leftovers_remove(preload->dir);
}
