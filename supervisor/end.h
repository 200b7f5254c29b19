/* SPDX-License-Identifier: MIT */
/* supervisor/end.h - how a process ended, as a value and in words.  Pure. */
#ifndef SUPERVISOR_END_H
#define SUPERVISOR_END_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "wire/slot.h"

enum end_kind {
    END_NONE,     /* it has not */
    END_EXITED,   /* code: its exit status */
    END_SIGNALED, /* code: the signal */
    END_UNBORN,   /* there never was a process, or none that said hello */
};

/* X(NAME, name, words): what is only ever an attack, or a module's bug that
 * looks like one.  It ends who did it, is counted and is an event. */
#define VIOLATION_TABLE(X)                                                     \
    X(LISTENER, "listener", "shut its listener down")                          \
    X(SUSPENDED, "suspended", "suspended itself")                              \
    X(CONTRACT, "contract", "broke its contract with spd")                     \
    X(SANDBOX, "sandbox", "made a forbidden system call")                      \
    X(CHILD, "child", "made processes which nobody has announced")

/* X(NAME, name, words): for which limit, or which violation, spd or the kernel
 * ended it. */
#define END_LIMIT_TABLE(X)                                                     \
    X(NONE, "", "")                                                            \
    X(CALL, "call_limit", "hung, beyond call_limit")                           \
    X(INIT, "init_timeout", "init took longer than init_timeout")              \
    X(STOP, "stop_timeout", "did not stop within stop_timeout")                \
    X(CPU, "cpu", "used up its CPU time")                                      \
    X(OUTPUT, "output", "wrote a file that is too large")                      \
    VIOLATION_TABLE(X)

enum end_limit {
#define END_LIMIT_ENUM_(NAME, name, words) END_LIMIT_##NAME,
    END_LIMIT_TABLE(END_LIMIT_ENUM_)
#undef END_LIMIT_ENUM_
};

/* X(NAME, name, sp_end, words): why spd asked it to end, what its module is
 * told, and what became of the session. */
#define END_ASKED_TABLE(X)                                                     \
    X(NOT, "", SP_END_STOP, "")                                                \
    X(STOP, "stop", SP_END_STOP, "stopped on request")                         \
    X(SHUTDOWN, "shutdown", SP_END_SHUTDOWN, "ended with the supervisor")      \
    X(RESTART, "restart", SP_END_RECYCLE, "restarted on request")              \
    X(IDLE, "idle_timeout", SP_END_EXPIRED, "expired: idle_timeout")           \
    X(LIFETIME, "max_lifetime", SP_END_EXPIRED, "expired: max_lifetime")

enum end_asked {
#define END_ASKED_ENUM_(NAME, name, end, words) END_ASKED_##NAME,
    END_ASKED_TABLE(END_ASKED_ENUM_)
#undef END_ASKED_ENUM_
};

/* Who asked for something.  uid -1 and pid 0: nobody but spd itself. */
struct asker {
    uid_t uid;
    pid_t pid;
};
#define ASKER_NOBODY ((struct asker){(uid_t)-1, 0})

struct end {
    enum end_kind kind;
    int code;
    bool core; /* a core file was written */
    enum end_limit limit;
    const char *breach; /* more about a violation, static; NULL: nothing */
    enum end_asked asked;
    struct asker by;
    pid_t pid;        /* 0: there was none */
    int64_t at_ms;    /* when it was noticed */
    int64_t lived_ms; /* since its hello */
    int64_t cpu_ms;
    uint64_t peak_kb; /* the most memory that it had resident */
    int64_t doing_ms; /* how long it had been at told.doing */
    /* What it had written to its slot: its own word. */
    struct slot_view told;
};

#define END_TEXT_MAX 512

/* It ended itself, for good, and said so. */
bool end_normal(const struct end *end);
/* It asked for a fresh process in its place, and said so. */
bool end_recycled(const struct end *end);
/* By a signal that a process brings on itself, as one does whose memory has
 * been tampered with; not by one that spd or anybody else has sent. */
bool end_fault(const struct end *end);

/* In a few words: "killed by SIGSEGV", "exit status 3"; "" for END_NONE. */
void end_text(const struct end *end, char out[END_TEXT_MAX]);
/* With all that helps: "killed by SIGSEGV in a call after 3 ms", "stopped on
 * request", "expired: idle_timeout". */
void end_describe(const struct end *end, char out[END_TEXT_MAX]);

/* Of a violation: "broke its contract with spd (a second hello): killed by
 * SIGKILL". */
void end_violation(const struct end *end, char out[END_TEXT_MAX]);

const char *end_limit_name(enum end_limit limit);
const char *end_limit_words(enum end_limit limit);
bool end_limit_is_violation(enum end_limit limit);
/* The one that is told of a process that has hit both: a violation before
 * anything else, else the first. */
enum end_limit end_limit_first(enum end_limit first, enum end_limit second);
const char *end_asked_name(enum end_asked asked);
/* What terminate is told. */
enum sp_end end_asked_end(enum end_asked asked);

#endif
