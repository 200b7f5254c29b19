/* SPDX-License-Identifier: MIT */
/* From an error to an exit status, and from an exit status to words. */
#include "outcome.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static const struct {
    enum sp_error error;
    int status;
    const char *text;
} rows[] = {
#define OUTCOME_ROW_(name, number, exit, from_session, text) {name, exit, text},
    SP_ERROR_TABLE(OUTCOME_ROW_)
#undef OUTCOME_ROW_
};

#define OUTCOME_CHECK_(name, number, exit, from_session, text)                 \
    static_assert((exit) < OUTCOME_STATUSES && (number) < 31, "");
SP_ERROR_TABLE(OUTCOME_CHECK_)
#undef OUTCOME_CHECK_

#define ROWS (sizeof rows / sizeof rows[0])

/* What spctl adds to the errors of the library, and whether --quiet drops the
 * message. */
static const struct {
    const char *also;
    bool expected;
} notes[OUTCOME_STATUSES] = {
    [0] = {"the answer yes of started", true},
    [1] = {"the answer no of started", true},
    [2] = {"wrong usage", false},
    [3] = {NULL, true},
    [4] = {NULL, true},
    [5] = {NULL, true},
    [6] = {NULL, true},
    [7] = {NULL, true},
    [11] = {"the output could not be written", false},
};

int outcome_status(enum sp_error error)
{
    for (size_t i = 0; i < ROWS; i++)
        if (rows[i].error == error)
            return rows[i].status;
    return OUTCOME_STATUSES - 1;
}

bool outcome_expected(enum sp_error error)
{
    return notes[outcome_status(error)].expected;
}

static void join(char *out, size_t size, const char *text)
{
    size_t len = strlen(out);

    snprintf(out + len, size - len, "%s%s", len > 0 ? "; " : "", text);
}

void outcome_describe(int status, unsigned errors, char *out, size_t size)
{
    out[0] = '\0';
    for (size_t i = 0; i < ROWS; i++)
        if (rows[i].status == status && (errors & OUTCOME_BIT(rows[i].error)))
            join(out, size, rows[i].text);
    if (errors == OUTCOME_ALL && notes[status].also)
        join(out, size, notes[status].also);
}
