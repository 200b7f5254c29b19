/* SPDX-License-Identifier: MIT */
/* frontend/windows.h - the pages that are open, and what they are all sent. */
#ifndef FRONTEND_WINDOWS_H
#define FRONTEND_WINDOWS_H

struct app;
struct desk;
struct evhttp_request;

/* Answers a request for /events: what the visitor's session emits and what
 * happens to it, and the board. */
void windows_open(struct desk *desk, struct evhttp_request *request);

/* Sends all of them the board as it is now. */
void windows_show_board(const struct app *app);

#endif
