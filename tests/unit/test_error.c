/* SPDX-License-Identifier: MIT */
/* The table of errors: what stands on the wire and in shell scripts never
 * changes, so it is written down here a second time. */
#include <criterion/criterion.h>
#include <string.h>

#include <sp/error.h>

static const struct row {
    enum sp_error error;
    const char *name;
    int number;
    int exit;
    int from_session;
    const char *text;
} rows[] = {
#define ROW(name, number, exit, from_session, text)                            \
    {name, #name, number, exit, from_session, text},
    SP_ERROR_TABLE(ROW)
#undef ROW
};
#define ROWS (sizeof rows / sizeof rows[0])

/* The exit statuses of spctl, as its manual documents them. */
static const struct {
    const char *name;
    int exit;
} documented[] = {
    {"SP_OK", 0},       {"SP_ENOENT", 1},  {"SP_EINVAL", 2},
    {"SP_EBADID", 2},   {"SP_EALREADY", 3}, {"SP_ETIMEDOUT", 4},
    {"SP_EDIED", 5},    {"SP_EREPLY", 6},  {"SP_EREQUEST", 6},
    {"SP_ENOSUP", 7},   {"SP_ELIMIT", 8},  {"SP_EINIT", 9},
    {"SP_EIGNORED", 9}, {"SP_EMODULE", 9}, {"SP_ELOAD", 9},
    {"SP_EPERM", 10},   {"SP_EAGAIN", 8},  {"SP_EMSGSIZE", 8},
    {"SP_EPROTO", 11},  {"SP_ENOMEM", 11}, {"SP_ESYSTEM", 11},
    {"SP_EENDED", 5},   {"SP_EFORKED", 11},
};

Test(error, numbers_and_names_are_unique)
{
    for (size_t i = 0; i < ROWS; i++)
        for (size_t j = 0; j < i; j++) {
            cr_expect_neq(rows[i].number, rows[j].number);
            cr_expect_str_neq(rows[i].name, rows[j].name);
        }
}

Test(error, numbers_are_their_place_in_the_table)
{
    for (size_t i = 0; i < ROWS; i++)
        cr_expect_eq(rows[i].number, (int)i, "%s", rows[i].name);
}

Test(error, exit_statuses_are_the_documented_ones)
{
    cr_assert_eq(ROWS, sizeof documented / sizeof documented[0]);
    for (size_t i = 0; i < ROWS; i++) {
        cr_expect_str_eq(rows[i].name, documented[i].name);
        cr_expect_eq(rows[i].exit, documented[i].exit, "%s", rows[i].name);
    }
}

Test(error, names_and_texts_come_from_the_table)
{
    for (size_t i = 0; i < ROWS; i++) {
        cr_expect_str_eq(sp_error_name(rows[i].error), rows[i].name);
        cr_expect_str_eq(sp_strerror(rows[i].error), rows[i].text);
        cr_expect_leq(strlen(rows[i].text), SP_TEXT_MAX);
    }
}

Test(error, unknown_numbers_have_a_name_and_a_text)
{
    enum sp_error unknown[] = {(enum sp_error)ROWS, (enum sp_error)-1};

    for (size_t i = 0; i < 2; i++) {
        cr_expect_str_eq(sp_error_name(unknown[i]), "SP_E?");
        cr_expect_str_eq(sp_strerror(unknown[i]), "unknown error");
    }
}

/* A session may only claim what says nothing about the session's own fate or
 * about spd. */
Test(error, only_five_errors_may_come_from_a_session)
{
    for (size_t i = 0; i < ROWS; i++) {
        enum sp_error error = rows[i].error;
        int allowed = error == SP_EREPLY || error == SP_EREQUEST ||
                      error == SP_EMSGSIZE || error == SP_EPROTO ||
                      error == SP_EENDED;

        cr_expect_eq(rows[i].from_session, allowed, "%s", rows[i].name);
    }
}
