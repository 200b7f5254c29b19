/* SPDX-License-Identifier: MIT */
/* The pages.  Every piece that is not written here is appended by
 * response_text() or response_bytes(), which escape it, or is a number. */
#include "page.h"

#include <sp/client.h>

#include "response.h"
#include "visit.h"

static void head(struct response *page, const char *title)
{
    response_html(page, "<!doctype html>\n<html lang=\"en\">\n<head>\n"
                        "<meta charset=\"utf-8\">\n"
                        "<meta name=\"viewport\" content=\""
                        "width=device-width, initial-scale=1\">\n"
                        "<link rel=\"icon\" href=\"data:,\">\n<title>");
    response_text(page, title);
    response_html(page, "</title>\n<style nonce=\"%s\">\n%s</style>\n</head>\n",
                  page->nonce, page_style);
}

/* ---- the news ----------------------------------------------------------- */

static void news_crashed(struct response *page, const struct visit *visit,
                         pid_t gone)
{
    response_html(page,
                  "<div class=\"news warn\" role=\"status\">\n"
                  "<h2>Process %ld is gone</h2>\n<p>It was ",
                  (long)gone);
    response_text(page, sp_info_last_end(visit->info));
    response_html(page,
                  ", and with it went its counter and its notes. Process "
                  "<strong>%ld</strong> has taken its place, in the same "
                  "session. Nobody else has noticed.</p>\n</div>\n",
                  (long)sp_info_pid(visit->info));
}

static void news_given_up(struct response *page, pid_t gone)
{
    response_html(page, "<div class=\"news bad\" role=\"status\">\n");
    if (gone > 0)
        response_html(page,
                      "<h2>That session was given up</h2>\n"
                      "<p>Process %ld crashed like those before it, too often "
                      "in too short a time, so the supervisor gave up "
                      "restarting this one session. ",
                      (long)gone);
    else
        response_html(page, "<h2>Your session has ended</h2>\n"
                            "<p>It was stopped, or it crashed too often in "
                            "too short a time and was given up. ");
    response_html(page, "You have a fresh session now, under a new ID.</p>\n"
                        "</div>\n");
}

/* A process that is still there is no news: the page was reloaded from an old
 * address. */
static void news(struct response *page, const struct visit *visit, pid_t gone)
{
    if (visit->how == SP_VISIT_RENEWED)
        news_given_up(page, gone);
    else if (gone > 0 && gone != sp_info_pid(visit->info) &&
             sp_info_restarts(visit->info) > 0)
        news_crashed(page, visit, gone);
}

/* ---- the cards ---------------------------------------------------------- */

static void card_counter(struct response *page, const struct visit *visit)
{
    response_html(page,
                  "<section class=\"card counter\">\n<h2>Your counter</h2>\n"
                  "<p class=\"number\" id=\"count\">%llu</p>\n"
                  "<form method=\"post\" action=\"/count\">"
                  "<button>Add one</button></form>\n</section>\n",
                  visit->count);
}

static void notes_list(struct response *page, const struct visit *visit)
{
    const char *at = visit->notes, *note;
    size_t size, shown = 0;

    response_html(page, "<ul id=\"notes\">\n");
    while (shown < VISIT_NOTES_MAX &&
           (note = visit_note_next(visit, &at, &size)) != NULL) {
        response_html(page, "<li>");
        response_bytes(page, note, size);
        response_html(page, "</li>\n");
        shown++;
    }
    response_html(page, "</ul>\n");
    if (shown == 0)
        response_html(page, "<p class=\"quiet\">Nothing yet.</p>\n");
}

static void card_notes(struct response *page, const struct visit *visit)
{
    response_html(page, "<section class=\"card\">\n<h2>Your notes</h2>\n");
    notes_list(page, visit);
    response_html(page,
                  "<form class=\"line\" method=\"post\" action=\"/note\">"
                  "<input name=\"text\" aria-label=\"A note\" required "
                  "maxlength=\"%d\" autocomplete=\"off\" "
                  "placeholder=\"Something to remember\">"
                  "<button>Keep</button></form>\n</section>\n",
                  PAGE_NOTE_UNITS);
}

static void age(struct response *page, unsigned long long ms)
{
    unsigned long long s = ms / 1000;

    if (s < 60)
        response_html(page, "%llu s", s);
    else if (s < 3600)
        response_html(page, "%llu min %llu s", s / 60, s % 60);
    else
        response_html(page, "%llu h %llu min", s / 3600, s / 60 % 60);
}

static void card_process(struct response *page, const struct visit *visit)
{
    const struct sp_session_info *info = visit->info;
    const char *last_end = sp_info_last_end(info);

    response_html(page, "<section class=\"card\">\n<h2>Your process</h2>\n"
                        "<dl>\n<dt>Session</dt><dd class=\"id\" id=\"id\">");
    response_text(page, visit->id);
    response_html(page,
                  "</dd>\n<dt>Process ID</dt><dd id=\"pid\">%ld</dd>\n"
                  "<dt>Restarts</dt><dd id=\"restarts\">%u</dd>\n"
                  "<dt>Last end</dt><dd id=\"last-end\">",
                  (long)sp_info_pid(info), sp_info_restarts(info));
    response_text(page, *last_end ? last_end : "none so far");
    response_html(page, "</dd>\n<dt>Module</dt><dd>");
    response_text(page, sp_info_module(info));
    response_html(page, "</dd>\n<dt>Age</dt><dd>");
    age(page, sp_info_age_ms(info));
    response_html(page, "</dd>\n</dl>\n</section>\n");
}

static void card_crash(struct response *page)
{
    response_html(page,
                  "<section class=\"card danger\">\n<h2>Crash it</h2>\n"
                  "<p>Your process will write through a wild pointer and die. "
                  "A fresh one answers the next page, with an empty counter; "
                  "after a few crashes in a row the session is given up.</p>\n"
                  "<form method=\"post\" action=\"/crash\">"
                  "<button>Crash my process</button></form>\n</section>\n");
}

static void foot(struct response *page, const struct visit *visit)
{
    response_html(page, "<footer>\n<p>Open this page in a private window to be "
                        "a second visitor, with a process of your own. From a "
                        "shell:</p>\n<pre>export SP_RUNTIME_DIR=");
    response_text(page, visit->runtime_dir);
    response_html(page, "\nspctl list\nspctl call ");
    response_text(page, visit->id);
    response_html(page, " show</pre>\n</footer>\n");
}

void page_visit(struct response *response, const struct visit *visit,
                pid_t gone)
{
    head(response, "A process of your own");
    response_html(response,
                  "<body>\n<main>\n<header>\n<h1>A process of your own</h1>\n"
                  "<p>What you see here lives in one operating-system process "
                  "that serves you alone. Break it, and nobody else "
                  "notices.</p>\n</header>\n");
    news(response, visit, gone);
    response_html(response, "<div class=\"cards\">\n<div>\n");
    card_counter(response, visit);
    card_notes(response, visit);
    response_html(response, "</div>\n<div>\n");
    card_process(response, visit);
    card_crash(response);
    response_html(response, "</div>\n</div>\n");
    foot(response, visit);
    response_html(response, "</main>\n</body>\n</html>\n");
}

void page_problem(struct response *response, const char *title,
                  const char *advice, const char *text)
{
    head(response, title);
    response_html(response, "<body>\n<main class=\"narrow\">\n"
                            "<section class=\"card\">\n<h1>");
    response_text(response, title);
    response_html(response, "</h1>\n<p>");
    response_text(response, advice);
    response_html(response, "</p>\n");
    if (text) {
        response_html(response, "<pre>");
        response_text(response, text);
        response_html(response, "</pre>\n");
    }
    response_html(response, "<p><a class=\"button\" href=\"/\">To my page</a>"
                            "</p>\n</section>\n</main>\n</body>\n</html>\n");
}
