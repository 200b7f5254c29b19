/* SPDX-License-Identifier: MIT */
/* client/ask.h - one question to spd and its answer. */
#ifndef CLIENT_ASK_H
#define CLIENT_ASK_H

#include "client.h"
#include "wire/control.h"

/* Encodes a question; the caller frees it with free().  SP_EMSGSIZE: no spd
 * takes one so large.  SP_ENOMEM. */
enum sp_error ask_encode(const struct control_request *request,
                         char **out_json, size_t *out_size);

/* Concludes a question that was answered: the result's data is spd's answer as
 * it came, and becomes the outcome.  *out_answer is always written: what spd
 * answered, also with an error, to be json_decref()ed by the caller; NULL if it
 * made no sense. */
enum sp_error ask_conclude(struct sp_result *result, json_t **out_answer);

/* Sends the request and waits for the answer, SP_TIMEOUT_DEFAULT at most.
 * result (NULL allowed) gets the outcome, without data.  *out_answer is always
 * written: what spd answered, also with an error, to be json_decref()ed by the
 * caller; NULL without an answer. */
enum sp_error ask(struct sp_client *client,
                  const struct control_request *request,
                  struct sp_result *result, json_t **out_answer);

/* The same with a deadline of the caller's. */
enum sp_error ask_until(struct sp_client *client,
                        const struct control_request *request, int64_t deadline,
                        struct sp_result *result, json_t **out_answer);

/* The same without the last step, ask_conclude(): the data of reply is the
 * answer as it came. */
enum sp_error ask_plainly(struct sp_client *client,
                          const struct control_request *request,
                          int64_t deadline, struct sp_result *reply);

/* Asks what spd may take its time to answer (`wait`, `events`), up to the
 * deadline or CONTROL_TIMEOUT_MAX_MS, whichever is sooner: sets the request's
 * timeout_ms.  spd's time begins when it has read the question, so its answer
 * is waited for beyond the deadline. */
enum sp_error ask_patiently(struct sp_client *client,
                            struct control_request *request, int64_t deadline,
                            struct sp_result *result, json_t **out_answer);

/* A request about one session; the ID is valid. */
struct control_request ask_about(enum control_op op, const char *id);

/* An integer of an answer's object that is within limits, else `otherwise`. */
long long ask_integer(const json_t *object, const char *key, long long low,
                      long long high, long long otherwise);

#endif
