/* SPDX-License-Identifier: MIT */
/* client/result.h - what became of one operation; the inside of the public
 * struct sp_result.  Functions inside the library are always given one that is
 * not NULL: a caller's NULL becomes a result on the stack. */
#ifndef CLIENT_RESULT_H
#define CLIENT_RESULT_H

#include <stdbool.h>

#include <sp/client.h>

#include "base/buf.h"

struct sp_result {
    enum sp_error error;
    enum sp_progress progress;
    pid_t pid;
    bool has_text; /* else sp_strerror(error) */
    struct buf data; /* a NUL stands behind it, uncounted */
    struct sp_session_info *info; /* owned, as is list; of the asynchronous */
    struct sp_session_list *list; /* client, which frees them: see async.h */
    struct sp_answers *answers;   /* the same */
    char text[SP_TEXT_MAX + 1];  /* printable */
    char cause[SP_TEXT_MAX + 1]; /* printable; "" if not known */
};

/* An empty one, in place.  result_fini() frees what it holds. */
void result_init(struct sp_result *result);
void result_fini(struct sp_result *result);

/* Makes it empty again; its memory is kept for the next reply. */
void result_reset(struct sp_result *result);

/* Sets the outcome and drops data.  Returns the error. */
enum sp_error result_set(struct sp_result *result, enum sp_error error,
                         enum sp_progress progress);

/* Sets SP_OK and keeps the data. */
void result_accept(struct sp_result *result, enum sp_progress progress);

/* What a public function does first, and what it does when it cannot go on:
 * both take a caller's result, which may be NULL.  The second returns the
 * error. */
void result_begin(struct sp_result *result);
enum sp_error result_refuse(struct sp_result *result, enum sp_error error);

/* result_set() with a text, made printable and cut to SP_TEXT_MAX bytes. */
__attribute__((format(printf, 4, 5))) enum sp_error
result_fail(struct sp_result *result, enum sp_error error,
            enum sp_progress progress, const char *format, ...);

/* SP_EDIED with the progress that is there: the text says what the session
 * died of ("": not known), and whether the request may have run. */
enum sp_error result_died(struct sp_result *result, const char *cause);

/* Takes the outcome of another, without its data. */
enum sp_error result_copy(struct sp_result *result,
                          const struct sp_result *from);

/* Makes the size bytes at data the reply. */
enum sp_error result_put(struct sp_result *result, const void *data,
                         size_t size);

/* Concludes a request that was answered: result->data holds the body as it
 * came, and becomes the module's reply, or the error that the session sent. */
enum sp_error result_answer(struct sp_result *result);

#endif
