/* SPDX-License-Identifier: MIT */
/* Windows.  Used by test_plug_stream and test_plug_stream_ends. */
#define _GNU_SOURCE
#include "stream_scene.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>

#include "support/wait.h"

static void reserve(struct window *window)
{
    if (window->room - window->size > 65536)
        return;
    window->room = 2 * window->room + 131072;
    window->bytes = realloc(window->bytes, window->room);
    cr_assert(window->bytes);
}

static void on_readable(evutil_socket_t fd, short what, void *context)
{
    struct window *window = context;
    ssize_t size;

    (void)what;
    reserve(window);
    size = recv(fd, window->bytes + window->size, 65535, MSG_DONTWAIT);
    if (size < 0 && errno == EAGAIN)
        return;
    if (size <= 0) {
        window->over = true;
        event_del(window->readable);
        size = 0;
    }
    window->size += (size_t)size;
    window->bytes[window->size] = '\0';
}

void window_open_by(struct window *window, const char *words,
                    const char *cookie, const char *headers)
{
    char request[1024];
    int size = snprintf(request, sizeof request,
                        "%s\r\nHost: a\r\n%s%s%s%s\r\n", words,
                        *cookie ? "Cookie: " : "", cookie,
                        *cookie ? "\r\n" : "", headers);

    *window = (struct window){.fd = answers_dial()};
    reserve(window);
    *window->bytes = '\0';
    cr_assert_eq(send(window->fd, request, (size_t)size, MSG_NOSIGNAL), size);
    window_look(window);
}

void window_open(struct window *window, const char *cookie,
                 const char *headers)
{
    window_open_by(window, "GET /events HTTP/1.1", cookie, headers);
}

void window_close(struct window *window)
{
    window_look_away(window);
    close(window->fd);
    free(window->bytes);
}

void window_look_away(struct window *window)
{
    if (window->readable)
        event_free(window->readable);
    window->readable = NULL;
}

void window_look(struct window *window)
{
    window->readable = event_new(answers.base, window->fd,
                                 EV_READ | EV_PERSIST, on_readable, window);
    cr_assert(window->readable && event_add(window->readable, NULL) == 0);
}

/* What somebody waits for. */
struct wish {
    struct window *window;
    const char *text;
};

static bool is_there(void *context)
{
    struct wish *wish = context;

    return memmem(wish->window->bytes, wish->window->size, wish->text,
                  strlen(wish->text));
}

void window_await(struct window *window, const char *text)
{
    answers_turn_until(is_there, &(struct wish){window, text});
}

static bool is_over(void *context)
{
    return ((struct window *)context)->over;
}

void window_await_end(struct window *window)
{
    answers_turn_until(is_over, window);
}

unsigned window_count(const struct window *window, const char *text)
{
    unsigned count = 0;

    for (const char *at = window->bytes; (at = strstr(at, text)) != NULL; at++)
        count++;
    return count;
}

void session_do(const char *cookie, const char *request)
{
    char id[SP_ID_MAX + 1];
    enum sp_error error;

    cookie_id(cookie, id);
    error = sp_call(answers.client, id, request, strlen(request), WAIT_MS,
                    NULL);
    cr_assert_eq(error, SP_OK, "%s: %s", request, sp_error_name(error));
}
