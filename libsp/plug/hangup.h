/* SPDX-License-Identifier: MIT */
/* plug/hangup.h - learn that there is nobody left to answer, while a request
 * waits for something else than its connection. */
#ifndef PLUG_HANGUP_H
#define PLUG_HANGUP_H

#include <stdbool.h>

struct evhttp_request;

struct hangup {
    struct evhttp_request *request; /* borrowed */
    struct event *event;            /* owned; NULL: evhttp looks itself */
    void (*gone)(void *context);    /* once; the request is no more then, but
                                     * the connection may be about to end */
    void *context;
};

/* False: no memory, and nothing is watched.  From here on the connection's
 * close callback is ours. */
bool hangup_watch(struct hangup *hangup, struct evhttp_request *request,
                  void (*gone)(void *context), void *context);

/* From here on evhttp looks itself, since it sends. */
void hangup_look_away(struct hangup *hangup);

/* The request is its answerer's alone again. */
void hangup_unwatch(struct hangup *hangup);

#endif
