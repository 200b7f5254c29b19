/* SPDX-License-Identifier: MIT */
/* frontend/visit.h - what the page shows of a visitor's session. */
#ifndef FRONTEND_VISIT_H
#define FRONTEND_VISIT_H

#include <stddef.h>

#include <sp/evhttp.h>

struct app;
struct evhttp_request;

struct visit {
    char id[SP_ID_MAX + 1];
    enum sp_visit how;
    struct sp_result *shown; /* owned: the session's answer to "show" */
    struct sp_session_info *info;    /* owned: the supervisor's word on it */
    unsigned long long count;
    const char *notes; /* in `shown`: a line each, the oldest first */
    size_t notes_size;
    const char *runtime_dir; /* borrowed from the client */
};

/* The most that is shown, whatever a session answers. */
#define VISIT_NOTES_MAX 100

/* Finds or starts the visitor's session and asks it what it holds.  SP_OK: the
 * caller closes the visit.  Otherwise *out_text, if not NULL, says more and is
 * the caller's to free(). */
enum sp_error visit_open(const struct app *app, struct evhttp_request *request,
                         struct visit *out_visit, char **out_text);

void visit_close(struct visit *visit);

/* The next note, from *at, which begins as visit->notes; NULL: no more. */
const char *visit_note_next(const struct visit *visit, const char **at,
                            size_t *out_size);

#endif
