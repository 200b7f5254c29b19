/* SPDX-License-Identifier: MIT */
/* frontend/page.h - the pages, as HTML. */
#ifndef FRONTEND_PAGE_H
#define FRONTEND_PAGE_H

struct board;
struct desk;
struct response;
struct sp_plug_outcome;
struct visit;

/* The visitor's page. */
void page_visit(struct response *response, const struct desk *desk,
                const struct sp_plug_outcome *outcome,
                const struct visit *visit);

/* The part of it that shows everybody's processes: items of a list. */
void page_board(struct response *response, const struct board *board);

/* A time span in words, which script.js lets go on. */
void page_age(struct response *response, unsigned long long ms);

/* A page of two visitors' pages. */
void page_side_by_side(struct response *response);

/* A page that says what is wrong, and more of it in `text` (NULL: no more). */
void page_problem(struct response *response, const char *title,
                  const char *advice, const char *text);

/* The longest note that a form lets one write, in UTF-16 units, and what these
 * are at most in UTF-8. */
#define PAGE_NOTE_UNITS 200
#define PAGE_NOTE_BYTES (PAGE_NOTE_UNITS * 3)

#endif
