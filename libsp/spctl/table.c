/* SPDX-License-Identifier: MIT */
/* Lays out rows of cells.  A column is as wide as its widest cell, but a cell
 * that is much wider than usual shifts only its own row. */
#define _GNU_SOURCE
#include "table.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A column is not padded to more than this. */
#define COLUMN_MAX 12
#define GAP 1
#define INDENT 4

struct table_row {
    char *cells[TABLE_COLUMNS_MAX]; /* owned */
};

struct table {
    const struct table_column *columns; /* borrowed */
    size_t count;                       /* of columns */
    struct table_row *rows;             /* owned */
    size_t row_count;
    size_t row_capacity;
};

struct table *table_create(const struct table_column *columns, size_t count)
{
    struct table *table = calloc(1, sizeof *table);

    assert(count <= TABLE_COLUMNS_MAX);
    if (table) {
        table->columns = columns;
        table->count = count;
    }
    return table;
}

static void row_fini(struct table_row *row)
{
    for (size_t i = 0; i < TABLE_COLUMNS_MAX; i++)
        free(row->cells[i]);
}

static bool table_grow(struct table *table)
{
    size_t capacity = table->row_capacity ? table->row_capacity * 2 : 16;
    struct table_row *rows = table->rows;

    if (table->row_count < table->row_capacity)
        return true;
    rows = reallocarray(rows, capacity, sizeof *rows);
    if (!rows)
        return false;
    table->rows = rows;
    table->row_capacity = capacity;
    return true;
}

bool table_add(struct table *table, const char *const *cells)
{
    struct table_row row = {0};

    if (!table_grow(table))
        return false;
    for (size_t i = 0; i < table->count; i++) {
        row.cells[i] = strdup(cells[i]);
        if (!row.cells[i]) {
            row_fini(&row);
            return false;
        }
    }
    table->rows[table->row_count++] = row;
    return true;
}

static size_t column_width(const struct table *table, size_t column)
{
    size_t width = strlen(table->columns[column].title);

    for (size_t i = 0; i < table->row_count; i++) {
        size_t len = strlen(table->rows[i].cells[column]);

        if (len > width)
            width = len;
    }
    return width < COLUMN_MAX ? width : COLUMN_MAX;
}

/* Prints one row.  No line ends in spaces: the padding after a cell waits for
 * the next one. */
static void print_row(const struct table *table, const size_t *widths,
                      const char *const *cells, size_t width)
{
    size_t at = 0, pad = 0;

    for (size_t i = 0; i < table->count; i++) {
        size_t len = strlen(cells[i]);
        size_t fill = len < widths[i] ? widths[i] - len : 0;
        size_t before = table->columns[i].right ? fill : 0;

        if (at > 0 && at + pad + before + len > width) {
            printf("\n%*s", INDENT, "");
            at = INDENT;
            pad = before = 0;
        }
        printf("%*s%s", (int)(pad + before), "", cells[i]);
        at += pad + before + len;
        pad = GAP + (table->columns[i].right ? 0 : fill);
    }
    putchar('\n');
}

void table_print(const struct table *table, unsigned width)
{
    const char *titles[TABLE_COLUMNS_MAX];
    size_t widths[TABLE_COLUMNS_MAX];

    for (size_t i = 0; i < table->count; i++) {
        titles[i] = table->columns[i].title;
        widths[i] = column_width(table, i);
    }
    print_row(table, widths, titles, width);
    for (size_t i = 0; i < table->row_count; i++)
        print_row(table, widths, (const char *const *)table->rows[i].cells,
                  width);
}

void table_destroy(struct table *table)
{
    if (!table)
        return;
    for (size_t i = 0; i < table->row_count; i++)
        row_fini(&table->rows[i]);
    free(table->rows);
    free(table);
}
