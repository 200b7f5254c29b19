/* SPDX-License-Identifier: MIT */
/* Results: the public accessors, and how the rest of the library fills one.
 * The only place where the body of a reply is told from the runtime's marks,
 * so that both channels agree on it. */
#include "result.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "wire/tag.h"

void result_init(struct sp_result *result)
{
    result->data = BUF_EMPTY;
    result->info = NULL;
    result->list = NULL;
    result->answers = NULL;
    result_reset(result);
}

void result_fini(struct sp_result *result)
{
    buf_fini(&result->data);
}

static void drop_data(struct sp_result *result)
{
    buf_consume(&result->data, buf_size(&result->data));
}

void result_reset(struct sp_result *result)
{
    result_accept(result, SP_PROGRESS_NOT_SENT);
    result->pid = 0;
    result->cause[0] = '\0';
    drop_data(result);
}

void result_begin(struct sp_result *result)
{
    if (result)
        result_reset(result);
}

enum sp_error result_refuse(struct sp_result *result, enum sp_error error)
{
    return result ? result_set(result, error, SP_PROGRESS_NOT_SENT) : error;
}

void result_accept(struct sp_result *result, enum sp_progress progress)
{
    result->error = SP_OK;
    result->progress = progress;
    result->has_text = false;
}

enum sp_error result_set(struct sp_result *result, enum sp_error error,
                         enum sp_progress progress)
{
    result->error = error;
    result->progress = progress;
    result->has_text = false;
    drop_data(result);
    return error;
}

/* text may be in the result's own data */
static void take_text(struct sp_result *result, const char *text, size_t len)
{
    text_printable(result->text, sizeof result->text, text, len);
    result->has_text = true;
}

enum sp_error result_fail(struct sp_result *result, enum sp_error error,
                          enum sp_progress progress, const char *format, ...)
{
    char text[SP_TEXT_MAX + 1];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    result_set(result, error, progress);
    take_text(result, text, strlen(text));
    return error;
}

/* The longest of what stands around a cause. */
#define DIED_ROOM sizeof "the session died: ; the request may have run"

enum sp_error result_died(struct sp_result *result, const char *cause)
{
    char fit[SP_TEXT_MAX - DIED_ROOM];
    enum sp_progress progress = result->progress;

    text_printable(result->cause, sizeof result->cause, cause, strlen(cause));
    /* what may have run is said in any case */
    text_printable(fit, sizeof fit, result->cause, strlen(result->cause));
    return result_fail(result, SP_EDIED, progress,
                       "the session died%s%s; the request %s run",
                       *fit ? ": " : "", fit,
                       progress == SP_PROGRESS_NOT_SENT ? "has not"
                                                        : "may have");
}

enum sp_error result_copy(struct sp_result *result,
                          const struct sp_result *from)
{
    result_set(result, from->error, from->progress);
    if (from->has_text)
        take_text(result, from->text, strlen(from->text));
    return result->error;
}

enum sp_error result_put(struct sp_result *result, const void *data,
                         size_t size)
{
    result_set(result, SP_OK, SP_PROGRESS_ANSWERED);
    if (!buf_reserve(&result->data, size + 1))
        return result_set(result, SP_ENOMEM, SP_PROGRESS_ANSWERED);
    buf_append(&result->data, data, size);
    *buf_tail(&result->data) = '\0';
    return SP_OK;
}

static enum sp_error answer_error(struct sp_result *result,
                                  const struct wire_body *body)
{
    enum sp_error error;
    const char *text;
    size_t len;

    if (wire_error_get(body->data, body->size, &error, &text, &len) != SP_OK)
        return result_fail(result, SP_EPROTO, SP_PROGRESS_SENT,
                           "protocol error: the session answered with an "
                           "error that makes no sense");
    if (len > 0)
        take_text(result, text, len);
    result->error = error;
    /* it ran in an earlier process, which did not get to its end */
    if (error == SP_EENDED)
        result->progress = SP_PROGRESS_SENT;
    drop_data(result);
    return error;
}

enum sp_error result_answer(struct sp_result *result)
{
    struct wire_body body =
        wire_body_get(buf_data(&result->data), buf_size(&result->data));

    result_accept(result, SP_PROGRESS_ANSWERED);
    switch (body.kind) {
    case WIRE_BODY_PLAIN:
        buf_consume(&result->data, buf_size(&result->data) - body.size);
        return SP_OK;
    case WIRE_BODY_ERROR:
        return answer_error(result, &body);
    case WIRE_BODY_CAST:
    case WIRE_BODY_CAST_ACKED:
    case WIRE_BODY_BAD:
        break;
    }
    return result_fail(result, SP_EPROTO, SP_PROGRESS_SENT,
                       "protocol error: the session's reply has an unknown "
                       "mark");
}

/* ---- public ---- */

struct sp_result *sp_result_new(void)
{
    struct sp_result *result = malloc(sizeof *result);

    if (result)
        result_init(result);
    return result;
}

void sp_result_free(struct sp_result *result)
{
    if (!result)
        return;
    result_fini(result);
    free(result);
}

enum sp_error sp_result_error(const struct sp_result *result)
{
    return result->error;
}

const char *sp_result_text(const struct sp_result *result)
{
    return result->has_text ? result->text : sp_strerror(result->error);
}

const void *sp_result_data(const struct sp_result *result)
{
    return buf_size(&result->data) > 0 ? (void *)buf_data(&result->data) : "";
}

size_t sp_result_size(const struct sp_result *result)
{
    return buf_size(&result->data);
}

void *sp_result_take(struct sp_result *result, size_t *out_size)
{
    size_t size = buf_size(&result->data);
    char *bytes;

    if (!buf_reserve(&result->data, 1))
        return NULL;
    bytes = (char *)result->data.bytes;
    memmove(bytes, buf_data(&result->data), size);
    bytes[size] = '\0';
    result->data = BUF_EMPTY;
    if (out_size)
        *out_size = size;
    return bytes;
}

enum sp_progress sp_result_progress(const struct sp_result *result)
{
    return result->progress;
}

const char *sp_result_cause(const struct sp_result *result)
{
    return result->cause;
}

pid_t sp_result_pid(const struct sp_result *result)
{
    return result->pid;
}
