/* SPDX-License-Identifier: MIT */
/* A visit: the session's answer to "show", a line for each thing.  It is read
 * like a stranger's words, for the session's process may be in a stranger's
 * hands.  Called by routes.c. */
#include "visit.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* Answers above this are no page's worth. */
#define ANSWER_MAX 65536
#define DIGITS_MAX 18

static bool read_number(const struct line *rest, unsigned long long *out)
{
    unsigned long long number = 0;

    if (rest->size == 0 || rest->size > DIGITS_MAX)
        return false;
    for (size_t i = 0; i < rest->size; i++) {
        if (rest->at[i] < '0' || rest->at[i] > '9')
            return false;
        number = number * 10 + (unsigned)(rest->at[i] - '0');
    }
    *out = number;
    return true;
}

/* If the line begins with the word and a space, the rest is what is behind. */
static bool has_word(const struct line *line, const char *word,
                     struct line *out_rest)
{
    size_t size = strlen(word);

    if (line->size <= size || memcmp(line->at, word, size) != 0 ||
        line->at[size] != ' ')
        return false;
    *out_rest = (struct line){line->at + size + 1, line->size - size - 1};
    return true;
}

/* False: it is known, and wrong.  What is not known is passed over. */
static bool read_line(struct visit *visit, const struct line *line)
{
    unsigned long long pid;
    struct line rest;

    if (has_word(line, "pid", &rest)) {
        if (!read_number(&rest, &pid) || pid > INT_MAX)
            return false;
        visit->pid = (long)pid;
    } else if (has_word(line, "uptime_ms", &rest)) {
        return read_number(&rest, &visit->uptime_ms);
    } else if (has_word(line, "count", &rest)) {
        return read_number(&rest, &visit->count);
    } else if (has_word(line, "said", &rest)) {
        visit->said = rest;
    } else if (has_word(line, "note", &rest) &&
               visit->notes < VISIT_NOTES_MAX) {
        visit->note[visit->notes++] = rest;
    }
    return true;
}

bool visit_read(struct visit *out_visit, const char *text, size_t size)
{
    const char *end = text + size;

    memset(out_visit, 0, sizeof *out_visit);
    if (size > ANSWER_MAX)
        return false;
    while (text < end) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        struct line line = {text, (size_t)((stop ? stop : end) - text)};

        if (!read_line(out_visit, &line))
            return false;
        text = stop ? stop + 1 : end;
    }
    return out_visit->pid > 0;
}
