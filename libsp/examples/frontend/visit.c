/* SPDX-License-Identifier: MIT */
/* A visit: plug, session and supervisor are asked for one page.  What the
 * session answers is checked like a stranger's words, for its process may be
 * in a stranger's hands.  Called by routes.c. */
#define _GNU_SOURCE
#include "visit.h"

#include <stdlib.h>
#include <string.h>

#include "app.h"

/* Answers above this are no page's worth. */
#define SHOWN_MAX 65536

/* A session can end between two questions about it: then a visitor gets
 * another, and the questions are asked again. */
#define TRIES_MAX 3

/* First line: the count.  Behind it, the notes, a line each. */
static enum sp_error read_shown(struct visit *visit)
{
    const char *text = sp_result_data(visit->shown);
    size_t size = sp_result_size(visit->shown);
    const char *line_end = size <= SHOWN_MAX ? memchr(text, '\n', size) : NULL;
    size_t digits;

    if (!line_end)
        return SP_EPROTO;
    digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 20 || text + digits != line_end)
        return SP_EPROTO;
    visit->count = strtoull(text, NULL, 10);
    visit->notes = line_end + 1;
    visit->notes_size = size - digits - 1;
    return SP_OK;
}

static enum sp_error ask(const struct app *app, struct visit *visit)
{
    enum sp_error error = sp_call(app->client, visit->id, "show",
                                  strlen("show"), APP_CALL_MS, visit->shown);

    if (error == SP_OK)
        error = read_shown(visit);
    if (error == SP_OK)
        error = sp_info(app->client, visit->id, &visit->info, NULL);
    return error;
}

static enum sp_error find_and_ask(const struct app *app,
                                  struct evhttp_request *request,
                                  struct visit *visit)
{
    enum sp_visit how;
    enum sp_error error = sp_plug_session(app->plug, request, NULL, 0,
                                          visit->id, &how, visit->shown);

    if (error != SP_OK)
        return error;
    if (how != SP_VISIT_KNOWN)
        visit->how = how;
    return ask(app, visit);
}

enum sp_error visit_open(const struct app *app, struct evhttp_request *request,
                         struct visit *out_visit, char **out_text)
{
    struct visit visit = {
        .how = SP_VISIT_KNOWN,
        .shown = sp_result_new(),
        .runtime_dir = sp_client_runtime_dir(app->client),
    };
    enum sp_error error = SP_ENOMEM;

    *out_text = NULL;
    if (!visit.shown)
        return error;
    for (int i = 0; i < TRIES_MAX; i++) {
        error = find_and_ask(app, request, &visit);
        if (error != SP_EDIED && error != SP_ENOENT)
            break;
    }
    if (error == SP_OK) {
        *out_visit = visit;
        return SP_OK;
    }
    if (sp_result_error(visit.shown) == error)
        *out_text = strdup(sp_result_text(visit.shown));
    visit_close(&visit);
    return error;
}

void visit_close(struct visit *visit)
{
    sp_result_free(visit->shown);
    sp_info_free(visit->info);
}

const char *visit_note_next(const struct visit *visit, const char **at,
                            size_t *out_size)
{
    const char *end = visit->notes + visit->notes_size;
    const char *note = *at, *line_end;

    if (note == end)
        return NULL;
    line_end = memchr(note, '\n', (size_t)(end - note));
    if (!line_end)
        line_end = end;
    *out_size = (size_t)(line_end - note);
    *at = line_end == end ? end : line_end + 1;
    return note;
}
