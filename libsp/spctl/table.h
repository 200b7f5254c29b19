/* SPDX-License-Identifier: MIT */
/* table.h - a table for people: columns with titles, aligned.  A row that is
 * wider than the output goes on in the next line, indented, so that the widest
 * cells (a session ID has up to 64 characters) fit 80 columns uncut. */
#ifndef SPCTL_TABLE_H
#define SPCTL_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#define TABLE_COLUMNS_MAX 10

struct table_column {
    const char *title;
    bool right; /* numbers */
};

struct table;

/* A table without rows, or NULL if there is no memory.  The columns, up to
 * TABLE_COLUMNS_MAX, stay the caller's and must outlive it. */
struct table *table_create(const struct table_column *columns, size_t count);

/* Adds a row of one cell a column; the texts are copied.  False: no memory. */
bool table_add(struct table *table, const char *const *cells);

/* Prints it to standard output. */
void table_print(const struct table *table, unsigned width);

void table_destroy(struct table *table); /* NULL is allowed */

#endif
