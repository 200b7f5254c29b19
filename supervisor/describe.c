/* SPDX-License-Identifier: MIT */
/* Facts as JSON.  The only place that knows the keys. */
#define _GNU_SOURCE
#include "describe.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "children.h"
#include "procfs.h"

/* ---- what a process uses ---- */

static bool read_line(pid_t pid, const char *file, char *out, int size)
{
    char path[48];
    FILE *from;
    bool got;

    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, file);
    from = fopen(path, "re");
    if (!from)
        return false;
    got = fgets(out, size, from) != NULL;
    fclose(from);
    return got;
}

static void add_usage(pid_t pid, struct process_usage *usage)
{
    unsigned long long pages = 0;
    struct procfs_stat stat;
    char line[128];

    if (procfs_stat(pid, &stat))
        usage->cpu_ms += (int64_t)(stat.cpu_ticks * 1000 /
                                   (uint64_t)sysconf(_SC_CLK_TCK));
    if (read_line(pid, "statm", line, sizeof line) &&
        sscanf(line, "%*s %llu", &pages) == 1)
        usage->memory_kb +=
            pages * (unsigned long long)sysconf(_SC_PAGESIZE) / 1024;
}

/* The first child of a session's process; 0: it has none. */
static pid_t program_of(pid_t pid)
{
    struct children children;
    pid_t program;

    if (children_open_of(&children, pid) < 0)
        return 0;
    program = children_next(&children);
    children_close(&children);
    return program;
}

void describe_usage(const struct session_facts *facts,
                    struct process_usage *out_usage)
{
    pid_t pid = facts->pid;
    pid_t program = facts->command && pid > 0 ? program_of(pid) : 0;

    *out_usage = (struct process_usage){0};
    if (pid <= 0)
        return;
    add_usage(pid, out_usage);
    if (program > 0)
        add_usage(program, out_usage);
    confined_text(program > 0 ? program : pid, out_usage->sandbox);
}

/* ---- JSON ---- */

static const char *signal_name(const struct end *end, char out[16])
{
    const char *name = NULL;

    if (end->kind == END_SIGNALED)
        name = sigabbrev_np(end->code);
    snprintf(out, 16, "%s%s", name ? "SIG" : "", name ? name : "");
    return out;
}

json_t *describe_end(const struct end *end, int64_t now_ms)
{
    const struct slot_view *told = &end->told;
    char text[END_TEXT_MAX];
    char name[16];

    if (end->kind == END_NONE)
        return json_null();
    end_describe(end, text);
    return json_pack(
        "{s:s, s:i, s:i, s:s, s:b, s:s, s:s, s:I, s:i, s:s, s:I, s:I, s:I, "
        "s:s, s:I, s:I, s:I, s:I}",
        "text", text, "pid", (int)end->pid, "code", end->code, "signal",
        signal_name(end, name), "core", end->core, "limit",
        end_limit_name(end->limit), "asked",
        end_asked_name(end->asked), "by_uid",
        end->by.uid == (uid_t)-1 ? (json_int_t)-1 : (json_int_t)end->by.uid,
        "by_pid", (int)end->by.pid, "reason", told->reason, "lived_ms",
        (json_int_t)end->lived_ms, "cpu_ms", (json_int_t)end->cpu_ms,
        "peak_kb", (json_int_t)end->peak_kb, "doing",
        told->goodbye ? "" : slot_doing_words(told->doing), "doing_ms",
        (json_int_t)(told->goodbye ? 0 : end->doing_ms), "calls",
        (json_int_t)told->calls, "casts", (json_int_t)told->casts, "ago_ms",
        (json_int_t)(now_ms - end->at_ms));
}

static json_t *with(json_t *object, const char *key, json_t *value)
{
    if (json_object_set_new(object, key, value) == 0)
        return object;
    json_decref(object);
    return NULL;
}

json_t *describe_session(const struct session_facts *facts,
                         const struct process_usage *usage, int64_t now_ms)
{
    const struct slot_view *told = &facts->told;
    char last_end[END_TEXT_MAX];
    json_t *object;

    end_text(&facts->end, last_end);
    object = json_pack(
        "{s:s, s:s, s:I, s:s, s:b, s:i, s:i, s:I, s:I, s:I, s:I, s:I, s:I, "
        "s:s, s:I, s:I, s:s, s:o}",
        "id", facts->id, "module", facts->module, "uid", (json_int_t)facts->uid,
        "state", facts->state, "paused", facts->paused, "pid", (int)facts->pid,
        "restarts", (int)facts->restarts, "age_ms", (json_int_t)facts->age_ms,
        "idle_ms", (json_int_t)facts->idle_ms, "calls",
        (json_int_t)told->calls, "casts", (json_int_t)told->casts, "waiting",
        (json_int_t)told->waiting, "subscribers",
        (json_int_t)told->subscribers, "doing",
        slot_doing_words(told->doing), "doing_ms", (json_int_t)facts->doing_ms,
        "log_dropped", (json_int_t)(facts->log_dropped + told->log_drops),
        "last_end", last_end, "end", describe_end(&facts->end, now_ms));
    if (object && usage) {
        object = with(object, "sandbox", json_string(usage->sandbox));
        object = with(object, "cpu_ms", json_integer(usage->cpu_ms));
        object = with(object, "memory_kb",
                      json_integer((json_int_t)usage->memory_kb));
    }
    if (object && facts->fate[0]) {
        object = with(object, "fate", json_string(facts->fate));
        object = with(object, "gone_ms", json_integer(now_ms - facts->now_ms));
    }
    return object;
}
