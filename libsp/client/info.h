/* SPDX-License-Identifier: MIT */
/* client/info.h - the inside of the public struct sp_session_info.  Pure. */
#ifndef CLIENT_INFO_H
#define CLIENT_INFO_H

#include <jansson.h>
#include <limits.h>

#include <sp/client.h>

#include "end.h"

/* The keys of a session as PROTOCOL.md has them; fields and accessors derive
 * from here.  X(key) */
#define INFO_TEXTS(X)                                                          \
    X(id)                                                                      \
    X(module)                                                                  \
    X(state)                                                                   \
    X(last_end)                                                                \
    X(doing)                                                                   \
    X(sandbox)                                                                 \
    X(fate)

/* X(type, key, low, high, without) */
#define INFO_NUMBERS(X)                                                        \
    X(pid_t, pid, 0, INT_MAX, 0)                                               \
    X(uid_t, uid, -1, UINT_MAX, -1)                                            \
    X(unsigned, restarts, 0, UINT_MAX, 0)                                      \
    X(unsigned long long, age_ms, 0, LLONG_MAX, 0)                             \
    X(unsigned long long, idle_ms, 0, LLONG_MAX, 0)                            \
    X(unsigned long long, calls, 0, LLONG_MAX, 0)                              \
    X(unsigned long long, casts, 0, LLONG_MAX, 0)                              \
    X(unsigned, waiting, 0, UINT_MAX, 0)                                       \
    X(unsigned, subscribers, 0, UINT_MAX, 0)                                   \
    X(unsigned long long, doing_ms, 0, LLONG_MAX, 0)                           \
    X(unsigned long long, log_dropped, 0, LLONG_MAX, 0)                        \
    X(unsigned long long, cpu_ms, 0, LLONG_MAX, 0)                             \
    X(unsigned long long, memory_kb, 0, LLONG_MAX, 0)                          \
    X(unsigned long long, gone_ms, 0, LLONG_MAX, 0)

/* X(key) */
#define INFO_FLAGS(X) X(paused)

/* What spd has told of every session from its first version on.  X(key) */
#define INFO_REQUIRED(X)                                                       \
    X(id)                                                                      \
    X(module)                                                                  \
    X(state)                                                                   \
    X(last_end)                                                                \
    X(pid)                                                                     \
    X(restarts)                                                                \
    X(age_ms)

#define INFO_TEXT_FIELD_(key) const char *key;
#define INFO_NUMBER_FIELD_(type, key, low, high, without) type key;
#define INFO_FLAG_FIELD_(key) bool key;

/* Strings are borrowed from the answer. */
struct sp_session_info {
    INFO_TEXTS(INFO_TEXT_FIELD_)
    INFO_NUMBERS(INFO_NUMBER_FIELD_)
    INFO_FLAGS(INFO_FLAG_FIELD_)
    bool has_end;
    struct sp_session_end end;
    json_t *answer; /* owned; NULL in a list, which owns the strings of all */
};

/* Reads one session of an answer.  SP_EPROTO: it is not one. */
enum sp_error info_decode(const json_t *session,
                          struct sp_session_info *out_info);

/* Makes an info of spd's answer to CONTROL_INFO.  The answer is taken over,
 * whatever the outcome.  SP_EPROTO: it makes no sense.  SP_ENOMEM. */
enum sp_error info_take(json_t *answer, struct sp_session_info **out_info);

/* Whether it is the memory of a session that is no more. */
bool info_is_gone(const struct sp_session_info *info);

/* "no such session (FATE, 12 s ago)" as the outcome.  result may be NULL. */
enum sp_error info_refuse_gone(const struct sp_session_info *info,
                               struct sp_result *result);

#endif
