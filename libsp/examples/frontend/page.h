/* SPDX-License-Identifier: MIT */
/* frontend/page.h - the pages, as HTML. */
#ifndef FRONTEND_PAGE_H
#define FRONTEND_PAGE_H

#include <stdbool.h>
#include <sys/types.h>

struct response;
struct visit;

/* The visitor's page.  gone: the process that the visitor has just crashed, 0
 * for none. */
void page_visit(struct response *response, const struct visit *visit,
                pid_t gone);

/* A page that says what is wrong, and more of it in `text` (NULL: no more). */
void page_problem(struct response *response, const char *title,
                  const char *advice, const char *text);

/* The style sheet (style.c). */
extern const char page_style[];

/* The longest note that a form lets one write, in UTF-16 units, and what these
 * are at most in UTF-8. */
#define PAGE_NOTE_UNITS 200
#define PAGE_NOTE_BYTES (PAGE_NOTE_UNITS * 3)

#endif
