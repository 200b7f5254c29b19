/* SPDX-License-Identifier: MIT */
/* client/op.h - one asynchronous operation, from its acceptance to its
 * callback. */
#ifndef CLIENT_OP_H
#define CLIENT_OP_H

#include "async.h"
#include "conn.h"
#include "wire/control.h"

/* Takes an answer as it came, in the result's data, and writes the result; or
 * false, and the answer is as it was. */
typedef bool op_read(struct sp_result *result);

/* What an operation is to be like.  All that is pointed to is copied. */
struct op_order {
    const char *id; /* of the session whose budget it is in; or DIAL_CONTROL */
    int timeout_ms;
    sp_async_done *done; /* may be NULL */
    void *context;
    op_read *read; /* of a question: tried before its answer is decoded; NULL */
};

/* Gives the memory back that was kept for further ones. */
void op_free_spares(struct sp_async *async);

/* Begins a call or a cast.  spec: NULL: the session is not started. */
enum sp_error op_request(struct sp_async *async, const struct op_order *order,
                         enum conn_kind kind, const struct sp_spec *spec,
                         const void *body, size_t size,
                         struct sp_ticket *out_ticket);

/* Begins a question to spd.  take: what is made of an answer that is no error;
 * it owns the answer, and the result is written already. */
typedef void op_take(struct sp_result *result, json_t *answer);
enum sp_error op_question(struct sp_async *async, const struct op_order *order,
                          const struct control_request *question,
                          bool already_is_ok, op_take *take,
                          struct sp_ticket *out_ticket);

#endif
