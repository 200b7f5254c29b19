/* SPDX-License-Identifier: MIT */
/* frontend/server.h - the HTTP server: a socket on loopback and its bounds. */
#ifndef FRONTEND_SERVER_H
#define FRONTEND_SERVER_H

#include <stdint.h>

struct app;
struct event_base;
struct server;

/* Listens on 127.0.0.1 and answers while the base runs.  port 0: any free one.
 * The base and the app are borrowed.  NULL: it could not; errno says why. */
struct server *server_create(struct event_base *base, uint16_t port,
                             struct app *app);

/* Closes every connection.  NULL is allowed. */
void server_destroy(struct server *server);

/* The port that it listens on. */
uint16_t server_port(const struct server *server);

#endif
