/* SPDX-License-Identifier: MIT */
/* Which sessions are chosen, and what came of each.  Callers: broadcast.c, and
 * whoever reads the answers. */
#define _GNU_SOURCE
#include "answers.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "result.h"

enum sp_error choice_check(const struct sp_choice *choice)
{
    if (!choice)
        return SP_EINVAL;
    if (choice->pattern && strnlen(choice->pattern, SP_PATTERN_MAX + 1) >
                               SP_PATTERN_MAX)
        return SP_EINVAL;
    return SP_OK;
}

static bool chosen(const struct sp_choice *choice,
                   const struct sp_session_info *info)
{
    return (!choice->module ||
            strcmp(choice->module, sp_info_module(info)) == 0) &&
           (!choice->pattern ||
            fnmatch(choice->pattern, sp_info_id(info), 0) == 0);
}

struct sp_answers *answers_create(const struct sp_session_list *list,
                                  const struct sp_choice *choice)
{
    size_t most = sp_list_count(list);
    struct sp_answers *answers =
        calloc(1, sizeof *answers + most * sizeof *answers->all);

    for (size_t i = 0; answers && i < most; i++) {
        const struct sp_session_info *info = sp_list_at(list, i);

        if (chosen(choice, info))
            strcpy(answers->all[answers->count++].id, sp_info_id(info));
    }
    return answers;
}

void answers_note(struct sp_answers *answers, size_t index,
                  struct sp_result *result)
{
    struct answer *answer = &answers->all[index];

    answer->error = sp_result_error(result);
    answer->progress = sp_result_progress(result);
    if (answer->error != SP_OK) {
        answers->failed++;
        answer->text = strdup(sp_result_text(result));
    } else if (sp_result_size(result) > 0) {
        answer->data = sp_result_take(result, &answer->size);
    }
}

/* ---- public ---- */

void sp_answers_free(struct sp_answers *answers)
{
    for (size_t i = 0; answers && i < answers->count; i++) {
        free(answers->all[i].text);
        free(answers->all[i].data);
    }
    free(answers);
}

size_t sp_answers_count(const struct sp_answers *answers)
{
    return answers->count;
}

size_t sp_answers_failed(const struct sp_answers *answers)
{
    return answers->failed;
}

const char *sp_answers_id(const struct sp_answers *answers, size_t index)
{
    return answers->all[index].id;
}

enum sp_error sp_answers_error(const struct sp_answers *answers, size_t index)
{
    return answers->all[index].error;
}

enum sp_progress sp_answers_progress(const struct sp_answers *answers,
                                     size_t index)
{
    return answers->all[index].progress;
}

const char *sp_answers_text(const struct sp_answers *answers, size_t index)
{
    const struct answer *answer = &answers->all[index];

    return answer->text ? answer->text : sp_strerror(answer->error);
}

const void *sp_answers_data(const struct sp_answers *answers, size_t index)
{
    const struct answer *answer = &answers->all[index];

    return answer->data ? answer->data : "";
}

size_t sp_answers_size(const struct sp_answers *answers, size_t index)
{
    return answers->all[index].size;
}
