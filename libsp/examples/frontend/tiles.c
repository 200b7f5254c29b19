/* SPDX-License-Identifier: MIT */
/* The board as a strip of tiles, one a process: a part of the page, and what is
 * sent to all pages that are open.  Called by page.c and windows.c. */
#define _GNU_SOURCE
#include "page.h"

#include <stdbool.h>

#include "board.h"
#include "cause.h"
#include "response.h"

/* The most processes that are drawn. */
#define DRAWN_MAX 60

void page_age(struct response *page, unsigned long long ms)
{
    unsigned long long s = ms / 1000;

    response_html(page, "<span class=\"age\" data-age=\"%llu\">", ms);
    if (s < 60)
        response_html(page, "%llu s", s);
    else if (s < 3600)
        response_html(page, "%llu min %llu s", s / 60, s % 60);
    else
        response_html(page, "%llu h %llu min", s / 3600, s / 60 % 60);
    response_html(page, "</span>");
}

static void tile(struct response *page, const struct entry *entry)
{
    static const char *const states[] = {
        [BOARD_STARTING] = "starting",
        [BOARD_RUNNING] = "running",
        [BOARD_DYING] = "dying",
        [BOARD_GONE] = "gone",
    };
    const struct past *death = entry_last(entry, "crash");
    bool fresh = death && entry_is_fresh(entry);

    response_html(page,
                  "<li class=\"%s%s hue-%u\" data-number=\"%u\">"
                  "<b>%u</b> ",
                  states[entry->state],
                  fresh && entry->state == BOARD_RUNNING ? " fresh" : "",
                  entry->number % 8, entry->number, entry->number);
    if (fresh && entry->state == BOARD_RUNNING)
        response_html(page, "<em>%s</em> ", cause_of(death->text).brief);
    if (entry->state == BOARD_RUNNING)
        page_age(page, board_age_ms(entry));
    else if (entry->state == BOARD_STARTING)
        response_html(page, "<span>starting</span>");
    else
        response_html(page, "<span>%s</span>",
                      death ? cause_of(death->text).brief : "ended");
    if (entry->restarts > 0)
        response_html(page, " <i title=\"restarts\">\u21bb\u2009%u</i>",
                      entry->restarts);
    response_html(page, "</li>\n");
}

/* Those that have ended are left out after a moment. */
static bool is_drawn(const struct entry *entry)
{
    return entry->state != BOARD_GONE || entry_is_fresh(entry);
}

void page_board(struct response *response, const struct board *board)
{
    size_t drawn = 0;

    for (const struct entry *entry = board_next(board, NULL);
         entry && drawn < DRAWN_MAX; entry = board_next(board, entry)) {
        if (!is_drawn(entry))
            continue;
        tile(response, entry);
        drawn++;
    }
    if (board_count(board) > drawn)
        response_html(response, "<li class=\"more\">and %zu more</li>\n",
                      board_count(board) - drawn);
}
