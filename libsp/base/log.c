/* SPDX-License-Identifier: MIT */
/* One line a message, one write a line, so that lines of several processes do
 * not mix.  A log that cannot be written never holds the daemon up for long:
 * what standard error is, is the administrator's choice. */
#define _GNU_SOURCE
#include "log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

static const char *log_name = "libsp";
static enum log_level log_limit = LOG_LEVEL_INFO;

void log_init(const char *name, enum log_level level)
{
    log_name = name;
    log_limit = level;
}

__attribute__((format(printf, 2, 0))) static void
log_line(enum log_level level, const char *format, va_list args)
{
    static const char *const marks[] = {"error: ", "warning: ", "", "debug: "};
    char line[4096];
    int saved = errno;
    int len;

    if (level > log_limit)
        return;
    len = snprintf(line, sizeof line, "%s: %s", log_name, marks[level]);
    len += vsnprintf(line + len, sizeof line - (size_t)len, format, args);
    if (len > (int)sizeof line - 2)
        len = (int)sizeof line - 2;
    line[len++] = '\n';
    if (write(STDERR_FILENO, line, (size_t)len) < 0) {
        /* nowhere to say so */
    }
    errno = saved;
}

#define LOG_FUNCTION(name, level)                                              \
    void name(const char *format, ...)                                         \
    {                                                                          \
        va_list args;                                                          \
                                                                               \
        va_start(args, format);                                                \
        log_line(level, format, args);                                         \
        va_end(args);                                                          \
    }

LOG_FUNCTION(log_error, LOG_LEVEL_ERROR)
LOG_FUNCTION(log_warn, LOG_LEVEL_WARN)
LOG_FUNCTION(log_info, LOG_LEVEL_INFO)
LOG_FUNCTION(log_debug, LOG_LEVEL_DEBUG)
