/* SPDX-License-Identifier: MIT */
/* Windows: each page that is open has a stream of server-sent events, which is
 * libsp-evhttp's; here the board is added to it.  Called by routes.c and, when
 * the board has changed, by main.c. */
#define _GNU_SOURCE
#include "windows.h"

#include <stdlib.h>
#include <sys/queue.h>

#include <event2/buffer.h>
#include <event2/http.h>

#include <sp/evhttp.h>

#include "app.h"
#include "page.h"
#include "response.h"

struct window {
    LIST_ENTRY(window) link; /* windows */
    struct sp_stream *stream;
};

/* As many as there are streams; the plug bounds those of a session. */
static LIST_HEAD(, window) windows = LIST_HEAD_INITIALIZER(windows);

static void send_board(struct sp_stream *stream, struct evbuffer *html)
{
    sp_stream_send(stream, "board", evbuffer_pullup(html, -1),
                   evbuffer_get_length(html));
}

static struct evbuffer *draw_board(const struct app *app)
{
    struct response piece = {.body = evbuffer_new()};

    if (piece.body)
        page_board(&piece, app->board);
    return piece.body;
}

void windows_show_board(const struct app *app)
{
    struct evbuffer *html = LIST_EMPTY(&windows) ? NULL : draw_board(app);
    struct window *window;

    if (!html)
        return;
    LIST_FOREACH (window, &windows, link)
        send_board(window->stream, html);
    evbuffer_free(html);
}

static void on_opened(struct sp_stream *stream, void *context)
{
    const struct desk *desk = context;
    struct window *window = calloc(1, sizeof *window);
    struct evbuffer *html = draw_board(desk->app);

    if (html) {
        send_board(stream, html);
        evbuffer_free(html);
    }
    if (!window)
        return;
    window->stream = stream;
    LIST_INSERT_HEAD(&windows, window, link);
}

static void on_closed(struct sp_stream *stream, void *context)
{
    struct window *window;

    (void)context;
    LIST_FOREACH (window, &windows, link)
        if (window->stream == stream)
            break;
    if (!window)
        return;
    LIST_REMOVE(window, link);
    free(window);
}

void windows_open(struct desk *desk, struct evhttp_request *request)
{
    struct sp_plug_watch watch = {
        .flags = SP_PLUG_LIFE,
        .retry_ms = 1000,
        .opened = on_opened,
        .closed = on_closed,
        .context = desk,
    };
    enum sp_error error =
        sp_plug_stream(desk->plug, desk->app->async, request, &watch);

    if (error != SP_OK)
        evhttp_send_error(request, sp_plug_status(error), NULL);
}
