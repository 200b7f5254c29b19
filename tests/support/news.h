/* SPDX-License-Identifier: MIT */
/* support/news.h - the events of a supervisor, as tests look at them. */
#ifndef SUPPORT_NEWS_H
#define SUPPORT_NEWS_H

#include <jansson.h>

#include "support/harness.h"

/* An id of "" stands for templates, which are no session's. */

/* The kinds of all events of this session so far, in their order, with one
 * space between: "start ready stop".  The caller frees it. */
char *news_kinds(const struct harness *harness, const char *id);

/* Waits until the session's events are exactly these, and fails if that never
 * comes. */
void news_expect(const struct harness *harness, const char *id,
                 const char *kinds);

/* The latest event of this kind, which is waited for; fails past the deadline.
 * The caller's to json_decref(). */
json_t *news_latest(const struct harness *harness, const char *id,
                    const char *kind);

/* The latest event of this kind has this text. */
void news_expect_text(const struct harness *harness, const char *id,
                      const char *kind, const char *text);

/* The end that this event tells has this text under this key. */
void news_expect_end(const struct harness *harness, const char *id,
                     const char *kind, const char *key, const char *value);

/* All events of all sessions, oldest first: an array, the caller's to
 * json_decref().  Fails if one is no longer kept. */
json_t *news_all(const struct harness *harness);

/* How many of these are of this session and kind; NULL stands for any. */
unsigned news_count(const json_t *events, const char *id, const char *kind);

#endif
