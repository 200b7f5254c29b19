/* SPDX-License-Identifier: MIT */
/* What a large call costs: of no payload are more than two copies held at once,
 * neither by the client nor by the session, whichever way it goes.  Measured
 * by the peak of resident memory (VmHWM). */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sp/async.h>

#include "async_scene.h"
#include "support/harness.h"
#include "support/leaks.h"

#define MIB 1024ul /* in KiB, as the kernel tells memory */
#define SIZE (16 * 1024 * 1024)
/* What the heap, a connection's buffer and the kernel's counting in batches
 * may add. */
#define SLACK (2 * MIB)

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MEASURED false
#else
#define MEASURED true
#endif

static struct harness *harness;
static struct sp_client *client;
static struct sp_async *async;
static char *body; /* the caller's own: it is there before anything is */
static struct sp_result *result;
static pid_t session;

/* Exactly at the limit, which is the configuration's. */
static void setup(void)
{
    harness = harness_start(HARNESS_PROBE_CONFIG
                            "[module wide]\npath = @PROBE@\n"
                            "max_message = 40M\nmax_reply_queue = 64M\n");
    (void)harness;
}

static void teardown(void)
{
    harness_stop(harness);
    leaks_check();
}

static unsigned long peak_of(pid_t pid)
{
    char path[64], line[256];
    unsigned long kib = 0;
    FILE *file;

    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    file = fopen(path, "re");
    cr_assert(file);
    while (fgets(line, sizeof line, file))
        if (sscanf(line, "VmHWM: %lu", &kib) == 1)
            break;
    fclose(file);
    cr_assert_gt(kib, 0u);
    return kib;
}
