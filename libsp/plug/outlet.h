/* SPDX-License-Identifier: MIT */
/* plug/outlet.h - events to a client that may be slow to take them: what waits
 * for it is bounded, and what it loses is counted and told. */
#ifndef PLUG_OUTLET_H
#define PLUG_OUTLET_H

#include <stdbool.h>
#include <stddef.h>

#include <sp/evhttp.h>

struct outlet {
    struct evhttp_request *request; /* borrowed; its response has begun */
    size_t queued;     /* bytes, in all */
    size_t last_taken; /* of these, when it was last looked at */
    unsigned stalled;  /* looks since something was taken */
    unsigned long long lost;
};

/* Sends an event.  type: as of sse_add(); binary: as base64, type is NULL then.
 * SP_EAGAIN: too much waits, and it is lost.  SP_ENOMEM: it is lost. */
enum sp_error outlet_send(struct outlet *outlet, const char *type,
                          const void *data, size_t size, bool binary);

/* The same of a string, of which nobody needs to know whether it is lost. */
void outlet_say(struct outlet *outlet, const char *type, const char *json);

/* Sends it whatever waits already.  False: no memory. */
bool outlet_insist(struct outlet *outlet, const char *type, const char *json);

/* Sends bytes that are no event.  Without memory they are left out. */
void outlet_add(struct outlet *outlet, const char *bytes);

/* Says now what is lost, if anything is. */
void outlet_tell_lost(struct outlet *outlet);

/* Whether nothing waits. */
bool outlet_is_empty(const struct outlet *outlet);

/* To be asked from time to time: for how many times in a row something has
 * waited and nothing was taken. */
unsigned outlet_look(struct outlet *outlet);

#endif
