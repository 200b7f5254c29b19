/* SPDX-License-Identifier: MIT */
/* supervisor/facts.h - what there is to know of one session at one time: for
 * `info`, `list`, events, and for a while after its end (tombstones.h). */
#ifndef SUPERVISOR_FACTS_H
#define SUPERVISOR_FACTS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <sp/id.h>

#include "end.h"

#define FACTS_FATE_SIZE 640

struct session_facts {
    char id[SP_ID_MAX + 1];
    char module[SP_ID_MAX + 1];
    bool command;      /* its process runs a program */
    const char *state; /* its name; static */
    bool paused;
    uid_t uid;         /* who started it */
    pid_t pid;         /* 0 without a process */
    unsigned restarts;
    int64_t now_ms;    /* when this was so */
    int64_t age_ms;    /* since its start */
    int64_t idle_ms;   /* since it last did something; 0: busy */
    struct slot_view told; /* by its process; all zeros without one */
    int64_t doing_ms;  /* how long it has been at told.doing */
    uint64_t log_dropped;  /* lines of its process that spd held back */
    struct end end;    /* of its last process */
    char fate[FACTS_FATE_SIZE]; /* once it is gone: why, in words */
};

#endif
