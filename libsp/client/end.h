/* SPDX-License-Identifier: MIT */
/* client/end.h - the inside of the public struct sp_session_end. */
#ifndef CLIENT_END_H
#define CLIENT_END_H

#include <jansson.h>
#include <limits.h>

#include <sp/client.h>

/* The keys of an end as PROTOCOL.md has them; fields and accessors derive from
 * here.  X(key) */
#define END_TEXTS(X)                                                           \
    X(text)                                                                    \
    X(signal)                                                                  \
    X(limit)                                                                   \
    X(asked)                                                                   \
    X(reason)                                                                  \
    X(doing)

/* X(type, key, low, high, without) */
#define END_NUMBERS(X)                                                         \
    X(int, code, 0, INT_MAX, 0)                                                \
    X(uid_t, by_uid, -1, UINT_MAX, -1)                                         \
    X(pid_t, by_pid, 0, INT_MAX, 0)                                            \
    X(unsigned long long, lived_ms, 0, LLONG_MAX, 0)                           \
    X(unsigned long long, cpu_ms, 0, LLONG_MAX, 0)                             \
    X(unsigned long long, peak_kb, 0, LLONG_MAX, 0)                            \
    X(unsigned long long, doing_ms, 0, LLONG_MAX, 0)                           \
    X(unsigned long long, calls, 0, LLONG_MAX, 0)                              \
    X(unsigned long long, casts, 0, LLONG_MAX, 0)                              \
    X(unsigned long long, ago_ms, 0, LLONG_MAX, 0)

/* X(key) */
#define END_FLAGS(X) X(core)

#define END_TEXT_FIELD_(key) const char *key;
#define END_NUMBER_FIELD_(type, key, low, high, without) type key;
#define END_FLAG_FIELD_(key) bool key;

/* Strings are borrowed from the answer. */
struct sp_session_end {
    END_TEXTS(END_TEXT_FIELD_)
    END_NUMBERS(END_NUMBER_FIELD_)
    END_FLAGS(END_FLAG_FIELD_)
};

/* Reads the end of an answer.  SP_EPROTO: it is not one. */
enum sp_error end_decode(const json_t *object, struct sp_session_end *out_end);

#endif
