/* SPDX-License-Identifier: MIT */
/* sp-frontend: an HTTP server that gives every visitor a process of its own.
 * It shows how libsp, libsp-event and libsp-evhttp are used: open a client,
 * attach an asynchronous one to the loop, make plugs, answer requests.  Here
 * everything is put together and taken apart again.  Only here anything waits,
 * before the loop runs. */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <event2/event.h>

#include <sp/event.h>
#include <sp/evhttp.h>

#include "app.h"
#include "board.h"
#include "options.h"
#include "own.h"
#include "server.h"
#include "windows.h"

enum { EXIT_FINE, EXIT_FAILED, EXIT_USAGE };

struct frontend {
    struct options options;
    struct event_base *base;
    struct event *stop[2];
    struct own *own;
    struct sp_attachment *attachment;
    struct app app;
    struct server *server;
};

static void on_stop(evutil_socket_t number, short what, void *arg)
{
    struct frontend *frontend = arg;

    (void)number;
    (void)what;
    event_base_loopbreak(frontend->base);
}

/* From here on a signal to stop waits for the loop, so that what was started
 * is taken down in order. */
static bool frontend_prepare(struct frontend *frontend)
{
    static const int numbers[] = {SIGINT, SIGTERM};

    signal(SIGPIPE, SIG_IGN);
    frontend->base = event_base_new();
    if (!frontend->base)
        return false;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        frontend->stop[i] = evsignal_new(frontend->base, numbers[i], on_stop,
                                         frontend);
        if (!frontend->stop[i] || event_add(frontend->stop[i], NULL) < 0)
            return false;
    }
    return true;
}

static bool module_is_there(struct sp_client *client, const char *name)
{
    struct sp_module_list *modules;
    bool there = false;

    if (sp_modules(client, &modules, NULL) != SP_OK)
        return false;
    for (size_t i = 0; i < sp_modules_count(modules) && !there; i++)
        there = strcmp(sp_modules_name(modules, i), name) == 0;
    sp_modules_free(modules);
    return there;
}

#define OR_OUR_OWN "with --own-supervisor we run one that fits"

static bool frontend_connect(struct frontend *frontend)
{
    const char *where = frontend->own ? own_runtime_dir(frontend->own)
                                      : frontend->options.runtime_dir;
    struct app *app = &frontend->app;
    enum sp_error error;
    char text[256];

    if (sp_client_open(where, &app->client) != SP_OK) {
        sp_client_diagnose(where, text, sizeof text);
        fprintf(stderr, "sp-frontend: %s; " OR_OUR_OWN "\n", text);
        return false;
    }
    error = sp_ping(app->client, NULL);
    if (error != SP_OK) {
        fprintf(stderr, "sp-frontend: %s: %s\n",
                sp_client_runtime_dir(app->client), sp_strerror(error));
        return false;
    }
    if (!module_is_there(app->client, frontend->options.module)) {
        fprintf(stderr,
                "sp-frontend: spd has no module '%s'; " OR_OUR_OWN "\n",
                frontend->options.module);
        return false;
    }
    return true;
}

static bool complain(enum sp_error error)
{
    fprintf(stderr, "sp-frontend: %s\n", sp_strerror(error));
    return false;
}

static enum sp_error add_desk(struct frontend *frontend, size_t at,
                              struct sp_plug_options *plug)
{
    static const struct {
        const char *cookie, *prefix;
    } rows[APP_DESKS] = {{SP_PLUG_COOKIE, ""}, {"sp_second", "/second"}};
    struct desk *desk = &frontend->app.desk[at];
    enum sp_error error = sp_plug_options_set_cookie(plug, rows[at].cookie);

    desk->app = &frontend->app;
    desk->prefix = rows[at].prefix;
    if (error != SP_OK)
        return error;
    return sp_plug_new(frontend->app.client, plug, &desk->plug);
}

static bool frontend_plug(struct frontend *frontend)
{
    const struct options *options = &frontend->options;
    struct sp_plug_options *plug = sp_plug_options_new();
    enum sp_error error = SP_ENOMEM;
    char text[256];

    if (plug)
        error = sp_plug_options_set_key_file(plug, options->key_file, text,
                                             sizeof text);
    if (plug && error != SP_OK)
        fprintf(stderr, "sp-frontend: %s: %s\n",
                options->key_file ? options->key_file : "keys", text);
    if (error == SP_OK)
        error = sp_plug_options_set_module(plug, options->module);
    if (error == SP_OK)
        error = sp_plug_options_set_plain_http(plug, !options->secure);
    for (size_t i = 0; i < APP_DESKS && error == SP_OK; i++)
        error = add_desk(frontend, i, plug);
    sp_plug_options_free(plug);
    return error == SP_OK || complain(error);
}

static void on_board_changed(void *context)
{
    windows_show_board(context);
}

static bool frontend_attach(struct frontend *frontend)
{
    struct app *app = &frontend->app;
    enum sp_error error = sp_async_new(app->client, &app->async);

    app->base = frontend->base;
    if (error == SP_OK)
        error = sp_attach(app->base, app->async, &frontend->attachment);
    if (error != SP_OK)
        return complain(error);
    app->board = board_create(app->base, app->async, frontend->options.module,
                              on_board_changed, app);
    return app->board || complain(SP_ENOMEM);
}

static bool frontend_listen(struct frontend *frontend)
{
    frontend->app.guard.host = frontend->options.host;
    frontend->app.guard.secure = frontend->options.secure;
    frontend->server = server_create(frontend->base, frontend->options.port,
                                     &frontend->app);
    if (!frontend->server) {
        fprintf(stderr, "sp-frontend: cannot listen on 127.0.0.1:%u: %s\n",
                frontend->options.port, strerror(errno));
        return false;
    }
    printf("http://127.0.0.1:%u/\n", server_port(frontend->server));
    fflush(stdout);
    return true;
}

static bool frontend_start(struct frontend *frontend)
{
    if (!frontend_prepare(frontend)) {
        fputs("sp-frontend: no event loop\n", stderr);
        return false;
    }
    if (frontend->options.own_supervisor) {
        frontend->own = own_start(&frontend->options);
        if (!frontend->own)
            return false;
    }
    return frontend_connect(frontend) && frontend_plug(frontend) &&
           frontend_attach(frontend) && frontend_listen(frontend);
}

static void frontend_stop(struct frontend *frontend)
{
    server_destroy(frontend->server);
    for (size_t i = 0; i < APP_DESKS; i++)
        sp_plug_free(frontend->app.desk[i].plug);
    board_destroy(frontend->app.board);
    sp_detach(frontend->attachment);
    sp_async_free(frontend->app.async);
    sp_client_close(frontend->app.client);
    own_stop(frontend->own);
    for (size_t i = 0; i < 2; i++)
        if (frontend->stop[i])
            event_free(frontend->stop[i]);
    if (frontend->base)
        event_base_free(frontend->base);
}

int main(int argc, char **argv)
{
    struct frontend frontend = {0};
    int status = EXIT_FAILED;

    switch (options_read(argc, argv, &frontend.options)) {
    case OPTIONS_HELP:
        return EXIT_FINE;
    case OPTIONS_WRONG:
        fputs("Try sp-frontend --help\n", stderr);
        return EXIT_USAGE;
    case OPTIONS_RUN:
        break;
    }
    if (frontend_start(&frontend)) {
        event_base_dispatch(frontend.base);
        status = EXIT_FINE;
    }
    frontend_stop(&frontend);
    return status;
}
