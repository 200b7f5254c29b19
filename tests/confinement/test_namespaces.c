/* SPDX-License-Identifier: MIT */
/* What strict has and default has not: namespaces, a root with nothing in it,
 * and a holder with whose end all sessions of a template end. */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <fcntl.h>
#include <fts.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/asking.h"
#include "support/balance.h"
#include "support/family.h"
#include "support/leaks.h"
#include "support/leftovers.h"
#include "support/raw_peer.h"
#include "support/unprivileged.h"
#include "support/wait.h"

/* a build with sanitizers cannot be confined */
#ifdef SP_TEST_SANDBOX
#define DISABLED true
#else
#define DISABLED false
#endif

TestSuite(namespaces, .fini = leaks_check, .timeout = 120,
          .disabled = DISABLED);

#define STRICT HARNESS_PROBE_CONFIG "sandbox = strict\n"

/* ---- what is in force ---- */

static void expect_shown(const char *settings, const char *tier,
                         const char *end)
{
    char config[256];
    struct harness *harness;
    struct answer answer;
    const char *text;

    snprintf(config, sizeof config, HARNESS_PROBE_CONFIG "%s", settings);
    harness = harness_start(config);
    ask_started(harness, "a", "probe", NULL);
    answer = ask(harness, "{\"op\":\"info\",\"id\":\"a\"}");
    text = json_string_value(json_object_get(
        json_object_get(answer.object, "session"), "sandbox"));
    cr_assert_not_null(text);
    cr_expect_eq(strncmp(text, tier, strlen(tier)), 0, "%s", text);
    cr_expect_str_eq(text + strlen(text) - strlen(end), end, "%s", text);
    answer_fini(&answer);
    harness_stop(harness);
}

Test(namespaces, are_shown_as_the_kernel_tells_them)
{
    expect_shown("sandbox = strict\n", "strict: filters 2, ",
                 "processes 0, namespaces user mnt ipc uts cgroup net pid");
    expect_shown("sandbox = strict\nallow_network = yes\n", "strict: ",
                 ", namespaces user mnt ipc uts cgroup pid");
    expect_shown("", "default: ", "processes 0");
}

Test(namespaces, leave_nobody_a_capability)
{
    struct harness *harness = harness_start(STRICT);
    pid_t pids[2] = {ask_started(harness, "a", "probe", NULL),
                     family_template(harness, "probe")};

    for (int i = 0; i < 2; i++) {
        char path[64], line[256];
        unsigned long long set = ~0ull;
        FILE *status;

        snprintf(path, sizeof path, "/proc/%d/status", (int)pids[i]);
        status = fopen(path, "re");
        cr_assert_not_null(status);
        while (fgets(line, sizeof line, status))
            if (sscanf(line, "CapInh: %llx", &set) == 1 ||
                sscanf(line, "CapPrm: %llx", &set) == 1 ||
                sscanf(line, "CapEff: %llx", &set) == 1 ||
                sscanf(line, "CapAmb: %llx", &set) == 1)
                cr_expect_eq(set, 0, "%s", line);
        fclose(status);
        cr_expect_eq(set, 0);
    }
    harness_stop(harness);
}

Test(namespaces, are_refused_where_landlock_is_older_than_is_asked_for)
{
    static const char *const tiers[] = {"default", "strict"};

    for (size_t i = 0; i < 2; i++) {
        char config[256];
        struct harness *harness;

        snprintf(config, sizeof config,
                 HARNESS_PROBE_CONFIG "sandbox = %s\nlandlock_abi = 900\n",
                 tiers[i]);
        harness = harness_start(config);
        ask_refused(harness, "a", "probe", NULL, SP_ELOAD,
                    "landlock_abi asks for 900");
        harness_stop(harness);
    }
}

/* In a user namespace that is allowed no other: root's modules would get no
 * user of their own there. */
Test(namespaces, are_refused_by_name_where_they_cannot_be_had)
{
    static const char *const before[] = {
        "unshare", "--user", "--map-current-user", "--keep-caps", "sh", "-c",
        "echo 0 >/proc/sys/user/max_user_namespaces && exec \"$@\"", "sh",
        NULL};
    char dir[LEFTOVERS_DIRECTORY_SIZE];
    struct harness *harness;

    unprivileged_become();
    leftovers_directory(dir);
    unprivileged_own_programs(dir);
    harness = harness_start_under(STRICT, before);
    ask_refused(harness, "a", "probe", NULL, SP_ELOAD,
                "sandbox = strict: user namespace: user.max_user_namespaces "
                "allows no more here");
    ask_started(harness, "b", "kv", NULL); /* in default */
    harness_stop(harness);
    leftovers_remove(dir);
}

/* ---- the root ---- */

/* What there is of the machine's files in a session's root: the last one's path
 * in it. */
static size_t count_files(pid_t pid, char out_path[256])
{
    char root[64];
    char *const roots[] = {root, NULL};
    size_t count = 0;
    dev_t own = 0; /* the root's own, where files are mounted on */
    FTSENT *entry;
    FTS *tree;

    snprintf(root, sizeof root, "/proc/%d/root/", (int)pid);
    tree = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    cr_assert_not_null(tree);
    while ((entry = fts_read(tree))) {
        cr_assert(entry->fts_info != FTS_DNR && entry->fts_info != FTS_ERR,
                  "%s", entry->fts_path);
        if (entry->fts_level == FTS_ROOTLEVEL)
            own = entry->fts_statp->st_dev;
        if (entry->fts_info == FTS_F && entry->fts_statp->st_dev != own) {
            count++;
            snprintf(out_path, 256, "%s",
                     entry->fts_path + strlen(root) - 1);
        }
    }
    fts_close(tree);
    return count;
}

static void expect_only(const char *settings, const char *file)
{
    char config[512], path[256] = "";
    struct harness *harness;
    size_t count;

    snprintf(config, sizeof config, STRICT "%s", settings);
    harness = harness_start(config);
    count = count_files(ask_started(harness, "a", "probe", NULL), path);
    cr_expect_eq(count, file ? 1 : 0, "%zu files: %s", count, path);
    if (file)
        cr_expect(strstr(path, file), "%s", path);
    session_expect(harness, "a", "echo x", "x");
    harness_stop(harness);
}

Test(namespaces, have_an_empty_root_once_the_module_is_loaded)
{
    expect_only("", NULL);
}

Test(namespaces, have_in_their_root_what_may_be_read)
{
    expect_only("allow_read = /etc/passwd\n", "/etc/passwd");
    /* a link, and what it leads to */
    expect_only("allow_read = /proc/self/mounts\n", "/mounts");
}

/* Whatever is allowed of the folders that are there for loading stays. */
Test(namespaces, keep_libraries_that_may_be_read)
{
    struct harness *harness =
        harness_start(STRICT "allow_read = /usr/lib /lib\n");
    char path[256];
    pid_t pid = ask_started(harness, "a", "probe", NULL);

    cr_expect_gt(count_files(pid, path), 100);
    snprintf(path, sizeof path, "/proc/%d/root/usr/lib", (int)pid);
    cr_expect_eq(access(path, W_OK), -1);
    harness_stop(harness);
}

Test(namespaces, may_have_the_whole_root_for_reading)
{
    struct harness *harness = harness_start(STRICT "allow_read = /\n");
    char path[RUNDIR_PATH_SIZE + 32];

    snprintf(path, sizeof path, "/proc/%d/root/etc/passwd",
             (int)ask_started(harness, "a", "probe", NULL));
    cr_expect_eq(access(path, R_OK), 0);
    session_expect(harness, "a", "echo x", "x");
    harness_stop(harness);
}

/* ---- the holder ---- */

#define HOLDER "sp-holder"

static void start_some(const struct harness *harness, int count)
{
    for (int i = 0; i < count; i++) {
        char id[16];

        snprintf(id, sizeof id, "s%d", i);
        ask_started(harness, id, "probe", NULL);
    }
}

struct holders {
    const struct harness *harness;
    size_t wanted;
};

static bool are_so_many(void *context)
{
    const struct holders *holders = context;

    return family_count(holders->harness, HOLDER) == holders->wanted;
}

static void expect_holders(const struct harness *harness, size_t wanted)
{
    struct holders holders = {harness, wanted};

    cr_expect(wait_for(are_so_many, &holders, WAIT_MS), "%zu holders, not %zu",
              family_count(harness, HOLDER), wanted);
}

Test(namespaces, end_with_their_holder_and_are_made_anew)
{
    struct harness *harness = harness_start(STRICT "restart_delay = 1ms\n");
    pid_t before, after;

    before = ask_started(harness, "a", "probe", NULL);
    start_some(harness, 20);
    kill(family_named(harness, HOLDER), SIGKILL);
    after = ask_until_restarted(harness, "a", 1);
    cr_expect_neq(after, before);
    session_expect(harness, "a", "echo x", "x");
    ask_started(harness, "b", "probe", NULL);
    expect_holders(harness, 1);
    harness_stop(harness);
}

Test(namespaces, end_with_their_last_session)
{
    struct harness *harness = harness_start(STRICT "template_forks = 1\n");
    struct balance balance;

    ask_started(harness, "a", "probe", NULL); /* its user takes a descriptor */
    cr_expect_eq(ask_stop(harness, "a"), SP_OK);
    expect_holders(harness, 0);
    balance = balance_note(harness);
    start_some(harness, 3);
    expect_holders(harness, 3);
    cr_expect_eq(ask_stop(harness, "s1"), SP_OK);
    expect_holders(harness, 2);
    session_expect(harness, "s0", "echo x", "x");
    session_expect(harness, "s2", "echo x", "x");
    cr_expect_eq(ask_stop(harness, "s0"), SP_OK);
    cr_expect_eq(ask_stop(harness, "s2"), SP_OK);
    expect_holders(harness, 0);
    balance_check(harness, &balance);
    harness_stop(harness);
}

/* What a session has forked, though it is an orphan in a group of its own. */
static pid_t leave_orphan(const struct harness *harness, const char *id)
{
    pid_t pid = ask_started(harness, id, "probe", NULL), orphan;

    session_expect(harness, id, "daemon", "");
    orphan = family_child(pid);
    cr_assert_gt(orphan, 0);
    return orphan;
}

Test(namespaces, leave_nothing_of_a_session_that_has_ended)
{
    struct harness *harness =
        harness_start(STRICT "allow_fork = yes\nrestart = temporary\n");
    pid_t a = leave_orphan(harness, "a"), b = leave_orphan(harness, "b");

    cr_expect_eq(ask_stop(harness, "a"), SP_OK);
    cr_expect(wait_pid_gone(a, WAIT_MS));
    cr_expect_neq(family_state(b), '?'); /* its session lives */
    session_end_by(harness, "b", "crash");
    cr_expect(wait_pid_gone(b, WAIT_MS));
    harness_stop(harness);
}

/* One of them blocks all signals. */
Test(namespaces, leave_nothing_when_spd_is_killed)
{
    struct harness *harness = harness_start(STRICT);

    start_some(harness, 50);
    session_expect(harness, "s0", "deaf", "");
    harness_kill_spd(harness);
    harness_start_spd(harness);
    ask_started(harness, "s0", "probe", NULL);
    harness_stop(harness);
}

/* In the middle of whatever it does. */
Test(namespaces, leave_nothing_when_spd_is_killed_at_a_start)
{
    struct harness *harness = harness_start(STRICT "template = none\n");
    struct answer answer;

    for (int i = 0; i < 10; i++) {
        char path[RUNDIR_PATH_SIZE];
        static const char start[] =
            "{\"op\":\"start\",\"id\":\"a\",\"module\":\"probe\"}";
        struct raw_peer peer;

        harness_control_path(harness, path);
        raw_peer_open(&peer, path, WIRE_REQ);
        raw_peer_send_request(&peer, 1, start, strlen(start));
        answer = ask(harness, "{\"op\":\"ping\"}"); /* it has read that */
        answer_fini(&answer);
        harness_kill_spd(harness);
        raw_peer_close(&peer);
        harness_start_spd(harness);
    }
    harness_stop(harness);
}
