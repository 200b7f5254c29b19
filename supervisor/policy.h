/* SPDX-License-Identifier: MIT */
/* supervisor/policy.h - when and how often a session is started again.  Pure:
 * history, settings and the end in, verdict out. */
#ifndef SUPERVISOR_POLICY_H
#define SUPERVISOR_POLICY_H

#include <stdbool.h>
#include <stdint.h>

/* The most restarts that can be configured: what a history holds. */
#define POLICY_RESTARTS_MAX 16

/* After which ends a session is started again.  The names are OTP's. */
enum policy_restart {
    POLICY_PERMANENT, /* after every end that nobody asked for */
    POLICY_TRANSIENT, /* after an abnormal one */
    POLICY_TEMPORARY, /* never */
};

struct policy_settings {
    enum policy_restart restart;
    unsigned max_restarts;  /* up to POLICY_RESTARTS_MAX */
    int64_t max_ms;         /* the time in which they count */
    int64_t first_delay_ms; /* before the second one; the first is at once */
    int64_t max_delay_ms;   /* what doubling it ends at */
    int64_t stable_ms;      /* who has lived so long clears the history */
};

/* The latest restarts of one session, oldest first. */
struct policy_history {
    unsigned count;
    int64_t restarts_ms[POLICY_RESTARTS_MAX];
    unsigned streak; /* restarts since the last stable time */
    unsigned recycles; /* in a row, of processes that lived less than
                        * first_delay_ms */
};

/* A process that has ended. */
struct policy_end {
    int64_t now_ms;
    int64_t lived_ms; /* since it was ready; 0 if it never was */
    bool normal;
    bool recycled;   /* it ended for a fresh process, as it was configured to */
    uint32_t random; /* any; spreads the delays of many sessions */
};

enum policy_decision {
    POLICY_FINAL,   /* it is not to be started again */
    POLICY_RESTART, /* start it again after the delay; the history has it */
    POLICY_GIVE_UP, /* its budget is spent */
};

struct policy_verdict {
    enum policy_decision decision;
    int64_t delay_ms; /* of a restart; else 0 */
};

struct policy_verdict policy_decide(const struct policy_settings *settings,
                                    struct policy_history *history,
                                    const struct policy_end *end);

#endif
