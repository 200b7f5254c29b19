/* SPDX-License-Identifier: MIT */
/* frontend/app.h - what every answer of the front end needs. */
#ifndef FRONTEND_APP_H
#define FRONTEND_APP_H

#include "guard.h"

struct board;
struct event_base;
struct sp_async;
struct sp_client;
struct sp_plug;

/* How long one call to a session may take, in ms: longer than an endless loop
 * is left alone.  Nobody else waits for it. */
#define APP_CALL_MS 5000

/* One browser is one visitor, by its cookie.  So that one can see two of them
 * side by side, a second desk stands beside the first, with a cookie of its
 * own. */
#define APP_DESKS 2

struct desk {
    struct app *app;      /* borrowed */
    struct sp_plug *plug; /* owned by main.c */
    const char *prefix;   /* of its paths: "" or "/second" */
};

struct app {
    struct event_base *base;  /* all owned by main.c */
    struct sp_client *client;
    struct sp_async *async;
    struct board *board;
    struct desk desk[APP_DESKS];
    struct guard guard;
};

#endif
