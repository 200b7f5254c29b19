/* SPDX-License-Identifier: MIT */
/* Starts and stops bare_endpoint for tests/integration/. */
#define _GNU_SOURCE
#include "bare.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/raw_peer.h"
#include "support/wait.h"

#define LIMITS_MAX 8

void bare_start_with(struct bare *out_bare, const char *const limits[])
{
    const char *argv[LIMITS_MAX + 3] = {SP_TEST_BARE_ENDPOINT, out_bare->path};
    int ends[2];

    *out_bare = (struct bare){.leftovers = leftovers_note()};
    leftovers_directory(out_bare->dir);
    snprintf(out_bare->path, sizeof out_bare->path, "%s/socket", out_bare->dir);
    for (size_t i = 0; limits[i]; i++) {
        cr_assert_lt(i, LIMITS_MAX);
        argv[i + 2] = limits[i];
    }
    cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
    out_bare->life = ends[1];
    program_start(&(struct program_options){.argv = argv, .input_fd = ends[0]},
                  &out_bare->program);
    close(ends[0]);
    cr_assert(program_wait_output(&out_bare->program, "\n", WAIT_MS),
              "bare_endpoint did not start: %s",
              program_err(&out_bare->program));
}

void bare_stop(struct bare *bare)
{
    int status;

    close(bare->life);
    status = program_wait(&bare->program, WAIT_MS);
    cr_assert_eq(status, 0, "bare_endpoint: %d: %s", status,
                 program_err(&bare->program));
    program_fini(&bare->program);
    leftovers_check_empty(bare->dir);
    leftovers_remove(bare->dir);
    leftovers_check(bare->leftovers);
}

uint64_t bare_counter(const struct bare *bare, const char *name)
{
    struct raw_message reply;
    const char *found;
    char key[64];
    uint64_t value;

    raw_call(bare->path, "counters", 8, &reply);
    snprintf(key, sizeof key, "%s=", name);
    found = strstr((const char *)reply.bytes, key);
    cr_assert_not_null(found, "no counter %s", name);
    value = strtoull(found + strlen(key), NULL, 10);
    raw_message_fini(&reply);
    return value;
}

struct reaching {
    const struct bare *bare;
    const char *name;
    uint64_t value;
};

static bool reached(void *context)
{
    const struct reaching *reaching = context;

    return bare_counter(reaching->bare, reaching->name) >= reaching->value;
}

void bare_wait_counter(const struct bare *bare, const char *name,
                       uint64_t value)
{
    struct reaching reaching = {bare, name, value};

    cr_assert(wait_for(reached, &reaching, WAIT_MS), "%s stays at %llu", name,
              (unsigned long long)bare_counter(bare, name));
}

uint64_t bare_memory(const struct bare *bare)
{
    unsigned long long pages = 0;
    char path[64];
    FILE *file;

    snprintf(path, sizeof path, "/proc/%d/statm", (int)bare->program.pid);
    file = fopen(path, "re");
    cr_assert_not_null(file);
    cr_assert_eq(fscanf(file, "%llu", &pages), 1);
    fclose(file);
    return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}
