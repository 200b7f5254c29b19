/* SPDX-License-Identifier: MIT */
/* Counts what was asked for and what came of it. */
#include "brood.h"

void brood_begin(struct brood *brood, pid_t pid, uint64_t start_ticks)
{
    brood->number++;
    brood->pid = pid;
    brood->start_ticks = start_ticks;
    brood->asked = brood->known = 0;
}

void brood_ask(struct brood *brood)
{
    brood->asked++;
}

void brood_know(struct brood *brood, uint32_t number)
{
    if (number == brood->number && brood->known < brood->asked)
        brood->known++;
}

void brood_condemn(struct brood *brood, uint64_t now_ticks)
{
    brood->condemned_ticks = now_ticks;
}

/* A child of an earlier template is not older than that template's end, which
 * its successor's start follows; ticks are 10 ms, so that one of the same tick
 * may be either's.  The first template has no earlier one. */
static bool is_earlier(const struct brood *brood,
                       const struct brood_child *child)
{
    return brood->number == 0 ||
           (brood->number > 1 && !child->in_session &&
            child->start_ticks <= brood->start_ticks);
}

enum brood_verdict brood_judge(const struct brood *brood,
                               const struct brood_child *child)
{
    bool awaited = brood->asked > brood->known;

    if (child->start_ticks <= brood->condemned_ticks)
        return BROOD_CONDEMNED;
    if (is_earlier(brood, child))
        return BROOD_OTHER;
    if (!child->in_session && !child->leads)
        return BROOD_LOST;
    if (child->ended)
        return awaited ? BROOD_STILLBORN : BROOD_STRANGER;
    return awaited && !child->overdue ? BROOD_AWAITED : BROOD_STRANGER;
}
