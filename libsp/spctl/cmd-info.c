/* SPDX-License-Identifier: MIT */
/* spctl info: all that the supervisor knows of one session, in groups: what it
 * is, what its process does, and how the last one ended. */
#define _GNU_SOURCE
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>

#include <sp/client.h>

#include "command.h"
#include "complaint.h"
#include "invocation.h"
#include "outcome.h"
#include "output.h"
#include "session.h"
#include "wrap.h"

#define LABEL 10
#define LINE_SIZE (SP_TEXT_MAX + 128)

__attribute__((format(printf, 2, 3))) static void
print_line(const char *label, const char *format, ...)
{
    char text[LINE_SIZE];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    printf("%-*s", LABEL, label);
    wrap_print(LABEL, LABEL, text);
}

static void print_time(const char *label, unsigned long long ms)
{
    char text[QUANTITY_SIZE];

    quantity_time(ms, text);
    print_line(label, "%s", text);
}

#define USER_SIZE 64

static void user_name(uid_t uid, char out[USER_SIZE])
{
    const struct passwd *user = getpwuid(uid);

    if (user)
        snprintf(out, USER_SIZE, "%s", user->pw_name);
    else
        snprintf(out, USER_SIZE, "%lld", (long long)uid);
}

/* ---- what it is ---- */

static void print_fate(const struct sp_session_info *info)
{
    char ago[QUANTITY_SIZE];

    quantity_time(sp_info_gone_ms(info), ago);
    print_line("fate", "%s, %s ago",
               *sp_info_fate(info) ? sp_info_fate(info) : "gone", ago);
}

static void print_session(const struct sp_session_info *info, bool gone)
{
    char pid[SESSION_PID_SIZE], user[USER_SIZE];

    session_pid(info, pid);
    print_line("id", "%s", sp_info_id(info));
    print_line("module", "%s", sp_info_module(info));
    print_line("state", "%s%s", sp_info_state(info),
               sp_info_paused(info) ? ", paused" : "");
    if (gone)
        print_fate(info);
    else
        print_line("pid", "%s", pid);
    if (sp_info_uid(info) != (uid_t)-1) {
        user_name(sp_info_uid(info), user);
        print_line("user", "%s", user);
    }
    print_time("age", sp_info_age_ms(info));
    print_line("restarts", "%u", sp_info_restarts(info));
}

/* ---- what its process does ---- */

static void print_doing(const struct sp_session_info *info)
{
    char time[QUANTITY_SIZE];

    quantity_time(sp_info_doing_ms(info), time);
    if (*sp_info_doing(info))
        print_line("doing", "%s, for %s", sp_info_doing(info), time);
    else
        print_time("idle", sp_info_idle_ms(info));
}

static void print_process(const struct sp_session_info *info)
{
    char memory[QUANTITY_SIZE];

    putchar('\n');
    print_doing(info);
    print_line("calls", "%llu, waiting: %u", sp_info_calls(info),
               sp_info_waiting(info));
    print_line("casts", "%llu", sp_info_casts(info));
    if (sp_info_subscribers(info) > 0)
        print_line("events", "subscribers: %u", sp_info_subscribers(info));
    if (sp_info_log_dropped(info) > 0)
        print_line("log", "lines dropped: %llu", sp_info_log_dropped(info));
    print_time("cpu", sp_info_cpu_ms(info));
    quantity_memory(sp_info_memory_kb(info), memory);
    print_line("memory", "%s", memory);
    if (*sp_info_sandbox(info))
        print_line("sandbox", "%s", sp_info_sandbox(info));
}

/* ---- how the last one ended ---- */

static void print_asked(const struct sp_session_end *end)
{
    char user[USER_SIZE];

    if (sp_end_by_uid(end) == (uid_t)-1) {
        print_line("  asked", "%s", sp_end_asked(end));
        return;
    }
    user_name(sp_end_by_uid(end), user);
    print_line("  asked", "%s, by %s, process %ld", sp_end_asked(end), user,
               (long)sp_end_by_pid(end));
}

static void print_end(const struct sp_session_end *end)
{
    char ago[QUANTITY_SIZE], lived[QUANTITY_SIZE], memory[QUANTITY_SIZE];
    char cpu[QUANTITY_SIZE];

    quantity_time(sp_end_ago_ms(end), ago);
    quantity_time(sp_end_lived_ms(end), lived);
    quantity_time(sp_end_cpu_ms(end), cpu);
    quantity_memory(sp_end_peak_kb(end), memory);
    print_line("last end", "%s", sp_end_text(end));
    print_line("  when", "%s ago, after a life of %s", ago, lived);
    if (*sp_end_limit(end))
        print_line("  limit", "%s", sp_end_limit(end));
    if (*sp_end_asked(end))
        print_asked(end);
    if (*sp_end_reason(end))
        print_line("  reason", "%s", sp_end_reason(end));
    print_line("  handled", "calls: %llu, casts: %llu", sp_end_calls(end),
               sp_end_casts(end));
    print_line("  used", "%s of CPU time, %s of memory at most", cpu, memory);
    if (sp_end_core(end))
        print_line("  core", "yes");
}

static void print_people(const struct sp_session_info *info)
{
    bool gone = strcmp(sp_info_state(info), "gone") == 0;

    print_session(info, gone);
    if (!gone && sp_info_pid(info) > 0)
        print_process(info);
    if (!*sp_info_last_end(info))
        return;
    putchar('\n');
    if (sp_info_end(info))
        print_end(sp_info_end(info));
    else
        print_line("last end", "%s", sp_info_last_end(info));
}

/* ---- the command ---- */

/* What is remembered of a session that is gone is printed, and there is none
 * all the same. */
static enum sp_error run(struct invocation *invocation)
{
    struct sp_session_info *info;
    enum sp_error error;

    error = invocation_open(invocation);
    if (error != SP_OK)
        return error;
    error = sp_info(invocation->client, invocation_id(invocation), &info,
                    invocation->result);
    if (error != SP_OK)
        return complain_outcome(invocation, error,
                                sp_result_text(invocation->result));
    if (invocation_has(invocation, OPTION_JSON))
        error = output_json(session_json(info, true));
    else
        print_people(info);
    if (error == SP_OK && strcmp(sp_info_state(info), "gone") == 0)
        error = SP_ENOENT;
    sp_info_free(info);
    return error;
}

const struct command command_info = {
    .name = "info",
    .synopsis = "ID",
    .summary = "Show what is known of a session.",
    .text =
        "Prints what the session is, what its process does and uses, and how "
        "the last process ended, one line a fact. Of a session that is gone it "
        "prints what the supervisor still remembers, its fate first of all, "
        "with exit status 1: there is no such session."
        "\n\n"
        "With --json: one object with id, pid (0 for none), module, state, "
        "restarts, age_ms, last_end, end (null, or an object with text, code, "
        "signal, core, limit, asked, by_uid, by_pid, reason, lived_ms, cpu_ms, "
        "peak_kb, doing, doing_ms, calls, casts, ago_ms), uid (of whoever "
        "started it), paused, idle_ms, calls, casts, waiting (calls without a "
        "reply yet), subscribers, doing, doing_ms, log_dropped (lines), "
        "sandbox, cpu_ms, memory_kb, and of a session that is gone fate and "
        "gone_ms.",
    .example = "  spctl info alice\n",
    .errors = OUTCOME_BIT(SP_ENOENT) | OUTCOME_BIT(SP_EBADID) |
              OUTCOME_BIT(SP_ENOSUP) | OUTCOME_BIT(SP_EPERM),
    .min_operands = 1,
    .max_operands = 1,
    .about_session = true,
    .run = run,
};
