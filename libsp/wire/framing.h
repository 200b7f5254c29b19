/* SPDX-License-Identifier: MIT */
/* wire/framing.h - how a command module's program tells one message from the
 * next on a pipe (worker/COMMAND.md).  Pure.  What is read comes from the
 * program: it is hostile input. */
#ifndef WIRE_FRAMING_H
#define WIRE_FRAMING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* X(NAME, word) */
#define FRAMING_TABLE(X)                                                       \
    X(LINE, "line")     /* its bytes and a newline */                          \
    X(LENGTH, "length") /* 32 bits, most significant byte first; its bytes */

enum framing {
#define FRAMING_ENUM_(NAME, word) FRAMING_##NAME,
    FRAMING_TABLE(FRAMING_ENUM_)
#undef FRAMING_ENUM_
        FRAMINGS
};

/* By its word.  False: there is none of this name. */
bool framing_parse(const char *word, enum framing *out_framing);

const char *framing_word(enum framing framing);

/* Whether a message of these bytes can be told from the next one. */
bool framing_holds(enum framing framing, const void *bytes, size_t size);

/* What stands around the bytes of a message. */
struct framing_ends {
    uint8_t head[4];
    size_t head_size;
    uint8_t tail[1];
    size_t tail_size;
};

/* size: at most UINT32_MAX. */
struct framing_ends framing_ends(enum framing framing, size_t size);

enum framing_found {
    FRAMING_PARTIAL,  /* there is more to come */
    FRAMING_WHOLE,    /* the message begins at `start`, has `size` bytes, and
                       * what comes behind it begins at `next` */
    FRAMING_TOO_LONG, /* it has more than `max` bytes */
};

struct framing_message {
    size_t start;
    size_t size;
    size_t next;
};

/* Looks for the first message in what has been read.  *looked: how much of it
 * was looked at before; 0 at first, and written back, so that a long line that
 * comes in pieces is not searched again and again. */
enum framing_found framing_find(enum framing framing, const uint8_t *bytes,
                                size_t size, size_t max, size_t *looked,
                                struct framing_message *out_message);

#endif
