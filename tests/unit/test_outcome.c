/* SPDX-License-Identifier: MIT */
/* What a request comes to, and when it is sent again. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "client/conn.h"
#include "client/outcome.h"
#include "client/result.h"
#include "support/leaks.h"

static struct sp_result *result;

static void setup(void)
{
    result = sp_result_new();
}

static void teardown(void)
{
    sp_result_free(result);
    leaks_check();
}

TestSuite(outcome, .init = setup, .fini = teardown);

static enum outcome ended(enum sp_error error, enum sp_progress progress,
                          bool greeted)
{
    struct conn_request request = {.error = error, .progress = progress};

    return outcome_of(&request, greeted, result);
}

Test(outcome, a_reply_becomes_the_results)
{
    struct conn_request request = {.kind = CONN_CALL,
                                   .progress = SP_PROGRESS_ANSWERED};

    cr_assert(buf_reserve(&request.reply, 6));
    buf_append(&request.reply, "reply", 6);
    request.reply.end--;
    cr_expect_eq(outcome_of(&request, true, result), OUTCOME_OVER);
    cr_expect_str_eq(sp_result_data(result), "reply");
    cr_expect_eq(sp_result_size(result), 5);
    cr_expect_eq(buf_size(&request.reply), 0);
    cr_expect_eq(outcome_next(OUTCOME_OVER, result, false), OUTCOME_TELL);
}

Test(outcome, a_reply_of_spd_has_no_marks)
{
    struct conn_request request = {.kind = CONN_CONTROL,
                                   .progress = SP_PROGRESS_ANSWERED};

    cr_assert(buf_append(&request.reply, "\0SP!", 5));
    request.reply.end--;
    cr_expect_eq(outcome_of(&request, true, result), OUTCOME_OVER);
    cr_expect_eq(sp_result_error(result), SP_OK);
    cr_expect_eq(sp_result_size(result), 4);
}

Test(outcome, what_may_have_run_is_never_sent_again)
{
    cr_expect_eq(ended(SP_EDIED, SP_PROGRESS_SENT, true), OUTCOME_OVER);
    cr_expect_eq(outcome_next(OUTCOME_OVER, result, false), OUTCOME_DIED);
    cr_expect_eq(ended(SP_ETIMEDOUT, SP_PROGRESS_NOT_SENT, true), OUTCOME_OVER);
    cr_expect_eq(outcome_next(OUTCOME_OVER, result, false), OUTCOME_TELL);
}

Test(outcome, what_has_not_run_is_sent_again_once)
{
    cr_expect_eq(ended(SP_EDIED, SP_PROGRESS_NOT_SENT, true), OUTCOME_NOT_RUN);
    cr_expect_eq(outcome_next(OUTCOME_NOT_RUN, result, false), OUTCOME_AGAIN);
    cr_expect_eq(outcome_next(OUTCOME_NOT_RUN, result, true), OUTCOME_DIED);
}

Test(outcome, what_was_not_even_greeted_is_sent_again_later)
{
    cr_expect_eq(ended(SP_EDIED, SP_PROGRESS_NOT_SENT, false), OUTCOME_REFUSED);
    cr_expect_eq(outcome_next(OUTCOME_REFUSED, result, true), OUTCOME_LATER);
    outcome_refused(result);
    cr_expect_eq(sp_result_error(result), SP_EAGAIN);
    cr_expect_eq(sp_result_progress(result), SP_PROGRESS_NOT_SENT);
}
