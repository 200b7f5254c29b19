/* SPDX-License-Identifier: MIT */
/* What can be asked of the front end: one page by GET, and three forms that
 * change the visitor's session and then send the browser back to the page.  A
 * form never starts a session: without one there is nothing that it could have
 * meant.  Called by server.c. */
#define _GNU_SOURCE
#include "routes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/http.h>
#include <event2/keyvalq_struct.h>

#include <sp/evhttp.h>

#include "app.h"
#include "body.h"
#include "page.h"
#include "response.h"
#include "visit.h"

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
     "It has a second for each answer. Only you are waiting for it."},
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

/* ---- the page ----------------------------------------------------------- */

/* The number in "/?gone=4711", or 0.  Anybody can write such an address, so
 * the page only ever shows it as a number. */
static pid_t gone_read(struct evhttp_request *request)
{
    const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(request);
    const char *query = uri ? evhttp_uri_get_query(uri) : NULL;
    const char *digits;
    size_t len;

    if (!query || strncmp(query, "gone=", strlen("gone=")) != 0)
        return 0;
    digits = query + strlen("gone=");
    len = strlen(digits);
    if (len > 9 || strspn(digits, "0123456789") != len)
        return 0;
    return (pid_t)strtol(digits, NULL, 10);
}

static void answer_page(const struct app *app, struct evhttp_request *request)
{
    struct response response;
    struct visit visit;
    char *text;
    enum sp_error error = visit_open(app, request, &visit, &text);

    if (error != SP_OK) {
        fail(request, error, text);
        free(text);
        return;
    }
    if (response_begin(&response, request)) {
        page_visit(&response, &visit, gone_read(request));
        response_send(&response, HTTP_OK);
    }
    visit_close(&visit);
}

/* ---- the forms ---------------------------------------------------------- */

/* The session of a form's sender; false: there is none, and it is answered. */
static bool find_session(const struct app *app, struct evhttp_request *request,
                         char out_id[SP_ID_MAX + 1])
{
    enum sp_error error = sp_plug_find(app->plug, request, out_id);

    if (error == SP_OK)
        return true;
    if (error == SP_ENOENT)
        response_redirect(request, "/");
    else
        fail(request, error, NULL);
    return false;
}

/* Back to the page, which shows what has become of it - also when the session
 * has died over it. */
static void back(struct evhttp_request *request, enum sp_error error,
                 const char *path)
{
    if (error == SP_OK || error == SP_EDIED || error == SP_ENOENT)
        response_redirect(request, path);
    else
        fail(request, error, NULL);
}

static void answer_count(const struct app *app, struct evhttp_request *request)
{
    char id[SP_ID_MAX + 1];

    if (find_session(app, request, id))
        back(request,
             sp_call(app->client, id, "count", strlen("count"), APP_CALL_MS,
                     NULL),
             "/");
}

/* A cast: the page that the browser asks for next has the note in it, since a
 * session takes a client's messages in their order. */
static void answer_note(const struct app *app, struct evhttp_request *request)
{
    char id[SP_ID_MAX + 1];
    char message[5 + PAGE_NOTE_BYTES + 1] = "note ";

    switch (body_field(request, "text", message + 5, sizeof message - 5)) {
    case BODY_OK:
        if (find_session(app, request, id))
            back(request,
                 sp_cast(app->client, id, message, strlen(message), NULL),
                 "/");
        break;
    case BODY_MISSING:
        response_redirect(request, "/");
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

static void answer_crash(const struct app *app, struct evhttp_request *request)
{
    char id[SP_ID_MAX + 1], path[32] = "/";
    pid_t pid;

    if (!find_session(app, request, id))
        return;
    if (sp_session_pid(app->client, id, &pid, NULL) == SP_OK && pid > 0)
        snprintf(path, sizeof path, "/?gone=%ld", (long)pid);
    back(request,
         sp_call(app->client, id, "crash", strlen("crash"), APP_CALL_MS, NULL),
         path);
}

/* ---- which is which ----------------------------------------------------- */

static const struct route {
    const char *path;
    int methods; /* of enum evhttp_cmd_type */
    const char *allow;
    void (*answer)(const struct app *app, struct evhttp_request *request);
} routes[] = {
    {"/", EVHTTP_REQ_GET | EVHTTP_REQ_HEAD, "GET, HEAD", answer_page},
    {"/count", EVHTTP_REQ_POST, "POST", answer_count},
    {"/note", EVHTTP_REQ_POST, "POST", answer_note},
    {"/crash", EVHTTP_REQ_POST, "POST", answer_crash},
};

static const struct route *route_find(struct evhttp_request *request)
{
    const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(request);
    const char *path = uri ? evhttp_uri_get_path(uri) : NULL;

    for (size_t i = 0; path && i < sizeof routes / sizeof *routes; i++)
        if (strcmp(path, routes[i].path) == 0)
            return &routes[i];
    return NULL;
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

static void answer_route(const struct app *app, struct evhttp_request *request)
{
    const struct route *route = route_find(request);

    if (!route) {
        problem(request, HTTP_NOTFOUND, "There is nothing here",
                "This server has one page.", NULL);
    } else if (!(evhttp_request_get_command(request) & route->methods)) {
        evhttp_add_header(evhttp_request_get_output_headers(request), "Allow",
                          route->allow);
        problem(request, HTTP_BADMETHOD, "Not in this way",
                "This address takes another method.", NULL);
    } else {
        route->answer(app, request);
    }
}

void routes_answer(const struct app *app, struct evhttp_request *request)
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
