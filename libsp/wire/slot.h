/* SPDX-License-Identifier: MIT */
/* wire/slot.h - the page of memory that spd and one session share.
 *
 * One memfd a template, made by spd and sealed against a change of its size;
 * a page of it for each process of a session.  Two halves with one writer
 * each: the session tells what it does, spd what is wanted of it (SIGTERM makes
 * the session look).  It replaces no check: to spd the session's half is
 * hostile input, copied once by slot_read() and then checked.
 *
 * Times are milliseconds of CLOCK_MONOTONIC, read by the session from its
 * coarse twin, which is cheap enough for every message (4 ms off at most). */
#ifndef WIRE_SLOT_H
#define WIRE_SLOT_H

#include <assert.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sp/module.h>

/* A page, so that no session can reach another's. */
#define SLOT_SIZE 4096
#define SLOT_TEXT_SIZE 256 /* with its NUL */

/* X(NAME, words): what a session is in the middle of, as an end tells it. */
#define SLOT_DOING_TABLE(X)                                                    \
    X(NOTHING, "")                                                             \
    X(INIT, "init")                                                            \
    X(CALL, "a call")                                                          \
    X(CAST, "a cast")                                                          \
    X(TIMER, "a timer")                                                        \
    X(TERMINATE, "terminate")

enum slot_doing {
#define SLOT_DOING_ENUM_(NAME, words) SLOT_##NAME,
    SLOT_DOING_TABLE(SLOT_DOING_ENUM_)
#undef SLOT_DOING_ENUM_
        SLOT_DOINGS
};

/* What spd wants. */
enum slot_command {
    SLOT_GO_ON,
    SLOT_STOP,  /* after what is running now */
    SLOT_DRAIN, /* after all that has arrived; nothing new is taken */
};

/* A request as it is recognised when a client sends it again.  id 0: none. */
struct slot_request {
    uint32_t id;   /* the last word of its header, top bit set */
    uint32_t unused;
    uint64_t hash; /* slot_request_hash() */
};

#define SLOT_LAST_WORDS UINT32_MAX

/* Written by the session. */
struct slot_session {
    _Atomic uint32_t doing;        /* enum slot_doing */
    _Atomic uint32_t request_id;   /* of the call or cast it is doing */
    _Atomic uint64_t request_hash;
    _Atomic int64_t doing_since_ms;
    _Atomic int64_t active_ms;     /* the end of its last call or cast */
    _Atomic uint64_t calls;        /* begun */
    _Atomic uint64_t casts;        /* begun */
    _Atomic uint64_t log_drops;    /* lines of sp_log() that found no room */
    _Atomic uint32_t waiting;      /* calls that clients wait for */
    _Atomic uint32_t subscribers;  /* open subscriptions */
    /* Last of all before it exits: how it ends, enum sp_end + 1.  0: it has not
     * said goodbye.  SLOT_LAST_WORDS: nor will it, but there is a reason. */
    _Atomic uint32_t goodbye;
    char reason[SLOT_TEXT_SIZE];   /* of the goodbye; written before it */
};

/* Written by spd. */
struct slot_supervisor {
    _Atomic uint32_t command; /* enum slot_command; written last */
    _Atomic uint32_t end;     /* enum sp_end: what terminate is told */
    char text[SLOT_TEXT_SIZE]; /* and its text */
};

struct slot {
    struct slot_session session;
    char gap[2048 - sizeof(struct slot_session)];
    struct slot_supervisor supervisor;
    char rest[SLOT_SIZE - 2048 - sizeof(struct slot_supervisor)];
};

static_assert(sizeof(struct slot) == SLOT_SIZE, "");

/* The session's half, copied and checked: numbers out of range are 0, the
 * reason is printable and terminated. */
struct slot_view {
    enum slot_doing doing;
    struct slot_request request; /* that it is doing; id 0: none */
    int64_t doing_since_ms;      /* 0 to now */
    int64_t active_ms;           /* 0 to now */
    uint64_t calls;
    uint64_t casts;
    uint64_t log_drops;
    uint32_t waiting;
    uint32_t subscribers;
    bool goodbye;
    enum sp_end end; /* valid with goodbye */
    char reason[SLOT_TEXT_SIZE];
};

void slot_read(const struct slot *slot, int64_t now_ms,
               struct slot_view *out_view);

/* Writes spd's half. */
void slot_order(struct slot *slot, enum slot_command command, enum sp_end end,
                const char *text);

const char *slot_doing_words(enum slot_doing doing);

/* A number that tells requests apart: all of the header, the body's size, and
 * up to 256 bytes of each of its ends, so that it costs the same for a large
 * one.  It need not withstand an adversary: who makes two of his own requests
 * collide has the second one refused.  (multiply-xorshift, as in Steele and
 * Vigna's SplitMix64, 8 bytes a step) */
uint64_t slot_request_hash(const void *header, size_t header_size,
                           const void *body, size_t body_size);

#endif
