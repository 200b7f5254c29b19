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
