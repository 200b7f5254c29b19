/* SPDX-License-Identifier: MIT */
/* wrap.h - running text in lines of at most 80 columns. */
#ifndef SPCTL_WRAP_H
#define SPCTL_WRAP_H

#include <stddef.h>

#define WRAP_WIDTH 80

/* Prints text (ASCII words; an empty line parts paragraphs) to standard output
 * and ends the line.  column: where the output stands; indent: where further
 * lines begin.  A word that is too long for a line has one of its own. */
void wrap_print(size_t column, size_t indent, const char *text);

/* The same behind a word that ends at the column. */
void wrap_on(size_t column, size_t indent, const char *text);

/* Prints "  label   text", the text from column WRAP_LABEL on. */
#define WRAP_LABEL 24
void wrap_row(const char *label, const char *text);

#endif
