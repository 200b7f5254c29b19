/* SPDX-License-Identifier: MIT */
/* unit/conn_scene.h - one connection of the client, at one end of a socketpair;
 * the test is the session at the other.  Nothing here waits: each test says
 * when the socket can be read or written. */
#ifndef UNIT_CONN_SCENE_H
#define UNIT_CONN_SCENE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/conn.h"

#define MIB (1024 * 1024)

extern struct conn conn;
extern int peer;  /* -1: closed */
extern int overs; /* how often on_over was called */

#define ENDS_MAX 512
extern const struct conn_request *ends[ENDS_MAX]; /* in the order of on_over */

/* For each test; the last one, with the check of leaks_check(). */
void conn_scene_set(void);
void conn_scene_clear(void);
void conn_scene_end(void);

#define CONN_SUITE(name)                                                       \
    TestSuite(name, .init = conn_scene_set, .fini = conn_scene_end,            \
              .timeout = 30)

/* ---- the client's side ---- */

/* Each counts in `overs` when it is over. */
struct conn_request request_of(enum conn_kind kind, const void *body,
                               size_t size);
struct conn_request call_of(const char *body);
bool is_over(const struct conn_request *request);
void expect_end(const struct conn_request *request, enum sp_error error,
                enum sp_progress progress);
/* Frees the reply, too. */
void expect_reply(struct conn_request *request, const char *body);

/* ---- the session's side ---- */

void peer_say(const void *bytes, size_t size);
void peer_greet(enum wire_protocol own);
/* The bytes before a body of this size. */
void peer_head(uint8_t head[13], uint32_t id, uint64_t size);
void peer_reply(uint32_t id, const void *body, size_t size);
/* Replies, and has the connection read it. */
void peer_answer(const struct conn_request *request, const char *body);
/* Reads what has come, all of it; returns how much. */
size_t peer_hear(uint8_t *out, size_t size);
void peer_forget(void);
void peer_close(void);

#endif
