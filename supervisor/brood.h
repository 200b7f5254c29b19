/* SPDX-License-Identifier: MIT */
/* supervisor/brood.h - the children of one template: it may make as many as it
 * was told to, and each becomes known by its hello, or by its end.  What is
 * more than that is nobody's session.  Pure. */
#ifndef SUPERVISOR_BROOD_H
#define SUPERVISOR_BROOD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct brood {
    uint32_t number; /* of its template among its module's; 0: none yet */
    pid_t pid;       /* of its template, which may be gone */
    uint64_t ended_ticks;   /* when that was gone, or an earlier one */
    uint64_t earlier_ticks; /* what was made by then is an earlier one's */
    uint64_t asked; /* so many were asked for, */
    uint64_t known; /* and of so many it is known what became of them */
    /* All that the module's templates had made by then is to be killed; 0:
     * nothing. */
    uint64_t condemned_ticks;
};

/* A child that has not said hello, as far as can be seen. */
struct brood_child {
    uint64_t start_ticks;
    bool in_session; /* in its template's process session */
    bool leads;      /* in one of its own */
    bool ended;
    bool overdue;    /* older than any start that is still waited for */
};

enum brood_verdict {
    BROOD_OTHER,     /* an earlier template's; what a session has left, and
                      * ended */
    BROOD_AWAITED,   /* its hello may yet come */
    BROOD_STILLBORN, /* it was asked for, and ended before its hello */
    BROOD_STRANGER,  /* nobody has asked for it */
    BROOD_CONDEMNED, /* as its template had been, when it was made */
    BROOD_LOST,      /* likewise, but no template made it: a session, or a
                      * stranger, that is no more */
};

/* Another template, for the same module, behind brood_end(). */
void brood_begin(struct brood *brood, pid_t pid);
/* It has ended: it makes no more. */
void brood_end(struct brood *brood, uint64_t now_ticks);

/* Asks for one more. */
void brood_ask(struct brood *brood);
/* What became of one that was asked for is known: of this brood, if the number
 * is its template's. */
void brood_know(struct brood *brood, uint32_t number);

/* All that there are by now are to go. */
void brood_condemn(struct brood *brood, uint64_t now_ticks);

enum brood_verdict brood_judge(const struct brood *brood,
                               const struct brood_child *child);

#endif
