/* SPDX-License-Identifier: MIT */
/* wire/control.h - requests on the control socket, JSON to struct and back.
 * Pure (jansson, no sockets); see PROTOCOL.md, "Control".
 *
 * The table is the only list of operations: spd's dispatch, the client's
 * requests and the decoder's checks derive from it. */
#ifndef WIRE_CONTROL_H
#define WIRE_CONTROL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <sp/error.h>
#include <sp/id.h>

/* The largest request, and how deep it may be. */
#define CONTROL_REQUEST_MAX (1024 * 1024)
#define CONTROL_DEPTH_MAX 4
/* What spd says may nest deeper than it does today: who reads it skips what it
 * does not know. */
#define CONTROL_TOLD_DEPTH_MAX 16
/* No list of spd's is longer: there are no more processes on Linux. */
#define CONTROL_ITEMS_MAX (4 * 1024 * 1024)

/* The keys of requests. */
enum control_key {
    CONTROL_KEY_ID = 1 << 0,
    CONTROL_KEY_PID = 1 << 1,
    CONTROL_KEY_MODULE = 1 << 2,
    CONTROL_KEY_ARG = 1 << 3,
    CONTROL_KEY_ARG_BASE64 = 1 << 4,
    CONTROL_KEY_DRAIN = 1 << 5,
    CONTROL_KEY_DETAILED = 1 << 6,
    CONTROL_KEY_SIGNAL = 1 << 7,
    CONTROL_KEY_FOR = 1 << 8,
    CONTROL_KEY_TIMEOUT = 1 << 9,
    CONTROL_KEY_SINCE = 1 << 10,
    CONTROL_KEY_AFTER = 1 << 11,
};

/* X(NAME, name): what `wait` may wait for. */
#define CONTROL_WAIT_TABLE(X)                                                  \
    X(READY, "ready")                                                          \
    X(GONE, "gone")                                                            \
    X(RESTARTED, "restarted")

enum control_wait {
#define CONTROL_WAIT_ENUM_(NAME, name) CONTROL_WAIT_##NAME,
    CONTROL_WAIT_TABLE(CONTROL_WAIT_ENUM_)
#undef CONTROL_WAIT_ENUM_
        CONTROL_WAITS
};

/* The longest time that `wait` and `events` wait before they answer; who wants
 * more asks again. */
#define CONTROL_TIMEOUT_MAX_MS 60000

/* X(op, NAME, one_of, optional): exactly one of the keys in one_of (if any)
 * must be there; those in optional may. */
#define CONTROL_OP_TABLE(X)                                                    \
    X(ping, PING, 0, 0)                                                        \
    X(start, START, CONTROL_KEY_ID,                                            \
      CONTROL_KEY_MODULE | CONTROL_KEY_ARG | CONTROL_KEY_ARG_BASE64)           \
    X(stop, STOP, CONTROL_KEY_ID | CONTROL_KEY_PID, CONTROL_KEY_DRAIN)         \
    X(restart, RESTART, CONTROL_KEY_ID, 0)                                     \
    X(pause, PAUSE, CONTROL_KEY_ID, 0)                                         \
    X(resume, RESUME, CONTROL_KEY_ID, 0)                                       \
    X(signal, SIGNAL, CONTROL_KEY_ID, CONTROL_KEY_SIGNAL)                      \
    X(touch, TOUCH, CONTROL_KEY_ID, 0)                                         \
    X(wait, WAIT, CONTROL_KEY_ID,                                              \
      CONTROL_KEY_FOR | CONTROL_KEY_PID | CONTROL_KEY_TIMEOUT)                 \
    X(cause, CAUSE, CONTROL_KEY_ID, CONTROL_KEY_SINCE)                         \
    X(info, INFO, CONTROL_KEY_ID, 0)                                           \
    X(list, LIST, 0, CONTROL_KEY_DETAILED)                                     \
    X(modules, MODULES, 0, 0)                                                  \
    X(events, EVENTS, 0,                                                       \
      CONTROL_KEY_AFTER | CONTROL_KEY_TIMEOUT | CONTROL_KEY_ID)                \
    X(stats, STATS, 0, 0)                                                      \
    X(doctor, DOCTOR, 0, 0)                                                    \
    X(reload, RELOAD, 0, 0)

enum control_op {
#define CONTROL_OP_ENUM_(op, NAME, one_of, optional) CONTROL_##NAME,
    CONTROL_OP_TABLE(CONTROL_OP_ENUM_)
#undef CONTROL_OP_ENUM_
        CONTROL_OPS
};

#define CONTROL_MODULE_MAX 64 /* a module's name: [A-Za-z0-9_-]{1,64} */

struct control_request {
    enum control_op op;
    unsigned keys;                       /* enum control_key, those given */
    char id[SP_ID_MAX + 1];              /* valid */
    char module[CONTROL_MODULE_MAX + 1]; /* "" without the key */
    pid_t pid;                           /* > 0 */
    uint8_t *arg;                        /* owned; NULL without one */
    size_t arg_size;
    bool drain;
    bool detailed;
    int signal;             /* its number, from "USR1" or "SIGUSR1" */
    enum control_wait wait; /* READY without the key */
    int64_t timeout_ms;     /* 0 to CONTROL_TIMEOUT_MAX_MS, the default */
    int64_t since_ms;       /* how long ago, 0 or more */
    int64_t after;          /* a number of an event, 0 or more */
};

/* Decodes a request.  SP_OK: the caller ends it with control_request_fini().
 * SP_EINVAL, SP_EBADID, SP_EMODULE, SP_EMSGSIZE, SP_ENOMEM: out_text (of
 * text_size bytes) says what was wrong and where. */
enum sp_error control_request_decode(const void *json, size_t size,
                                     struct control_request *out_request,
                                     char *out_text, size_t text_size);
void control_request_fini(struct control_request *request);

/* The number of the signal "USR1" or "SIGUSR1"; 0 if there is none. */
int control_signal(const char *name);

/* Encodes a request; the caller frees the string with free().  NULL if there
 * is no memory.  The argument goes as base64. */
char *control_request_encode(const struct control_request *request,
                             size_t *out_size);

/* A new answer {"ok": true}, to which the caller adds keys; or an error's with
 * number, name and text (made printable; NULL: sp_strerror()).  NULL if there
 * is no memory. */
json_t *control_answer_ok(void);
json_t *control_answer_error(enum sp_error error, const char *text);

/* Parses what spd says, an answer or an event; the caller json_decref()s it.
 * NULL: it is not JSON, nests too deep, or there is no memory. */
json_t *control_told(const void *json, size_t size);

/* Decodes an answer.  SP_OK: *out_answer is the object, the caller's to
 * json_decref().  Else the error it tells (SP_EPROTO if it makes no sense),
 * its text in out_text; *out_answer is written then too, NULL if it made no
 * sense. */
enum sp_error control_answer_decode(const void *json, size_t size,
                                    json_t **out_answer, char *out_text,
                                    size_t text_size);

#endif
