/* SPDX-License-Identifier: MIT */
/* client/channel.h - how requests reach sessions and spd: one interface, two
 * ways to do it.
 *
 * `id` is valid, or DIAL_CONTROL for spd itself.  `result` is reset and not
 * NULL; the functions return its error.  Thread-safe but for close. */
#ifndef CLIENT_CHANNEL_H
#define CLIENT_CHANNEL_H

#include <stddef.h>
#include <stdint.h>

#include <sp/client.h>

struct place;

/* The embedded first member of each channel. */
struct channel {
    const struct channel_type *type;
};

struct channel_type {
    /* Sends a request and waits for its reply, as sp_call() does. */
    enum sp_error (*call)(struct channel *channel, const char *id,
                          const void *body, size_t size, int64_t deadline,
                          struct sp_result *result);
    /* Hands a message to the session's queue, as sp_cast() does. */
    enum sp_error (*cast)(struct channel *channel, const char *id,
                          const void *body, size_t size, int64_t deadline,
                          struct sp_result *result);
    void (*close)(struct channel *channel);
};

/* Open a channel; the place is borrowed.  NULL: no memory. */
struct channel *channel_local_open(const struct place *place);
struct channel *channel_nng_open(const struct place *place);

/* How many connections a channel keeps for reuse: at most CHANNEL_KEEP_MAX, so
 * that the descriptors of a program with many sessions stay bounded, and at
 * most half of what the program may open. */
#define CHANNEL_KEEP_MAX 1024
size_t channel_keep(void);

/* Sets the text of SP_EDIED to what it means for this request. */
enum sp_error channel_died(const char *id, struct sp_result *result);

#endif
