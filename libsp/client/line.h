/* SPDX-License-Identifier: MIT */
/* client/line.h - a connection shared by threads that wait for their replies.
 *
 * All threads of a client that talk to one session share one line, so that
 * their messages are handled in the order in which they were sent.  One waiting
 * thread at a time reads for all of them; it hands over when its own reply is
 * there. */
#ifndef CLIENT_LINE_H
#define CLIENT_LINE_H

#include "cache.h"
#include "conn.h"
#include "outcome.h"

struct place;
struct sp_result;

struct line;

/* For a cache; its context is the struct place, which is borrowed. */
extern const struct cache_type line_cache_type;

struct line *line_of_entry(struct cache_entry *entry);

/* Sends one request and waits until it is over, connecting first if need be.
 * result is written whatever the outcome. */
enum outcome line_run(struct line *line, enum conn_kind kind, const void *body,
                      size_t size, int64_t deadline,
                      struct sp_result *result);

/* Whether the line can take another request. */
bool line_usable(struct line *line);

#endif
