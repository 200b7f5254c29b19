/* SPDX-License-Identifier: MIT */
/* A child for each primitive, with a deadline: one that hangs or is killed is a
 * finding too.  How they are tried is primitives.c. */
#define _GNU_SOURCE
#include "probe.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "primitives.h"
#include "sandbox/death.h"
#include "wire/template.h"

#define DEADLINE_MS 1000

static _Noreturn void run_child(enum primitive primitive, uid_t uid,
                                pid_t parent, int out)
{
    struct primitive_finding finding = {.state = PRIMITIVE_UNKNOWN};

    if (death_link(parent) < 0)
        _exit(WORKER_EXIT_ORPHAN);
    primitive_try(primitive, uid, &finding);
    _exit(write(out, &finding, sizeof finding) == sizeof finding
              ? WORKER_EXIT_NORMAL
              : WORKER_EXIT_RUNTIME);
}

/* False: it said nothing in time. */
static bool receive(int in, struct primitive_finding *out_finding)
{
    struct pollfd poller = {.fd = in, .events = POLLIN};

    return poll(&poller, 1, DEADLINE_MS) == 1 &&
           read(in, out_finding, sizeof *out_finding) ==
               sizeof *out_finding;
}

static void tell_failure(struct primitive_finding *finding, const char *what)
{
    finding->state = PRIMITIVE_UNKNOWN;
    snprintf(finding->detail, sizeof finding->detail, "%s", what);
}

static void explain_silence(int status, struct primitive_finding *finding)
{
    char words[64] = "it did not come back in time";

    if (WIFSIGNALED(status) && WTERMSIG(status) != SIGKILL)
        snprintf(words, sizeof words, "whoever tried it was ended by SIG%s",
                 sigabbrev_np(WTERMSIG(status)));
    tell_failure(finding, words);
}

static void try_one(enum primitive primitive, uid_t uid,
                    struct primitive_finding *finding)
{
    pid_t parent = getpid(), pid;
    int status = 0;
    int ends[2];
    bool told;

    if (pipe(ends) < 0) {
        tell_failure(finding, "it could not be tried: no pipe");
        return;
    }
    pid = fork();
    if (pid == 0)
        run_child(primitive, uid, parent, ends[1]);
    close(ends[1]);
    if (pid > 0) {
        told = receive(ends[0], finding);
        kill(pid, SIGKILL);
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
            continue;
        while (waitpid(-1, NULL, 0) > 0) /* a fork with CLONE_PARENT */
            continue;
        if (!told)
            explain_silence(status, finding);
    } else {
        tell_failure(finding, "it could not be tried: no process");
    }
    close(ends[0]);
}

static bool parse_uid(const char *text, uid_t *out_uid)
{
    unsigned long uid;
    char *end;

    errno = 0;
    uid = strtoul(text, &end, 10);
    if (errno != 0 || end == text || *end || uid == 0 || uid >= SANDBOX_NO_UID)
        return false;
    *out_uid = (uid_t)uid;
    return true;
}

int probe_run(const char *uid_text)
{
    uid_t uid = SANDBOX_NO_UID;
    pid_t parent = getppid();

    if (uid_text && !parse_uid(uid_text, &uid))
        return WORKER_EXIT_USAGE;
    if (death_link(parent) < 0)
        return WORKER_EXIT_ORPHAN;
    for (int i = 0; i < PRIMITIVES; i++) {
        struct primitive_finding finding = {.state = PRIMITIVE_UNKNOWN};
        char line[PRIMITIVE_LINE_SIZE];

        try_one((enum primitive)i, uid, &finding);
        if (finding.state == PRIMITIVE_UNKNOWN && !*finding.detail)
            continue; /* for spd to say */
        fwrite(line, 1, primitive_line((enum primitive)i, &finding, line),
               stdout);
    }
    return fflush(stdout) == 0 ? WORKER_EXIT_NORMAL : WORKER_EXIT_RUNTIME;
}
