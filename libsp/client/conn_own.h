/* SPDX-License-Identifier: MIT */
/* client/conn_own.h - what conn.c (requests, reading) and conn_write.c know of
 * each other, for them alone. */
#ifndef CLIENT_CONN_OWN_H
#define CLIENT_CONN_OWN_H

#include "conn.h"

#define CONN_ID_BIT 0x80000000u
#define CONN_ID_SIZE 4

/* Gives a request its id, by which conn.c finds it until it is over. */
void conn_enter(struct conn *conn, struct conn_request *request);

/* It is over. */
void conn_finish(struct conn *conn, struct conn_request *request,
                 enum sp_error error, enum sp_progress progress);

/* Takes it from what is to be written, if it is there. */
void conn_leave_queue(struct conn *conn, struct conn_request *request);

/* Nothing more is written.  A frame that was written in part stays without a
 * successor: its end never comes, so it cannot run. */
void conn_end_writing(struct conn *conn);

#endif
