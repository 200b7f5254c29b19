/* SPDX-License-Identifier: MIT */
/* Counts what was asked for and what came of it. */
#include "brood.h"

void brood_begin(struct brood *brood, pid_t pid)
{
    brood->number++;
    brood->pid = pid;
    brood->earlier_ticks = brood->ended_ticks;
    brood->asked = brood->known = 0;
}

void brood_end(struct brood *brood, uint64_t now_ticks)
{
    brood->ended_ticks = now_ticks;
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

/* An earlier template has made none after its end.  Ticks are 10 ms: one of the
 * same tick may be either's, and is left to its age. */
static bool is_earlier(const struct brood *brood,
                       const struct brood_child *child)
{
    return brood->number == 0 ||
           (!child->in_session && child->start_ticks <= brood->earlier_ticks);
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
        return child->ended ? BROOD_OTHER : BROOD_LOST;
    if (child->ended)
        return awaited ? BROOD_STILLBORN : BROOD_STRANGER;
    return awaited && !child->overdue ? BROOD_AWAITED : BROOD_STRANGER;
}
