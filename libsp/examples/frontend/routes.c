/* SPDX-License-Identifier: MIT */
/* What can be asked of the front end: one page by GET, its events, and forms
 * that do something to the visitor's session and then send the browser back to
 * the page.  A form never starts a session: without one there is nothing that
 * it could have meant.  Nothing here waits.  Called by server.c. */
#define _GNU_SOURCE
#include "routes.h"

#include <stdio.h>
#include <string.h>

#include <event2/http.h>
#include <event2/keyvalq_struct.h>

#include <sp/evhttp.h>

#include "app.h"
#include "assets.h"
#include "board.h"
#include "body.h"
#include "page.h"
#include "response.h"
#include "visit.h"
#include "windows.h"

/* The query of a page that is asked for once more. */
#define AGAIN "again"

/* ---- what went wrong ---------------------------------------------------- */

static void problem(struct evhttp_request *request, int status,
                    const char *title, const char *advice, const char *text)
{
    struct response response;

    if (!response_begin(&response, request))
        return;
    if (status == 503)
        evhttp_add_header(evhttp_request_get_output_headers(request),
                          "Retry-After", "2");
    page_problem(&response, title, advice, text);
    response_send(&response, status);
}

static const struct failure {
    enum sp_error error;
    int status;
    const char *title, *advice;
} failures[] = {
    {SP_ENOSUP, 503, "The supervisor does not answer",
     "Nobody can tell how your process is. Is spd running?"},
    {SP_ELIMIT, 503, "All places are taken",
     "There is no room for another visitor now."},
    {SP_EAGAIN, 503, "Your process is busy",
     "It has more to do than it can take. Try again in a moment."},
    {SP_ETIMEDOUT, 504, "Your process did not answer in time",
     "It has some seconds for each answer. Only you are waiting for it."},
    {SP_EDIED, 502, "Your process died",
     "It ended while it was asked. Try again in a moment."},
    {SP_OK, 502, "Your session cannot be reached",
     "This is not your fault. The reason:"},
};

static void fail(struct evhttp_request *request, enum sp_error error,
                 const char *text)
{
    const struct failure *failure = failures;

    while (failure->error != error && failure->error != SP_OK)
        failure++;
    problem(request, failure->status, failure->title, failure->advice,
            text ? text : sp_strerror(error));
}

static void redirect(const struct desk *desk, struct evhttp_request *request,
                     const char *path)
{
    char location[64];

    snprintf(location, sizeof location, "%s%s", desk->prefix, path);
    response_redirect(request, location);
}

/* ---- the page ----------------------------------------------------------- */

static struct desk *desk_of(void *context)
{
    return context;
}

/* Whether the browser was sent here once more, as below. */
static bool is_again(struct evhttp_request *request)
{
    const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(request);
    const char *query = uri ? evhttp_uri_get_query(uri) : NULL;

    return query && strcmp(query, AGAIN) == 0;
}

/* The board hears of a new process by another way than the process answers. */
static bool is_board_behind(const struct desk *desk,
                            const struct sp_plug_outcome *outcome,
                            const struct visit *visit)
{
    const struct entry *entry = board_find(desk->app->board, outcome->id);

    return outcome->visit == SP_VISIT_KNOWN && entry &&
           entry->pid != visit->pid;
}

static void show_page(const struct desk *desk, struct evhttp_request *request,
                      const struct sp_plug_outcome *outcome)
{
    struct response response;
    struct visit visit;

    if (!visit_read(&visit, sp_result_data(outcome->result),
                    sp_result_size(outcome->result)))
        fail(request, SP_EPROTO, NULL);
    else if (is_board_behind(desk, outcome, &visit) && !is_again(request))
        redirect(desk, request, "/?" AGAIN);
    else if (response_begin(&response, request)) {
        if (outcome->visit == SP_VISIT_RENEWED)
            board_inherit(desk->app->board, outcome->id, outcome->former);
        page_visit(&response, desk, outcome, &visit);
        response_send(&response, HTTP_OK);
    }
}

/* A process that dies while it is asked is asked once more: that was the last
 * one's end, and the next one's page tells of it. */
static bool on_page(struct evhttp_request *request,
                    const struct sp_plug_outcome *outcome, void *context)
{
    struct desk *desk = desk_of(context);

    if (outcome->error == SP_OK)
        show_page(desk, request, outcome);
    else if ((outcome->error == SP_EDIED || outcome->error == SP_EENDED) &&
             !is_again(request))
        redirect(desk, request, "/?" AGAIN);
    else
        fail(request, outcome->error,
             outcome->result ? sp_result_text(outcome->result) : NULL);
    return true;
}

/* Asks the visitor's session; `answered` answers the request. */
static void ask(struct desk *desk, struct evhttp_request *request,
                const char *message, unsigned flags, sp_plug_answered *answered)
{
    struct sp_plug_ask ask = {
        .message = message,
        .size = strlen(message),
        .timeout_ms = APP_CALL_MS,
        .flags = flags,
        .answered = answered,
        .context = desk,
    };
    enum sp_error error =
        sp_plug_answer(desk->plug, desk->app->async, request, &ask);

    if (error != SP_OK)
        fail(request, error, NULL);
}

static void answer_page(struct desk *desk, struct evhttp_request *request)
{
    ask(desk, request, "show", 0, on_page);
}

/* ---- the forms ---------------------------------------------------------- */

/* Back to the page, which shows what has become of it - also when the session
 * has died over it, or there is none. */
static bool on_done(struct evhttp_request *request,
                    const struct sp_plug_outcome *outcome, void *context)
{
    switch (outcome->error) {
    case SP_OK:
    case SP_EDIED:
    case SP_EENDED:
    case SP_ENOENT:
    case SP_EREPLY:
        redirect(desk_of(context), request, "/");
        break;
    default:
        fail(request, outcome->error, NULL);
        break;
    }
    return true;
}

static void answer_form(struct desk *desk, struct evhttp_request *request,
                        const char *message)
{
    ask(desk, request, message, SP_PLUG_ONLY_KNOWN, on_done);
}

static void answer_count(struct desk *desk, struct evhttp_request *request)
{
    answer_form(desk, request, "count");
}

static void answer_crash(struct desk *desk, struct evhttp_request *request)
{
    answer_form(desk, request, "crash");
}

static void answer_spin(struct desk *desk, struct evhttp_request *request)
{
    answer_form(desk, request, "spin");
}

static void answer_bomb(struct desk *desk, struct evhttp_request *request)
{
    answer_form(desk, request, "bomb");
}

static void answer_peek(struct desk *desk, struct evhttp_request *request)
{
    answer_form(desk, request, "peek");
}

static void answer_note(struct desk *desk, struct evhttp_request *request)
{
    char message[5 + PAGE_NOTE_BYTES + 1] = "note ";

    switch (body_field(request, "text", message + 5, sizeof message - 5)) {
    case BODY_OK:
        answer_form(desk, request, message);
        break;
    case BODY_MISSING:
        redirect(desk, request, "/");
        break;
    case BODY_TOO_LONG:
        problem(request, 413, "That note is too long",
                "A note has room for about 200 characters.", NULL);
        break;
    case BODY_NO_FORM:
        problem(request, 400, "That was no form",
                "What was sent cannot be read as the fields of a form.", NULL);
        break;
    }
}

/* ---- what is the same for everybody ------------------------------------- */

static void answer_style(struct desk *desk, struct evhttp_request *request)
{
    (void)desk;
    response_asset(request, "text/css; charset=utf-8", asset_style,
                   asset_size(asset_style, asset_style_end));
}

static void answer_script(struct desk *desk, struct evhttp_request *request)
{
    (void)desk;
    response_asset(request, "text/javascript; charset=utf-8", asset_script,
                   asset_size(asset_script, asset_script_end));
}

static void answer_pair(struct desk *desk, struct evhttp_request *request)
{
    struct response response;

    (void)desk;
    if (!response_begin(&response, request))
        return;
    page_side_by_side(&response);
    response_send(&response, HTTP_OK);
}

/* ---- which is which ----------------------------------------------------- */

#define READS (EVHTTP_REQ_GET | EVHTTP_REQ_HEAD)

static const struct route {
    const char *path; /* behind the desk's prefix */
    int methods;      /* of enum evhttp_cmd_type */
    const char *allow;
    void (*answer)(struct desk *desk, struct evhttp_request *request);
} routes[] = {
    {"/", READS, "GET, HEAD", answer_page},
    {"/events", READS, "GET, HEAD", windows_open},
    {"/count", EVHTTP_REQ_POST, "POST", answer_count},
    {"/note", EVHTTP_REQ_POST, "POST", answer_note},
    {"/crash", EVHTTP_REQ_POST, "POST", answer_crash},
    {"/spin", EVHTTP_REQ_POST, "POST", answer_spin},
    {"/bomb", EVHTTP_REQ_POST, "POST", answer_bomb},
    {"/peek", EVHTTP_REQ_POST, "POST", answer_peek},
    {"/style.css", READS, "GET, HEAD", answer_style},
    {"/script.js", READS, "GET, HEAD", answer_script},
    {"/side-by-side", READS, "GET, HEAD", answer_pair},
};

static const struct route *route_find(const char *path)
{
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++)
        if (strcmp(path, routes[i].path) == 0)
            return &routes[i];
    return NULL;
}

/* The desk that the path is of, and the rest of the path.  The first desk has
 * no prefix. */
static struct desk *desk_find(struct app *app, const char **path)
{
    for (size_t i = APP_DESKS - 1; i > 0; i--) {
        size_t size = strlen(app->desk[i].prefix);

        if (strncmp(*path, app->desk[i].prefix, size) == 0 &&
            (*path)[size] == '/') {
            *path += size;
            return &app->desk[i];
        }
    }
    return &app->desk[0];
}

static enum guard_verdict check(const struct app *app,
                                struct evhttp_request *request)
{
    struct evkeyvalq *headers = evhttp_request_get_input_headers(request);
    int method = evhttp_request_get_command(request);
    struct guard_request asked = {
        .writes = method != EVHTTP_REQ_GET && method != EVHTTP_REQ_HEAD,
        .host = evhttp_find_header(headers, "Host"),
        .origin = evhttp_find_header(headers, "Origin"),
        .fetch_site = evhttp_find_header(headers, "Sec-Fetch-Site"),
        .fetch_mode = evhttp_find_header(headers, "Sec-Fetch-Mode"),
        .fetch_dest = evhttp_find_header(headers, "Sec-Fetch-Dest"),
    };

    return guard_check(&app->guard, &asked);
}

static void answer_route(struct app *app, struct evhttp_request *request)
{
    const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(request);
    const char *path = uri ? evhttp_uri_get_path(uri) : NULL;
    struct desk *desk = path ? desk_find(app, &path) : NULL;
    const struct route *route = path ? route_find(path) : NULL;

    if (!route) {
        problem(request, HTTP_NOTFOUND, "There is nothing here",
                "This server has one page.", NULL);
    } else if (!(evhttp_request_get_command(request) & route->methods)) {
        evhttp_add_header(evhttp_request_get_output_headers(request), "Allow",
                          route->allow);
        problem(request, HTTP_BADMETHOD, "Not in this way",
                "This address takes another method.", NULL);
    } else {
        route->answer(desk, request);
    }
}

void routes_answer(struct app *app, struct evhttp_request *request)
{
    switch (check(app, request)) {
    case GUARD_PASS:
        answer_route(app, request);
        break;
    case GUARD_HOST:
        problem(request, 403, "That is not our name",
                "This server answers under loopback addresses, and under the "
                "name that it was given with --host.",
                NULL);
        break;
    case GUARD_OTHER:
        problem(request, 403, "Not from another site",
                "Another site's page has sent this request.", NULL);
        break;
    }
}
