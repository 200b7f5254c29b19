/* SPDX-License-Identifier: MIT */
/* Reloads by request, and spd's children, descriptors and log sockets as the
 * kernel shows them. */
#define _GNU_SOURCE
#include "reload_scene.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "support/family.h"
#include "support/wait.h"

/* ---- reloading ---- */

static long number(const struct answer *answer, const char *key)
{
    const json_t *value = json_object_get(answer->object, key);

    cr_assert(json_is_integer(value), "no %s", key);
    return (long)json_integer_value(value);
}

void expect_reload(const struct harness *harness, long changed, long added,
                   long removed)
{
    struct answer answer = ask(harness, "{\"op\":\"reload\"}");

    cr_assert_eq(answer.error, SP_OK, "%s: %s", sp_error_name(answer.error),
                 answer.text);
    cr_expect_eq(number(&answer, "changed"), changed, "%ld",
                 number(&answer, "changed"));
    cr_expect_eq(number(&answer, "added"), added, "%ld",
                 number(&answer, "added"));
    cr_expect_eq(number(&answer, "removed"), removed, "%ld",
                 number(&answer, "removed"));
    answer_fini(&answer);
}

void expect_no_reload(const struct harness *harness, enum sp_error error,
                      const char *text)
{
    struct answer answer = ask(harness, "{\"op\":\"reload\"}");

    cr_expect_eq(answer.error, error, "%s", sp_error_name(answer.error));
    cr_expect_not_null(strstr(answer.text, text), "no '%s' in '%s'", text,
                       answer.text);
    answer_fini(&answer);
}

void change(struct harness *harness, const char *config, long changed,
            long added, long removed)
{
    harness_configure(harness, config);
    expect_reload(harness, changed, added, removed);
}

/* ---- processes ---- */

#define CHILDREN_MAX 64

static size_t list_children(const struct harness *harness,
                            pid_t pids[CHILDREN_MAX])
{
    char path[64];
    size_t count = 0;
    FILE *file;

    snprintf(path, sizeof path, "/proc/%d/task/%d/children",
             (int)harness_spd(harness), (int)harness_spd(harness));
    file = fopen(path, "re");
    cr_assert_not_null(file);
    while (count < CHILDREN_MAX && fscanf(file, "%d", &pids[count]) == 1)
        count++;
    fclose(file);
    return count;
}

struct children {
    const struct harness *harness;
    size_t wanted;
};

static bool has_children(void *context)
{
    const struct children *children = context;
    pid_t pids[CHILDREN_MAX];

    return list_children(children->harness, pids) ==
           children->wanted + family_count(children->harness, FAMILY_POOLED);
}

void expect_processes(const struct harness *harness, size_t sessions,
                      size_t templates)
{
    struct children children = {harness, sessions + templates};
    pid_t pids[CHILDREN_MAX];

    cr_expect(wait_for(has_children, &children, WAIT_MS),
              "%zu processes, not %zu sessions and %zu templates",
              list_children(harness, pids), sessions, templates);
}

pid_t template_beside(const struct harness *harness, const pid_t *sessions,
                      size_t count)
{
    pid_t pids[CHILDREN_MAX], found = 0;
    size_t children = list_children(harness, pids);

    for (size_t i = 0; i < children; i++) {
        bool is_session = family_is(pids[i], FAMILY_POOLED);

        for (size_t n = 0; n < count; n++)
            is_session = is_session || pids[i] == sessions[n];
        if (is_session)
            continue;
        cr_assert_eq(found, 0, "several");
        found = pids[i];
    }
    cr_assert_gt(found, 1);
    return found;
}

void crash(const struct harness *harness, const char *id)
{
    struct session_facts facts;

    cr_assert_eq(ask_info(harness, id, &facts), SP_OK);
    cr_assert_gt(facts.pid, 1);
    cr_assert_eq(kill(facts.pid, SIGKILL), 0);
    cr_assert(wait_pid_gone(facts.pid, WAIT_MS));
}

static size_t count_entries(const char *path)
{
    DIR *dir = opendir(path);
    const struct dirent *entry;
    size_t count = 0;

    cr_assert_not_null(dir, "%s", path);
    while ((entry = readdir(dir)))
        count += entry->d_name[0] != '.';
    closedir(dir);
    return count;
}

size_t count_log_sockets(const struct harness *harness)
{
    char path[96];

    snprintf(path, sizeof path, "%s/log", harness_runtime_dir(harness));
    return count_entries(path);
}

struct holdings holdings_note(const struct harness *harness)
{
    return (struct holdings){harness, ask_descriptors(harness),
                             count_log_sockets(harness)};
}

static bool is_back(void *context)
{
    const struct holdings *wanted = context;
    struct holdings now = holdings_note(wanted->harness);

    return now.descriptors <= wanted->descriptors &&
           now.log_sockets == wanted->log_sockets;
}

void holdings_expect_back(struct holdings *wanted)
{
    cr_expect(wait_for(is_back, wanted, WAIT_MS),
              "%zu descriptors, not %zu; %zu log sockets, not %zu",
              ask_descriptors(wanted->harness), wanted->descriptors,
              count_log_sockets(wanted->harness), wanted->log_sockets);
}
