/* SPDX-License-Identifier: MIT */
/* integration/stream_scene.h - windows: clients of answer_scene's server that
 * read a stream of events, byte by byte as it comes. */
#ifndef INTEGRATION_STREAM_SCENE_H
#define INTEGRATION_STREAM_SCENE_H

#include "answer_scene.h"

struct event;

struct window {
    int fd;
    struct event *readable; /* owned; NULL: does not read */
    char *bytes;            /* owned: all that came, and a NUL */
    size_t size, room;
    bool over; /* the server has closed */
};

/* Asks for /events with this cookie ("" for none) and these further headers,
 * each with its CRLF ("" for none).  The caller closes it. */
void window_open(struct window *window, const char *cookie,
                 const char *headers);
/* The same by any first words, "HEAD /events HTTP/1.1". */
void window_open_by(struct window *window, const char *words,
                    const char *cookie, const char *headers);
void window_close(struct window *window);

/* Stops reading, and begins again. */
void window_look_away(struct window *window);
void window_look(struct window *window);

/* Turns the base until this has come; until the server has closed. */
void window_await(struct window *window, const char *text);
void window_await_end(struct window *window);

/* How often this has come. */
unsigned window_count(const struct window *window, const char *text);

/* Has the session that a cookie names do something, and returns when it has
 * answered. */
void session_do(const char *cookie, const char *request);

#endif
