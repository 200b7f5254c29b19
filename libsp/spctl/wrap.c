/* SPDX-License-Identifier: MIT */
/* Breaks texts into lines.  Callers: help.c, cmd-info.c, cmd-events.c,
 * cmd-stats.c. */
#include "wrap.h"

#include <stdio.h>
#include <string.h>

void wrap_print(size_t column, size_t indent, const char *text)
{
    size_t at = column;

    while (*text) {
        size_t len = strcspn(text, " \n");

        if (at > column && at + 1 + len > WRAP_WIDTH) {
            printf("\n%*s", (int)indent, "");
            at = column = indent;
        }
        at += (size_t)printf("%s%.*s", at > column ? " " : "", (int)len, text);
        text += len;
        if (strncmp(text, "\n\n", 2) == 0) {
            printf("\n\n%*s", (int)indent, "");
            at = column = indent;
        }
        text += strspn(text, " \n");
    }
    putchar('\n');
}

void wrap_on(size_t column, size_t indent, const char *text)
{
    size_t len = strcspn(text, " \n");

    if (column + 1 + len > WRAP_WIDTH) {
        printf("\n%*s", (int)indent, "");
        column = indent;
    } else {
        putchar(' ');
        column++;
    }
    wrap_print(column, indent, text);
}

void wrap_row(const char *label, const char *text)
{
    size_t len = 2 + strlen(label);

    printf("  %s", label);
    if (len + 1 < WRAP_LABEL)
        printf("%*s", (int)(WRAP_LABEL - len), "");
    else
        printf("\n%*s", WRAP_LABEL, "");
    wrap_print(WRAP_LABEL, WRAP_LABEL, text);
}
