/* SPDX-License-Identifier: MIT */
/* worker/program/exchange.h - one message to a program and its reply, and
 * another one only then (worker/COMMAND.md). */
#ifndef PROGRAM_EXCHANGE_H
#define PROGRAM_EXCHANGE_H

#include <stddef.h>

#include "base/buf.h"
#include "program.h"
#include "relay.h"
#include "wire/framing.h"

struct exchange {
    struct program *program; /* borrowed */
    struct relay *relay;     /* borrowed; of its standard error */
    enum framing framing;
    size_t max;     /* bytes of a reply */
    struct buf in;  /* that it has written */
    size_t looked;  /* of these, for framing_find() */
};

enum exchanged {
    EXCHANGED_REPLY,
    EXCHANGED_END,      /* it has closed its input or output: as a rule, it has
                         * ended */
    EXCHANGED_TOO_LONG, /* a reply of more than max bytes */
    EXCHANGED_SURPLUS,  /* it has written what was not asked for */
    EXCHANGED_NOMEM,
};

void exchange_init(struct exchange *exchange, struct program *program,
                   struct relay *relay, enum framing framing, size_t max);

/* Sends a message that framing_holds(), waits for the reply, and relays what
 * comes on standard error meanwhile.  It waits for as long as the program
 * takes: how long a session may is spd's business.  The reply lives until the
 * next call. */
enum exchanged exchange_ask(struct exchange *exchange, const void *message,
                            size_t size, const void **out_reply,
                            size_t *out_size);

#endif
