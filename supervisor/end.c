/* SPDX-License-Identifier: MIT */
/* Ends of processes in words, for logs, `info`, events and error texts. */
#define _GNU_SOURCE
#include "end.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "wire/template.h"

static bool said(const struct end *end, enum sp_end what)
{
    return end->told.goodbye && end->told.end == what;
}

bool end_normal(const struct end *end)
{
    return end->kind == END_EXITED && end->code == WORKER_EXIT_NORMAL &&
           end->told.goodbye && !said(end, SP_END_FAILED) &&
           !said(end, SP_END_RECYCLE);
}

bool end_recycled(const struct end *end)
{
    return end->kind == END_EXITED && end->code == WORKER_EXIT_NORMAL &&
           said(end, SP_END_RECYCLE);
}

bool end_fault(const struct end *end)
{
    if (end->kind != END_SIGNALED || end->limit == END_LIMIT_CALL)
        return false;
    switch (end->code) {
    case SIGSEGV:
    case SIGBUS:
    case SIGILL:
    case SIGFPE:
    case SIGTRAP:
    case SIGABRT: /* a stack or heap that the C library finds broken */
    case SIGSYS:
        return true;
    default:
        return false;
    }
}

/* ---- words ---- */

const char *end_limit_name(enum end_limit limit)
{
    static const char *const names[] = {
#define NAME(NAME, name, words) name,
        END_LIMIT_TABLE(NAME)
#undef NAME
    };

    return names[limit];
}

const char *end_limit_words(enum end_limit limit)
{
    static const char *const texts[] = {
#define WORDS(NAME, name, words) words,
        END_LIMIT_TABLE(WORDS)
#undef WORDS
    };

    return texts[limit];
}

bool end_limit_is_violation(enum end_limit limit)
{
    static const enum end_limit violations[] = {
#define VALUE(NAME, name, words) END_LIMIT_##NAME,
        VIOLATION_TABLE(VALUE)
#undef VALUE
    };

    for (size_t i = 0; i < sizeof violations / sizeof violations[0]; i++)
        if (violations[i] == limit)
            return true;
    return false;
}

enum end_limit end_limit_first(enum end_limit first, enum end_limit second)
{
    if (first == END_LIMIT_NONE ||
        (end_limit_is_violation(second) && !end_limit_is_violation(first)))
        return second;
    return first;
}

static const struct asked_row {
    const char *name;
    enum sp_end end;
    const char *words;
} asked_rows[] = {
#define ROW(NAME, name, end, words) {name, end, words},
    END_ASKED_TABLE(ROW)
#undef ROW
};

const char *end_asked_name(enum end_asked asked)
{
    return asked_rows[asked].name;
}

enum sp_end end_asked_end(enum end_asked asked)
{
    return asked_rows[asked].end;
}

/* Appends, cut to fit. */
__attribute__((format(printf, 2, 3))) static void
add(char out[END_TEXT_MAX], const char *format, ...)
{
    size_t len = strlen(out);
    va_list args;

    va_start(args, format);
    vsnprintf(out + len, END_TEXT_MAX - len, format, args);
    va_end(args);
}

static void add_exit(const struct end *end, char out[END_TEXT_MAX])
{
    switch (end->code) {
    case WORKER_EXIT_NORMAL:
        add(out, "%s",
            end_recycled(end)    ? "wants a fresh process"
            : end->told.goodbye ? "ended normally"
                                : "exit status 0, without a goodbye");
        return;
    case WORKER_EXIT_FAILED:
        add(out, "%s",
            end->told.goodbye     ? "its module reported a failure"
            : end->told.reason[0] ? "failed"
                                  : "exit status 1");
        return;
    case WORKER_EXIT_INIT:
        add(out, "init did not succeed");
        return;
    default:
        add(out, "exit status %d", end->code);
        return;
    }
}

static void add_signal(const struct end *end, char out[END_TEXT_MAX])
{
    const char *name = sigabbrev_np(end->code);

    if (name)
        add(out, "killed by SIG%s", name);
    else
        add(out, "killed by signal %d", end->code);
    if (end->core)
        add(out, " (core dumped)");
}

static void add_kind(const struct end *end, char out[END_TEXT_MAX])
{
    switch (end->kind) {
    case END_NONE:
        return;
    case END_EXITED:
        add_exit(end, out);
        return;
    case END_SIGNALED:
        add_signal(end, out);
        return;
    case END_UNBORN:
        add(out, "its process could not be started");
        return;
    }
}

void end_text(const struct end *end, char out[END_TEXT_MAX])
{
    out[0] = '\0';
    add_kind(end, out);
}

/* As it was asked to. */
static bool obeyed(const struct end *end)
{
    return end->asked != END_ASKED_NOT &&
           (end->kind == END_NONE ||
            (end->kind == END_EXITED && end->told.goodbye));
}

void end_describe(const struct end *end, char out[END_TEXT_MAX])
{
    const char *doing = slot_doing_words(end->told.doing);

    out[0] = '\0';
    add(out, "%s", asked_rows[end->asked].words);
    if (obeyed(end))
        return;
    if (end->asked != END_ASKED_NOT)
        add(out, "; ");
    if (end->limit != END_LIMIT_NONE)
        add(out, "%s: ", end_limit_words(end->limit));
    add_kind(end, out);
    if (*doing && !end->told.goodbye) {
        add(out, " in %s", doing);
        if (end->doing_ms > 0)
            add(out, " after %lld ms", (long long)end->doing_ms);
    }
    if (end->told.reason[0])
        add(out, " (%s)", end->told.reason);
}

void end_violation(const struct end *end, char out[END_TEXT_MAX])
{
    out[0] = '\0';
    add(out, "%s", end_limit_words(end->limit));
    if (end->breach)
        add(out, " (%s)", end->breach);
    add(out, ": ");
    add_kind(end, out);
}
