/* SPDX-License-Identifier: MIT */
/* support/asking.h - ask spd and its sessions over plain sockets, without
 * libsp: one connection a question.  What makes no sense fails the test. */
#ifndef SUPPORT_ASKING_H
#define SUPPORT_ASKING_H

#include <jansson.h>
#include <stdint.h>
#include <sys/types.h>

#include <sp/error.h>

#include "support/harness.h"

/* What spd answered; ends with answer_fini(). */
struct answer {
    enum sp_error error;
    pid_t pid;            /* 0 without one */
    char text[SP_TEXT_MAX + 1]; /* "" for SP_OK */
    json_t *object;       /* owned */
};
void answer_fini(struct answer *answer);

/* Asks in JSON. */
struct answer ask(const struct harness *harness, const char *json);
/* The same where the answer must be "ok", and nothing more matters. */
void ask_ok(const struct harness *harness, const char *json);

/* Starts a session; module and arg may be NULL.  The error alone. */
enum sp_error ask_start(const struct harness *harness, const char *id,
                        const char *module, const char *arg);

/* Starts a session that must start; its pid. */
pid_t ask_started(const struct harness *harness, const char *id,
                  const char *module, const char *arg);

/* Starts one that must not: its error must be this, and its text hold that. */
void ask_refused(const struct harness *harness, const char *id,
                 const char *module, const char *arg, enum sp_error wanted,
                 const char *text);

/* Ends a session and waits until it is gone. */
enum sp_error ask_stop(const struct harness *harness, const char *id);

/* A session's pid, restarts and state now; SP_ENOENT. */
struct session_facts {
    pid_t pid;
    unsigned restarts;
    char state[16];
    char last_end[256];
};
enum sp_error ask_info(const struct harness *harness, const char *id,
                       struct session_facts *out_facts);

/* How many sessions there are. */
size_t ask_count(const struct harness *harness);

/* A number of `stats`. */
json_int_t ask_counter(const struct harness *harness, const char *name);
/* How many descriptors spd has, but for that of the question.  (The kernel
 * shows them to nobody but root.) */
size_t ask_descriptors(const struct harness *harness);

/* Waits until the session is gone, or has been restarted this often and runs.
 * Fails past the deadline. */
void ask_until_gone(const struct harness *harness, const char *id);
pid_t ask_until_restarted(const struct harness *harness, const char *id,
                          unsigned restarts);

/* Calls a session; the reply's body, which the caller frees. */
char *session_call(const struct harness *harness, const char *id,
                   const char *request);

/* Calls it and fails unless this is the reply's body. */
void session_expect(const struct harness *harness, const char *id,
                    const char *request, const char *body);

/* Sends a message by PUSH. */
void session_cast(const struct harness *harness, const char *id,
                  const char *message);

/* A request of which no reply is awaited: on a connection that lives until
 * raw_peer_close().  Its number, 1, 2 and so on in each test: one that ended a
 * session is not run again under the same number. */
struct raw_peer;
uint32_t session_send(const struct harness *harness, const char *id,
                      const char *request, struct raw_peer *out_peer);

/* Sends a request that ends the session's process, and waits until it has. */
void session_end_by(const struct harness *harness, const char *id,
                    const char *request);

#endif
