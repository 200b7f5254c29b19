/* SPDX-License-Identifier: MIT */
/* The functions of <sp/module.h> that a module calls, but for its timers
 * (timer.c).  Thin: the session's object and the endpoint do the work. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "report.h"
#include "session.h"

const char *sp_session_id(const struct sp_session *session)
{
    return session->id;
}

struct event_base *sp_session_base(struct sp_session *session)
{
    return session->base;
}

void sp_init_error(struct sp_session *session, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(session->text, sizeof session->text, format, args);
    va_end(args);
}

enum sp_handled sp_reply(struct sp_call *call, const void *data, size_t size)
{
    endpoint_reply(session_call(call), data, size);
    return SP_HANDLED;
}

enum sp_handled sp_reply_error(struct sp_call *call, const char *format, ...)
{
    char text[SP_TEXT_MAX + 1];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    endpoint_reply_error(session_call(call), SP_EREPLY, text, strlen(text));
    return SP_HANDLED;
}

void sp_session_stop(struct sp_session *session, enum sp_end end,
                     const char *reason)
{
    session_end(session, end == SP_END_NORMAL ? end : SP_END_FAILED, reason);
}

void sp_session_emit(struct sp_session *session, const void *data, size_t size)
{
    /* before init has succeeded there is nobody to hear it */
    if (session->endpoint)
        endpoint_publish(session->endpoint, data, size);
}

/* One write is one datagram is one line of the log.  A log that is full loses
 * the line: it must not hold the session up. */
void sp_log(struct sp_session *session, const char *format, ...)
{
    char line[2048];
    va_list args;
    int saved = errno;
    int len;

    va_start(args, format);
    len = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (len > (int)sizeof line - 1)
        len = (int)text_cut(line, sizeof line - 1, sizeof line - 5);
    if (len > 0 && write(STDERR_FILENO, line, (size_t)len) < 0 &&
        getpid() == session->pid) /* a child of the module has no slot */
        report_log_drop(session->slot);
    errno = saved;
}
