/* SPDX-License-Identifier: MIT */
/* client/answers.h - what came of a broadcast, session by session; the inside
 * of the public struct sp_answers. */
#ifndef CLIENT_ANSWERS_H
#define CLIENT_ANSWERS_H

#include <sp/client.h>

struct answer {
    char id[SP_ID_MAX + 1];
    enum sp_error error;
    enum sp_progress progress;
    char *text; /* owned; NULL: the error's own */
    void *data; /* owned; NULL: none */
    size_t size;
};

struct sp_answers {
    size_t count;
    size_t failed;
    struct answer all[];
};

/* One answer for each session of the list that is chosen, in its order, without
 * outcomes.  NULL: no memory. */
struct sp_answers *answers_create(const struct sp_session_list *list,
                                  const struct sp_choice *choice);

/* Writes an outcome, once for each.  Data of the result are taken. */
void answers_note(struct sp_answers *answers, size_t index,
                  struct sp_result *result);

/* SP_EINVAL: it is NULL, or its pattern is too long. */
enum sp_error choice_check(const struct sp_choice *choice);

#endif
