/* SPDX-License-Identifier: MIT */
/* supervisor/policy.h - when and how often a session is started again.  Pure:
 * history, settings and clock in, decision out. */
#ifndef SUPERVISOR_POLICY_H
#define SUPERVISOR_POLICY_H

#include <stdbool.h>
#include <stdint.h>

/* The most restarts that can be configured: what a history holds. */
#define POLICY_RESTARTS_MAX 16

struct policy_settings {
    unsigned max_restarts; /* up to POLICY_RESTARTS_MAX */
    int64_t max_ms;        /* the time in which they count */
};

/* The latest restarts of one session, oldest first. */
struct policy_history {
    unsigned count;
    int64_t restarts_ms[POLICY_RESTARTS_MAX];
};

enum policy_decision {
    POLICY_FINAL,   /* it ended normally: that is the end */
    POLICY_RESTART, /* start it again now; the history has it */
    POLICY_GIVE_UP, /* its budget is spent */
};

/* A session's process has ended at now_ms, normally or not. */
enum policy_decision policy_decide(const struct policy_settings *settings,
                                   struct policy_history *history,
                                   int64_t now_ms, bool normal);

#endif
