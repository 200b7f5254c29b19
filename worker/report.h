/* SPDX-License-Identifier: MIT */
/* worker/report.h - the session's side of its slot (wire/slot.h): what it tells
 * spd about itself, and what spd wants of it.
 *
 * For every message: no system call, no allocation, no order between the
 * fields.  The page is not in any process that the module forks. */
#ifndef WORKER_REPORT_H
#define WORKER_REPORT_H

#include <stdint.h>

#include "wire/slot.h"

/* Maps page number `page` of the template's slots, for as long as the process
 * lives.  NULL and errno. */
struct slot *report_open(int slots_fd, uint32_t page);

/* A handler begins.  request: of a call or cast (id 0: it has none); NULL for
 * the others. */
void report_begin(struct slot *slot, enum slot_doing doing,
                  const struct slot_request *request);
/* It has ended.  Returns how many milliseconds it ran, 4 more or less. */
int64_t report_end(struct slot *slot);

/* Calls and casts begun so far. */
uint64_t report_handled(const struct slot *slot);

void report_load(struct slot *slot, uint32_t waiting, uint32_t subscribers);
void report_log_drop(struct slot *slot);

/* Why the process ends now, in the middle of a handler: no goodbye. */
void report_last_words(struct slot *slot, const char *reason);
/* The last word: how the session ends, and why. */
void report_goodbye(struct slot *slot, enum sp_end end, const char *reason);

/* What spd wants, read once.  An end that is none is SP_END_STOP. */
struct report_order {
    enum slot_command command;
    enum sp_end end;
    char text[SLOT_TEXT_SIZE];
};
void report_order_get(const struct slot *slot, struct report_order *out_order);

#endif
