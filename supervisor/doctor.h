/* SPDX-License-Identifier: MIT */
/* supervisor/doctor.h - what there is on this machine to confine sessions with:
 * runs sp-worker --probe, reads what it prints as strangers' bytes, and adds
 * what spd alone knows.  Never waits: whoever asks while it runs shares its
 * answer. */
#ifndef SUPERVISOR_DOCTOR_H
#define SUPERVISOR_DOCTOR_H

#include <event2/event_struct.h>
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>
#include <sys/types.h>

#include "wire/primitive.h"

struct cgroup;
struct doctor_ask;
struct event_base;
struct supervisor_settings;

struct doctor {
    struct event_base *base;                    /* borrowed */
    const struct supervisor_settings *settings; /* borrowed */
    const char *runtime_dir;                    /* borrowed */
    const struct cgroup *cgroup; /* borrowed */
    TAILQ_HEAD(, doctor_ask) asks;
    size_t count;
    pid_t pid;  /* of the program that tries; 0: none runs */
    int pidfd;  /* owned; -1 */
    int out_fd; /* owned; what it prints; -1 */
    bool late;  /* it was killed for it */
    struct event exit;
    struct event deadline;
};

/* report: NULL if there is none; text then says why.  Both are the doctor's,
 * for the length of the call. */
typedef void doctor_told(void *context, const struct primitive_report *report,
                         const char *text);

void doctor_init(struct doctor *doctor, struct event_base *base,
                 const struct supervisor_settings *settings,
                 const char *runtime_dir, const struct cgroup *cgroup);
/* Ends the program that tries, and tells those that wait that there is no
 * report. */
void doctor_fini(struct doctor *doctor);

/* Tells it exactly once, perhaps from inside this call. */
void doctor_ask(struct doctor *doctor, doctor_told *told, void *context);

/* Whether this child of spd is the program that tries. */
bool doctor_runs(const struct doctor *doctor, pid_t pid);

/* The answer of `doctor` (PROTOCOL.md).  NULL: no memory. */
json_t *doctor_answer(const struct primitive_report *report);

#endif
