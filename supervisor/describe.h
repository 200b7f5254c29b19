/* SPDX-License-Identifier: MIT */
/* supervisor/describe.h - sessions and their ends as JSON objects: "A session"
 * and "An end" of PROTOCOL.md.  NULL: no memory. */
#ifndef SUPERVISOR_DESCRIBE_H
#define SUPERVISOR_DESCRIBE_H

#include <jansson.h>

#include "confined.h"
#include "facts.h"

/* What a session's process uses now, as the kernel counts it, and the program
 * of a command module with it; zeros without one. */
struct process_usage {
    int64_t cpu_ms;
    uint64_t memory_kb; /* resident */
    char sandbox[CONFINED_TEXT_SIZE]; /* what confines it, or its program */
};
void describe_usage(const struct session_facts *facts,
                    struct process_usage *out_usage);

/* usage may be NULL: without it.  now_ms: of the monotonic clock, for how long
 * ago things were. */
json_t *describe_session(const struct session_facts *facts,
                         const struct process_usage *usage, int64_t now_ms);

/* JSON null for END_NONE. */
json_t *describe_end(const struct end *end, int64_t now_ms);

#endif
