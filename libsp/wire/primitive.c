/* SPDX-License-Identifier: MIT */
/* Lines about primitives, and what follows from all of them for a tier.
 * Callers: worker/probe.c writes, supervisor/doctor.c reads. */
#define _GNU_SOURCE
#include "primitive.h"

#include <stdio.h>
#include <string.h>

static const struct row {
    const char *name;
    enum primitive_need need;
    const char *follows;
} rows[] = {
#define ROW(NAME, word, NEED, follows) {word, PRIMITIVE_NEED_##NEED, follows},
    PRIMITIVE_TABLE(ROW)
#undef ROW
};

static const char *const needs[] = {
#define NEED(NAME, word) word,
    PRIMITIVE_NEED_TABLE(NEED)
#undef NEED
};

static const char *const states[] = {
#define STATE(NAME, word) word,
    PRIMITIVE_STATE_TABLE(STATE)
#undef STATE
};

const char *primitive_name(enum primitive primitive)
{
    return rows[primitive].name;
}

const char *primitive_needed_by(enum primitive primitive)
{
    return needs[rows[primitive].need];
}

const char *primitive_follows(enum primitive primitive)
{
    return rows[primitive].follows;
}

const char *primitive_state_name(enum primitive_state state)
{
    return states[state];
}

/* ---- lines ---- */

size_t primitive_line(enum primitive primitive,
                      const struct primitive_finding *finding, char *out)
{
    return (size_t)snprintf(out, PRIMITIVE_LINE_SIZE, "%s %s%s%s\n",
                            rows[primitive].name, states[finding->state],
                            *finding->detail ? " " : "", finding->detail);
}

static bool is_word(const char *word, size_t len, const char *name)
{
    return strlen(name) == len && memcmp(name, word, len) == 0;
}

static bool take_state(const char *word, size_t len,
                       enum primitive_state *out_state)
{
    for (int state = 0; state < PRIMITIVE_STATES; state++)
        if (is_word(word, len, states[state])) {
            *out_state = (enum primitive_state)state;
            return true;
        }
    return false;
}

static bool take_detail(const char *text, size_t len,
                        struct primitive_finding *finding)
{
    if (len == 0 || len > PRIMITIVE_DETAIL_MAX)
        return false;
    for (size_t i = 0; i < len; i++)
        if (text[i] < ' ' || text[i] > '~')
            return false;
    memcpy(finding->detail, text, len);
    finding->detail[len] = '\0';
    return true;
}

/* "STATE" or "STATE DETAIL" */
static bool take_rest(const char *text, size_t len,
                      struct primitive_finding *out_finding)
{
    struct primitive_finding finding = {.detail = ""};
    const char *space = memchr(text, ' ', len);
    size_t word = space ? (size_t)(space - text) : len;

    if (!take_state(text, word, &finding.state) ||
        (space && !take_detail(space + 1, len - word - 1, &finding)))
        return false;
    *out_finding = finding;
    return true;
}

static bool take_line(const char *line, size_t len,
                      struct primitive_report *report,
                      bool taken[PRIMITIVES])
{
    const char *space = memchr(line, ' ', len);
    size_t word = space ? (size_t)(space - line) : len;

    for (int i = 0; i < PRIMITIVES; i++)
        if (space && !taken[i] && is_word(line, word, rows[i].name)) {
            taken[i] = true;
            return take_rest(space + 1, len - word - 1, &report->findings[i]);
        }
    return false;
}

bool primitive_parse(const char *text, size_t size,
                     struct primitive_report *report)
{
    bool taken[PRIMITIVES] = {false};

    while (size > 0) {
        const char *end = memchr(text, '\n', size);

        if (!end || !take_line(text, (size_t)(end - text), report, taken))
            return false;
        size -= (size_t)(end + 1 - text);
        text = end + 1;
    }
    return true;
}

/* ---- verdicts ---- */

static bool needs_it(enum sandbox_tier tier, enum primitive_need need)
{
    switch (need) {
    case PRIMITIVE_NEED_NONE:
        return true;
    case PRIMITIVE_NEED_DEFAULT:
        return tier >= SANDBOX_DEFAULT;
    case PRIMITIVE_NEED_STRICT:
        return tier >= SANDBOX_STRICT;
    case PRIMITIVE_NEED_BETTER:
    case PRIMITIVE_NEED_SETTING:
        break;
    }
    return false;
}

bool primitive_verdict(const struct primitive_report *report,
                       enum sandbox_tier tier, char *out_lacks, size_t size)
{
    bool kept = true;
    size_t len = 0;

    *out_lacks = '\0';
    for (int i = 0; i < PRIMITIVES; i++) {
        if (!needs_it(tier, rows[i].need) ||
            report->findings[i].state == PRIMITIVE_PRESENT)
            continue;
        if (len < size)
            len += (size_t)snprintf(out_lacks + len, size - len, "%s%s",
                                    kept ? "" : ", ", rows[i].name);
        kept = false;
    }
    return kept;
}
