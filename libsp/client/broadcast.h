/* SPDX-License-Identifier: MIT */
/* client/broadcast.h - a call or a cast to many sessions. */
#ifndef CLIENT_BROADCAST_H
#define CLIENT_BROADCAST_H

#include "async.h"
#include "conn.h"

/* All that is pointed to is copied. */
struct broadcast_order {
    enum conn_kind kind;
    const struct sp_choice *choice;
    const void *body;
    size_t size;
    int timeout_ms;
    sp_async_done *done; /* may be NULL */
    void *context;
};

enum sp_error broadcast_begin(struct sp_async *async,
                              const struct broadcast_order *order,
                              struct sp_ticket *out_ticket);

#endif
