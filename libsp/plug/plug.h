/* SPDX-License-Identifier: MIT */
/* plug/plug.h - what is behind <sp/evhttp.h>'s struct sp_plug. */
#ifndef PLUG_PLUG_H
#define PLUG_PLUG_H

#include <pthread.h>
#include <sys/queue.h>

#include "cookie.h"
#include "options.h"
#include "visitors.h"

struct sp_plug {
    struct sp_client *client; /* borrowed */
    struct sp_plug_options options;
    char cookie[COOKIE_NAME_MAX + 1]; /* as browsers know it */
    bool secure;
    struct visitors *visitors; /* owned; NULL: IDs are signed instead */
    pthread_mutex_t lock;      /* of the list alone */
    LIST_HEAD(, hub) hubs;     /* one for each client with streams (hub.c) */
};

/* The plug's module as libsp has it: NULL for the default. */
const char *plug_module(const struct sp_plug *plug);

/* Has the response tell the visitor this ID, in place of one that it told
 * before: by Set-Cookie, or by the header if that is how the request came.
 * False: no memory. */
bool plug_tell(const struct sp_plug *plug, struct evhttp_request *request,
               bool by_header, const char *id);

#endif
