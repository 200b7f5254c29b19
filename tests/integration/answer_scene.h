/* SPDX-License-Identifier: MIT */
/* integration/answer_scene.h - an HTTP server on loopback that answers by
 * sp_plug_answer(), and clients of it, all on one event base in the test. */
#ifndef INTEGRATION_ANSWER_SCENE_H
#define INTEGRATION_ANSWER_SCENE_H

#include <criterion/criterion.h>
#include <stdbool.h>
#include <stdint.h>

#include <sp/event.h>
#include <sp/evhttp.h>

struct evhttp;
struct evhttp_connection;

/* What the server asks sessions: the same for each request, so a test sets it
 * before it sends one.  message: a string. */
struct asking {
    const char *message, *arg;
    int timeout_ms;
    unsigned flags;
    sp_plug_answered *answered;
    sp_plug_gone *gone;
    const char *content_type; /* which the server sets itself; or NULL */
    const struct sp_plug_watch *watch; /* at /events: this stream instead */
};

struct answers {
    struct harness *harness;
    struct sp_client *client;
    struct sp_async *async;
    struct sp_attachment *attachment;
    struct sp_plug *plug;
    struct event_base *base;
    struct evhttp *http; /* NULL: freed already */
    uint16_t port;
    struct asking asking;
    unsigned received; /* requests */
};

extern struct answers answers;

/* Starts spd with this configuration, and the server, whose sessions are of the
 * module probe, or of another; ends them. */
void answers_start(const char *config);
void answers_start_of(const char *config, const char *module);
void answers_stop(void);

/* Turns the base until this is so, and looks every few milliseconds; fails
 * after WAIT_MS. */
void answers_turn_until(bool (*condition)(void *context), void *context);

/* One request of a client. */
struct reply {
    struct evhttp_connection *connection; /* owned, until it is over */
    bool over;
    int status; /* 0: none came */
    char body[256];
    char cookie[256];    /* "name=value" of Set-Cookie; "" */
    char type[64], cache[32], retry[16], length[16]; /* headers; "" */
};

/* Sends a request; cookie: "" for none.  The reply is the caller's to await, or
 * to hang up on. */
void reply_ask(struct reply *reply, const char *cookie);
void reply_head(struct reply *reply, const char *cookie);
void reply_await(struct reply *reply);
void reply_hang_up(struct reply *reply);

/* Sends one and awaits it. */
struct reply reply_to(const char *message, const char *cookie);

/* A connection to the server that is the caller's, as bytes; and its end by a
 * reset, with all that is under way on it. */
int answers_dial(void);
void answers_reset(int fd);

/* The ID that the cookie of a reply names. */
void cookie_id(const char *cookie, char out[SP_ID_MAX + 1]);

#endif
