/* SPDX-License-Identifier: MIT */
/* about.h - what is to be said of spctl as a whole, for --help and for the
 * manual page. */
#ifndef SPCTL_ABOUT_H
#define SPCTL_ABOUT_H

extern const char about_summary[];  /* one line */
extern const char about_synopsis[]; /* what follows the program's name */
extern const char about_text[];     /* paragraphs */
extern const char about_output[];   /* paragraphs: what is printed where */
extern const char about_see_also[];

struct about_row {
    const char *name;
    const char *text;
};

/* Environment variables, then a row of NULL. */
extern const struct about_row about_environment[];

#endif
