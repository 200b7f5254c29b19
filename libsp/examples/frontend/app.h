/* SPDX-License-Identifier: MIT */
/* frontend/app.h - what every answer of the front end needs. */
#ifndef FRONTEND_APP_H
#define FRONTEND_APP_H

#include "guard.h"

struct sp_client;
struct sp_plug;

/* How long one call to a session may take, in ms.  The server has one thread,
 * so this is also how long one visitor's process can hold up the others. */
#define APP_CALL_MS 1000

struct app {
    struct sp_client *client; /* owned, as is the plug: by main.c */
    struct sp_plug *plug;
    struct guard guard;
};

#endif
