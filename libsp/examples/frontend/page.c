/* SPDX-License-Identifier: MIT */
/* The pages.  Every piece that is not written here is appended by
 * response_text() or response_bytes(), which escape it, or is a number.
 *
 * An element with data-live is replaced by script.js, when something happens,
 * by that of the same ID in a fresh page: what is shown live and what is shown
 * without scripts are one and the same. */
#define _GNU_SOURCE
#include "page.h"

#include <string.h>
#include <time.h>

#include <sp/evhttp.h>

#include "app.h"
#include "board.h"
#include "cause.h"
#include "response.h"
#include "visit.h"

/* How long a death is news, in ms. */
#define NEWS_MS 30000

static void head(struct response *page, const char *title, const char *kind)
{
    response_html(page, "<!doctype html>\n<html lang=\"en\">\n<head>\n"
                        "<meta charset=\"utf-8\">\n"
                        "<meta name=\"viewport\" content=\""
                        "width=device-width, initial-scale=1\">\n"
                        "<meta name=\"color-scheme\" content=\"light dark\">\n"
                        "<link rel=\"icon\" href=\"data:,\">\n"
                        "<link rel=\"stylesheet\" href=\"/style.css\">\n"
                        "<title>");
    response_text(page, title);
    response_html(page, "</title>\n");
    if (strcmp(kind, "visit") == 0)
        response_html(page, "<script src=\"/script.js\" defer></script>\n");
    response_html(page, "</head>\n<body class=\"%s\">\n", kind);
}

/* ---- the news ----------------------------------------------------------- */

static unsigned long long wall_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (unsigned long long)now.tv_sec * 1000 +
           (unsigned long long)now.tv_nsec / 1000000;
}

static void supervisor_said(struct response *page, const char *text)
{
    response_html(page, "<p class=\"said\"><span>The supervisor:</span> "
                        "<q id=\"last-end\">");
    response_text(page, text);
    response_html(page, "</q></p>\n");
}

static void news_died(struct response *page, const struct past *death,
                      const struct visit *visit)
{
    struct cause cause = cause_of(death->text);

    response_html(page,
                  "<div class=\"news warn\">\n<h2>Process %ld %s</h2>\n<p>%s "
                  "Its counter and its notes went with it. Process "
                  "<strong>%ld</strong> has taken its place; nobody else has "
                  "noticed.</p>\n",
                  death->pid, cause.title, cause.words, visit->pid);
    supervisor_said(page, death->text);
    response_html(page, "</div>\n");
}

/* Its past begins with that of the session that it follows. */
static void news_renewed(struct response *page, const struct entry *entry)
{
    const struct past *why = entry_last(entry, "crash");

    response_html(page, "<div class=\"news bad\">\n");
    if (why && entry_last(entry, "give_up"))
        response_html(page,
                      "<h2>That session was given up</h2>\n<p>Process %ld %s "
                      "like those before it, too often in too short a time, so "
                      "the supervisor gave up restarting this one session. ",
                      why->pid, cause_of(why->text).title);
    else
        response_html(page, "<h2>Your session has ended</h2>\n"
                            "<p>It was stopped, or it crashed too often in "
                            "too short a time and was given up. ");
    response_html(page, "You have a fresh session now, under a new ID.</p>\n");
    if (why && entry_last(entry, "give_up"))
        supervisor_said(page, why->text);
    response_html(page, "</div>\n");
}

static void news(struct response *page, const struct entry *entry,
                 const struct visit *visit)
{
    const struct past *death = entry ? entry_last(entry, "crash") : NULL;
    unsigned long long since = entry ? entry->renewed_ms : 0;

    response_html(page, "<div id=\"news\" data-live role=\"status\">\n");
    if (death && death->time_ms > since && death->pid != visit->pid &&
        wall_ms() < death->time_ms + NEWS_MS)
        news_died(page, death, visit);
    else if (since > 0 && wall_ms() < since + NEWS_MS)
        news_renewed(page, entry);
    response_html(page, "</div>\n");
}

/* ---- the visitor's own -------------------------------------------------- */

static void own_process(struct response *page, const struct entry *entry,
                        const struct visit *visit)
{
    response_html(page,
                  "<div id=\"self\" data-live data-number=\"%u\">\n"
                  "<p class=\"number\" id=\"count\">%llu</p>\n"
                  "<dl>\n<div><dt>Process</dt><dd id=\"pid\">%ld</dd></div>\n"
                  "<div><dt>Up for</dt><dd id=\"uptime\">",
                  entry ? entry->number : 0, visit->count, visit->pid);
    page_age(page, visit->uptime_ms);
    response_html(page,
                  "</dd></div>\n<div><dt>Restarts</dt>"
                  "<dd id=\"restarts\">%u</dd></div>\n"
                  "</dl>\n",
                  entry ? entry->restarts : 0);
    response_html(page, "</div>\n");
}

static void card_self(struct response *page, const struct desk *desk,
                      const struct entry *entry, const struct visit *visit)
{
    response_html(page, "<section class=\"card self\">\n"
                        "<h2>Your counter, in your process</h2>\n");
    own_process(page, entry, visit);
    response_html(page,
                  "<form method=\"post\" action=\"%s/count\">"
                  "<button class=\"main\" id=\"do-count\">Add one</button>"
                  "</form>\n</section>\n",
                  desk->prefix);
}

static void card_notes(struct response *page, const struct desk *desk,
                       const struct visit *visit)
{
    response_html(page, "<section class=\"card\">\n<h2>Your notes, in the same "
                        "memory</h2>\n<ul id=\"notes\" data-live>\n");
    for (size_t i = 0; i < visit->notes; i++) {
        response_html(page, "<li>");
        response_bytes(page, visit->note[i].at, visit->note[i].size);
        response_html(page, "</li>\n");
    }
    response_html(page,
                  "</ul>\n<form class=\"line\" method=\"post\" "
                  "action=\"%s/note\"><input name=\"text\" aria-label="
                  "\"A note\" required maxlength=\"%d\" autocomplete=\"off\" "
                  "placeholder=\"Something to keep\">"
                  "<button id=\"do-note\">Keep</button></form>\n</section>\n",
                  desk->prefix, PAGE_NOTE_UNITS);
}

/* What can be done to a process; words: what comes of it. */
static const struct {
    const char *path, *button, *words;
} harms[] = {
    {"crash", "Crash it",
     "It writes through a wild pointer. The kernel ends it."},
    {"spin", "Loop for ever",
     "It answers nothing any more. The watchdog ends it."},
    {"bomb", "Eat memory",
     "It takes all that it can get. Its memory limit ends it."},
    {"peek", "Peek at /etc/passwd",
     "It opens a file that is not its business. The sandbox says no, and it "
     "lives."},
};

static void card_harms(struct response *page, const struct desk *desk,
                       const struct visit *visit)
{
    response_html(page, "<section class=\"card harms\">\n<h2>Break it</h2>\n");
    for (size_t i = 0; i < sizeof harms / sizeof *harms; i++)
        response_html(page,
                      "<form method=\"post\" action=\"%s/%s\">"
                      "<button id=\"do-%s\" aria-describedby=\"about-%s\">%s"
                      "</button><p id=\"about-%s\">%s</p></form>\n",
                      desk->prefix, harms[i].path, harms[i].path,
                      harms[i].path, harms[i].button, harms[i].path,
                      harms[i].words);
    response_html(page, "<p id=\"said\" data-live aria-live=\"polite\">");
    if (visit->said.size > 0) {
        response_html(page, "<span>It got for an answer:</span> <samp>");
        response_bytes(page, visit->said.at, visit->said.size);
        response_html(page, "</samp>");
    }
    response_html(page, "</p>\n<p id=\"busy\" role=\"status\" hidden></p>\n"
                        "</section>\n");
}

/* ---- its past ----------------------------------------------------------- */

static void clock_time(struct response *page, unsigned long long time_ms)
{
    time_t seconds = (time_t)(time_ms / 1000);
    struct tm tm;
    char text[16] = "";

    if (localtime_r(&seconds, &tm))
        strftime(text, sizeof text, "%H:%M:%S", &tm);
    response_html(page, "<time>%s</time>", text);
}

static void past_item(struct response *page, const struct past *past)
{
    static const struct {
        const char *name, *words;
    } rows[] = {
        {"start", "Your session was started"},
        {"ready", "is there, with an empty memory"},
        {"restart", "A fresh process is being started"},
        {"give_up", "Given up"},
        {"violation", "did what is forbidden"},
        {"stop", "was stopped"},
        {"expiry", "was stopped"},
        {"refusal", "The start was refused"},
    };
    const char *words = past->name;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strcmp(rows[i].name, past->name) == 0)
            words = rows[i].words;
    response_html(page, "<li class=\"%s\">", past->name);
    clock_time(page, past->time_ms);
    response_html(page, "<span>");
    if (past->pid > 0)
        response_html(page, "Process %ld ", past->pid);
    if (strcmp(past->name, "crash") == 0)
        words = cause_of(past->text).title;
    response_text(page, words);
    if (*past->text) {
        response_html(page, " <small>");
        response_text(page, past->text);
        response_html(page, "</small>");
    }
    response_html(page, "</span></li>\n");
}

/* The newest first.  That one is being started, the next one says. */
static void card_past(struct response *page, const struct entry *entry)
{
    response_html(page, "<section class=\"card past\">\n<h2>What has happened"
                        "</h2>\n<ol id=\"past\" data-live>\n");
    for (size_t i = entry ? entry->pasts : 0; i > 0; i--)
        if (strcmp(entry->past[i - 1].name, "restart") != 0)
            past_item(page, &entry->past[i - 1]);
    response_html(page, "</ol>\n</section>\n");
}

/* ---- everybody ---------------------------------------------------------- */

static void card_board(struct response *page, const struct board *board)
{
    response_html(page, "<section class=\"card everybody\">\n"
                        "<h2>Everybody\u2019s processes</h2>\n"
                        "<p class=\"quiet\">One for each visitor, by numbers "
                        "instead of names. When one dies, watch how the others "
                        "live on.</p>\n<ol id=\"board\">\n");
    page_board(page, board);
    response_html(page, "</ol>\n</section>\n");
}

/* ---- pages -------------------------------------------------------------- */

static void foot(struct response *page, const struct app *app, const char *id)
{
    response_html(page, "<footer>\n<p class=\"unframed\">A second visitor is "
                        "a private window, another browser, or here: "
                        "<a href=\"/side-by-side\">two visitors side by side"
                        "</a>.</p>\n<details>\n<summary>From a shell</summary>"
                        "\n<pre>export SP_RUNTIME_DIR=");
    response_text(page, sp_client_runtime_dir(app->client));
    response_html(page, "\nspctl list\nspctl call <span id=\"id\">");
    response_text(page, id);
    response_html(page, "</span> show</pre>\n</details>\n</footer>\n");
}

void page_visit(struct response *response, const struct desk *desk,
                const struct sp_plug_outcome *outcome,
                const struct visit *visit)
{
    const struct entry *entry = board_find(desk->app->board, outcome->id);

    head(response, "A process of your own", "visit");
    response_html(response,
                  "<main>\n<header>\n<p class=\"brand\">libsp "
                  "<span id=\"link\" hidden></span></p>\n"
                  "<h1>A process of your own</h1>\n"
                  "<p class=\"lead\">What you see here lives in one "
                  "operating-system process that serves you alone. Break it: "
                  "nobody else will notice.</p>\n</header>\n");
    news(response, entry, visit);
    response_html(response, "<div class=\"cards\">\n");
    card_self(response, desk, entry, visit);
    card_harms(response, desk, visit);
    card_board(response, desk->app->board);
    card_past(response, entry);
    card_notes(response, desk, visit);
    response_html(response, "</div>\n");
    foot(response, desk->app, outcome->id);
    response_html(response, "</main>\n</body>\n</html>\n");
}

void page_side_by_side(struct response *response)
{
    head(response, "Two visitors", "pair");
    response_html(response,
                  "<header>\n<p><b>Two visitors.</b> Each half has a cookie, a "
                  "session and a process of its own. Break one, and watch the "
                  "other.</p>\n<a href=\"/\">One alone</a>\n</header>\n"
                  "<iframe src=\"/\" title=\"The first visitor\"></iframe>\n"
                  "<iframe src=\"/second/\" title=\"The second visitor\">"
                  "</iframe>\n</body>\n</html>\n");
}

void page_problem(struct response *response, const char *title,
                  const char *advice, const char *text)
{
    head(response, title, "problem");
    response_html(response, "<main>\n<section class=\"card\">\n<h1>");
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
