/* SPDX-License-Identifier: MIT */
/* What a session is given and what it is not: descriptors, environment, place
 * in the process tree; and what sessions cost spd. */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/asking.h"
#include "support/leaks.h"
#include "support/raw_peer.h"
#include "support/wait.h"

TestSuite(hygiene, .fini = leaks_check);

#define PROBE HARNESS_PROBE_CONFIG

/* ---- descriptors ---- */

/* How many lines of the text end in something that starts with `prefix`. */
static size_t count_targets(const char *fds, const char *prefix)
{
    size_t found = 0;

    for (const char *at = fds; *at; at = strchr(at, '\n') + 1) {
        const char *target = strchr(at, ' ') + 1;

        found += strncmp(target, prefix, strlen(prefix)) == 0;
    }
    return found;
}

static size_t count_lines(const char *text)
{
    size_t lines = 0;

    while ((text = strchr(text, '\n'))) {
        text++;
        lines++;
    }
    return lines;
}

/* 0; 1 and 2, the log; listener and the caller's connection; libevent's epoll
 * and the pipe that tells it of signals. */
Test(hygiene, a_session_has_exactly_the_descriptors_on_the_list)
{
    struct harness *harness = harness_start(HARNESS_FREE_CONFIG);

    for (int i = 0; i < 5; i++) {
        char id[8], *fds;

        snprintf(id, sizeof id, "s%d", i);
        ask_started(harness, id, "probe", NULL);
        fds = session_call(harness, id, "fds");
        cr_expect_eq(strncmp(fds, "0 /dev/null\n1 socket:", 21), 0, "%s", fds);
        cr_expect_eq(count_targets(fds, "/dev/null"), 1, "%s", fds);
        cr_expect_eq(count_targets(fds, "socket:"), 4, "%s", fds);
        cr_expect_eq(count_targets(fds, "anon_inode:[eventpoll]"), 1, "%s",
                     fds);
        cr_expect_leq(count_targets(fds, "pipe:"), 2, "%s", fds);
        cr_expect_eq(count_targets(fds, "/dev/null") +
                         count_targets(fds, "socket:") +
                         count_targets(fds, "anon_inode:[eventpoll]") +
                         count_targets(fds, "pipe:"),
                     count_lines(fds), "%s", fds);
        free(fds);
    }
    harness_stop(harness);
}

/* The parts of the shared memory that a list of mappings has. */
static size_t slot_bytes(const char *maps)
{
    size_t bytes = 0;

    for (const char *at = maps; at && *at; at = strchr(at, '\n') + 1) {
        const char *end = strchr(at, '\n');
        unsigned long from, to;

        cr_assert_eq(sscanf(at, "%lx-%lx", &from, &to), 2);
        if (memmem(at, (size_t)(end - at), "libsp-slots", 11))
            bytes += to - from;
    }
    return bytes;
}

static char *read_maps(pid_t pid)
{
    char path[64], *text = NULL;
    size_t size, got;
    FILE *out = open_memstream(&text, &size), *in;
    char bytes[4096];

    snprintf(path, sizeof path, "/proc/%d/maps", (int)pid);
    in = fopen(path, "re");
    cr_assert_not_null(in);
    while ((got = fread(bytes, 1, sizeof bytes, in)) > 0)
        fwrite(bytes, 1, got, out);
    fclose(in);
    fclose(out);
    return text;
}

Test(hygiene, a_session_has_one_page_of_the_shared_memory_and_its_child_none)
{
    struct harness *harness = harness_start(HARNESS_FREE_CONFIG);
    char *maps, *child;

    ask_started(harness, "a", "probe", NULL);
    maps = session_call(harness, "a", "maps");
    cr_expect_eq(slot_bytes(maps), 4096, "%s", maps);
    free(maps);
    child = session_call(harness, "a", "fork");
    maps = read_maps((pid_t)atoi(child));
    cr_expect_eq(slot_bytes(maps), 0, "%s", maps);
    free(maps);
    cr_assert_eq(ask_stop(harness, "a"), SP_OK);
    cr_expect(wait_pid_gone((pid_t)atoi(child), WAIT_MS));
    free(child);
    harness_stop(harness);
}

static size_t count_fds(pid_t pid)
{
    char path[64];
    size_t found = 0;
    DIR *list;

    snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
    list = opendir(path);
    cr_assert_not_null(list);
    while (readdir(list))
        found++;
    closedir(list);
    return found - 2;
}

struct fds_wanted {
    const struct harness *harness;
    size_t count;
};

static bool has_fds(void *context)
{
    const struct fds_wanted *wanted = context;

    return ask_descriptors(wanted->harness) == wanted->count;
}

/* spd sees a moment later that a caller has closed its connection. */
static void expect_spd_fds(const struct harness *harness, size_t count)
{
    struct fds_wanted wanted = {harness, count};

    cr_expect(wait_for(has_fds, &wanted, WAIT_MS), "%zu descriptors, not %zu",
              ask_descriptors(harness), count);
}

/* What spd has open with one session and no caller. */
static size_t warm_spd_fds(const struct harness *harness)
{
    ask_started(harness, "warm", "probe", NULL);
    return ask_descriptors(harness);
}

Test(hygiene, a_session_costs_spd_two_descriptors)
{
    struct harness *harness = harness_start(PROBE);
    size_t before = warm_spd_fds(harness);

    for (int i = 0; i < 50; i++) {
        char id[8];

        snprintf(id, sizeof id, "s%d", i);
        ask_started(harness, id, "probe", NULL);
    }
    expect_spd_fds(harness, before + 100);
    harness_stop(harness);
}

Test(hygiene, starts_ends_and_failures_leave_no_descriptor_in_spd)
{
    static const char *const args[] = {NULL, "fail x", "ignore", "crash"};
    /* with the same template, which has two of them, at the end */
    struct harness *harness = harness_start(PROBE "template_crash = no\n");
    size_t before = warm_spd_fds(harness);

    for (int i = 0; i < 100; i++)
        if (ask_start(harness, "a", "probe", args[i % 4]) == SP_OK) {
            session_expect(harness, "a", "echo x", "x");
            cr_assert_eq(ask_stop(harness, "a"), SP_OK);
        }
    expect_spd_fds(harness, before);
    harness_stop(harness);
}

/* ---- surroundings ---- */

Test(hygiene, a_session_has_an_empty_environment_and_no_telling_arguments)
{
    struct harness *harness;
    char *args;

    setenv("SECRET", "of whoever started spd", 1);
    harness = harness_start(HARNESS_FREE_CONFIG);
    ask_started(harness, "a", "probe", "an argument");
    session_expect(harness, "a", "env", "");
    args = session_call(harness, "a", "args");
    cr_expect_null(strstr(args, "an argument"));
    free(args);
    harness_stop(harness);
    unsetenv("SECRET");
}

static void read_link(pid_t pid, const char *name, char out[256])
{
    char path[64];
    ssize_t len;

    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    len = readlink(path, out, 255);
    cr_assert_gt(len, 0);
    out[len] = '\0';
}

Test(hygiene, a_session_is_in_a_process_session_of_its_own_at_the_root)
{
    struct harness *harness = harness_start(PROBE);
    pid_t a = ask_started(harness, "a", "probe", NULL);
    pid_t b = ask_started(harness, "b", "probe", NULL);
    char target[256];

    cr_expect_eq(getsid(a), a);
    cr_expect_eq(getsid(b), b);
    cr_expect_neq(getpgid(a), getpgid(harness_spd(harness)));
    read_link(a, "cwd", target);
    cr_expect_str_eq(target, "/");
    harness_stop(harness);
}

/* A line of /proc/PID/status. */
static void status_line(pid_t pid, const char *key, char out[256])
{
    char path[64];
    FILE *file;

    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    file = fopen(path, "re");
    cr_assert_not_null(file);
    out[0] = '\0';
    while (fgets(out, 256, file) && strncmp(out, key, strlen(key)) != 0)
        continue;
    fclose(file);
    memmove(out, out + strlen(key), strlen(out + strlen(key)) + 1);
}

Test(hygiene, a_session_has_one_thread_and_no_signal_blocked)
{
    struct harness *harness = harness_start(PROBE);
    pid_t pid = ask_started(harness, "a", "probe", NULL);
    char line[256];

    session_expect(harness, "a", "echo x", "x");
    status_line(pid, "Threads:", line);
    cr_expect_eq(atoi(line), 1);
    status_line(pid, "SigBlk:", line);
    cr_expect_eq(strtoull(line, NULL, 16), 0, "blocked: %s", line);
    harness_stop(harness);
}

/* ---- templates ---- */

/* The children of spd that are not sessions of these two IDs. */
static pid_t find_template(const struct harness *harness, pid_t session)
{
    char path[64];
    pid_t pid, found = 0;
    FILE *file;

    snprintf(path, sizeof path, "/proc/%d/task/%d/children",
             (int)harness_spd(harness), (int)harness_spd(harness));
    file = fopen(path, "re");
    cr_assert_not_null(file);
    while (fscanf(file, "%d", &pid) == 1)
        if (pid != session)
            found = pid;
    fclose(file);
    cr_assert_gt(found, 1, "no template");
    return found;
}

Test(hygiene, a_killed_template_takes_no_session_with_it_and_is_replaced)
{
    struct harness *harness = harness_start(PROBE);
    pid_t pid = ask_started(harness, "a", "probe", NULL);

    for (int i = 0; i < 3; i++) {
        pid_t template = find_template(harness, pid);

        cr_assert_eq(kill(template, SIGKILL), 0);
        cr_assert(wait_pid_gone(template, WAIT_MS));
        session_expect(harness, "a", "echo x", "x");
        ask_started(harness, "b", "probe", NULL);
        session_expect(harness, "b", "echo y", "y");
        cr_assert_eq(ask_stop(harness, "b"), SP_OK);
    }
    harness_stop(harness);
}

Test(hygiene, a_template_has_five_descriptors_and_keeps_none_of_its_sessions)
{
    struct harness *harness = harness_start(HARNESS_FREE_CONFIG);
    pid_t pid = ask_started(harness, "a", "probe", NULL);
    pid_t template = find_template(harness, pid);
    size_t before = count_fds(template);
    char *maps = read_maps(template);

    cr_expect_eq(before, 5);
    cr_expect_eq(slot_bytes(maps), 0, "%s", maps);
    free(maps);
    for (int i = 0; i < 20; i++) {
        char id[8];

        snprintf(id, sizeof id, "s%d", i);
        ask_started(harness, id, "probe", NULL);
    }
    cr_expect_eq(count_fds(template), before);
    harness_stop(harness);
}
