/* SPDX-License-Identifier: MIT */
/* Results: what a reply's body becomes, and what outlives what. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "client/result.h"
#include "support/leaks.h"

TestSuite(result, .fini = leaks_check);

/* As a channel does it: the body as it came, then its meaning. */
static enum sp_error answer(struct sp_result *result, const char *body,
                            size_t size)
{
    cr_assert_eq(result_put(result, body, size), SP_OK);
    return result_answer(result);
}

Test(result, a_new_one_is_a_success_without_data)
{
    struct sp_result *result = sp_result_new();

    cr_assert_eq(sp_result_error(result), SP_OK);
    cr_assert_str_eq(sp_result_text(result), "success");
    cr_assert_str_eq(sp_result_data(result), "");
    cr_assert_eq(sp_result_size(result), 0);
    cr_assert_eq(sp_result_pid(result), 0);
    cr_assert_str_eq(sp_result_cause(result), "");
    sp_result_free(result);
    sp_result_free(NULL);
}

Test(result, a_plain_reply_is_its_data_with_a_nul_behind_it)
{
    struct sp_result *result = sp_result_new();

    cr_assert_eq(answer(result, "a\0b", 3), SP_OK);
    cr_assert_eq(sp_result_size(result), 3);
    cr_assert_arr_eq(sp_result_data(result), "a\0b\0", 4);
    cr_assert_eq(sp_result_progress(result), SP_PROGRESS_ANSWERED);
    sp_result_free(result);
}

Test(result, a_literal_reply_loses_its_mark_alone)
{
    struct sp_result *result = sp_result_new();

    cr_assert_eq(answer(result, "\0SP=\0SP!7 x", 11), SP_OK);
    cr_assert_eq(sp_result_size(result), 7);
    cr_assert_arr_eq(sp_result_data(result), "\0SP!7 x", 8);
    cr_assert_eq(answer(result, "\0SP=", 4), SP_OK);
    cr_assert_eq(sp_result_size(result), 0);
    cr_assert_str_eq(sp_result_data(result), "");
    sp_result_free(result);
}

Test(result, an_error_reply_has_the_modules_text_made_printable)
{
    struct sp_result *result = sp_result_new();

    cr_assert_eq(answer(result, "\0SP!7 no\nkey", 12), SP_EREPLY);
    cr_assert_str_eq(sp_result_text(result), "no\\x0akey");
    cr_assert_eq(sp_result_size(result), 0);
    cr_assert_eq(sp_result_progress(result), SP_PROGRESS_ANSWERED);
    cr_assert_eq(answer(result, "\0SP!8 ", 6), SP_EREQUEST);
    cr_assert_str_eq(sp_result_text(result), sp_strerror(SP_EREQUEST));
    sp_result_free(result);
}

Test(result, a_session_cannot_claim_what_is_not_its_to_say)
{
    static const char *const claims[] = {"6 died", "1 none",  "0 fine", "99 x",
                                         "x",      "7",       "",       "-7 x",
                                         " 7 x",   "00007 x", "15 no",
                                         "9 none"};

    for (size_t i = 0; i < sizeof claims / sizeof *claims; i++) {
        struct sp_result *result = sp_result_new();
        char body[32] = "\0SP!";

        strcpy(body + 4, claims[i]);
        cr_expect_eq(answer(result, body, 4 + strlen(claims[i])), SP_EPROTO,
                     "%s", claims[i]);
        cr_expect_eq(sp_result_size(result), 0);
        sp_result_free(result);
    }
}

Test(result, an_unknown_mark_is_a_protocol_error)
{
    static const struct {
        const char *body;
        size_t size;
    } rows[] = {{"\0SP", 3}, {"\0SP>x", 5}, {"\0SP&", 4}, {"\0SP?", 4}};

    for (size_t i = 0; i < 4; i++) {
        struct sp_result *result = sp_result_new();

        cr_expect_eq(answer(result, rows[i].body, rows[i].size), SP_EPROTO);
        cr_expect_eq(sp_result_size(result), 0);
        sp_result_free(result);
    }
}

Test(result, taken_data_outlives_the_result)
{
    struct sp_result *result = sp_result_new();
    size_t size;
    char *data;

    cr_assert_eq(answer(result, "\0SP=keep", 8), SP_OK);
    data = sp_result_take(result, &size);
    cr_assert_eq(sp_result_size(result), 0);
    sp_result_free(result);
    cr_assert_eq(size, 4);
    cr_assert_str_eq(data, "keep");
    free(data);
}

Test(result, taking_from_an_empty_one_gives_an_empty_string)
{
    struct sp_result *result = sp_result_new();
    size_t size = 7;
    char *data = sp_result_take(result, &size);

    cr_assert_not_null(data);
    cr_assert_eq(size, 0);
    cr_assert_str_eq(data, "");
    free(data);
    sp_result_free(result);
}

Test(result, each_use_ends_what_was_there)
{
    struct sp_result *result = sp_result_new();

    answer(result, "\0SP!7 old", 9);
    result->pid = 7;
    result_reset(result);
    cr_assert_eq(sp_result_error(result), SP_OK);
    cr_assert_str_eq(sp_result_text(result), "success");
    cr_assert_eq(sp_result_pid(result), 0);
    answer(result, "data", 4);
    result_fail(result, SP_EDIED, SP_PROGRESS_SENT, "%s", "gone");
    cr_assert_eq(sp_result_size(result), 0);
    cr_assert_str_eq(sp_result_text(result), "gone");
    result_set(result, SP_EAGAIN, SP_PROGRESS_NOT_SENT);
    cr_assert_str_eq(sp_result_text(result), sp_strerror(SP_EAGAIN));
    sp_result_free(result);
}

Test(result, a_request_that_ended_its_session_may_have_run_in_part)
{
    struct sp_result *result = sp_result_new();

    cr_assert_eq(answer(result, "\0SP!21 ", 7), SP_EENDED);
    cr_expect_str_eq(sp_result_text(result), sp_strerror(SP_EENDED));
    cr_expect_eq(sp_result_progress(result), SP_PROGRESS_SENT);
    sp_result_free(result);
}

static void expect_death(enum sp_progress progress, const char *cause,
                         const char *text)
{
    struct sp_result *result = sp_result_new();

    result->progress = progress;
    cr_expect_eq(result_died(result, cause), SP_EDIED);
    cr_expect_eq(sp_result_error(result), SP_EDIED);
    cr_expect_eq(sp_result_progress(result), progress);
    cr_expect_str_eq(sp_result_text(result), text);
    cr_expect_str_eq(sp_result_cause(result), cause);
    sp_result_free(result);
}

Test(result, a_death_says_what_of_and_how_far_the_request_got)
{
    expect_death(SP_PROGRESS_SENT, "killed by SIGSEGV",
                 "the session died: killed by SIGSEGV; the request may have "
                 "run");
    expect_death(SP_PROGRESS_NOT_SENT, "killed by SIGKILL",
                 "the session died: killed by SIGKILL; the request has not "
                 "run");
    expect_death(SP_PROGRESS_SENT, "",
                 "the session died; the request may have run");
    expect_death(SP_PROGRESS_NOT_SENT, "",
                 "the session died; the request has not run");
}

Test(result, a_long_cause_leaves_room_for_how_far_the_request_got)
{
    static const char end[] = "; the request may have run";
    struct sp_result *result = sp_result_new();
    char cause[SP_TEXT_MAX + 1];
    const char *text;

    memset(cause, 'x', SP_TEXT_MAX);
    cause[SP_TEXT_MAX] = '\0';
    result->progress = SP_PROGRESS_SENT;
    result_died(result, cause);
    text = sp_result_text(result);
    cr_expect_str_eq(sp_result_cause(result), cause);
    cr_expect_leq(strlen(text), (size_t)SP_TEXT_MAX);
    cr_expect_gt(strlen(text), (size_t)SP_TEXT_MAX - 8);
    cr_expect_str_eq(text + strlen(text) - strlen(end), end);
    sp_result_free(result);
}

Test(result, a_cause_is_printable_and_ends_with_the_next_use)
{
    struct sp_result *result = sp_result_new();

    result_died(result, "\033[2J\xff");
    cr_expect_str_eq(sp_result_cause(result), "\\x1b[2J\\xff");
    result_reset(result);
    cr_expect_str_eq(sp_result_cause(result), "");
    sp_result_free(result);
}
