/* SPDX-License-Identifier: MIT */
/* The default tier against a hostile module.  Each attempt is kept from what it
 * tries, in a session and, where that makes sense, in the module's constructor;
 * and those that are harmless succeed without a sandbox, or these tests would
 * not show anything.  Afterwards spd lives and a sibling answers.
 *
 * Run as root, modules have users of their own; run as another user, as
 * scripts/test.sh does too, they have that user. */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "support/asking.h"
#include "support/leaks.h"
#include "support/news.h"
#include "support/raw_peer.h"
#include "support/wait.h"

/* a build with sanitizers cannot be confined */
#ifdef SP_TEST_SANDBOX
#define DISABLED true
#else
#define DISABLED false
#endif

TestSuite(confinement, .fini = leaks_check, .timeout = 120,
          .disabled = DISABLED);

#define HOSTILE                                                                \
    "[module hostile]\npath = " SP_TEST_HOSTILE "\nrestart = temporary\n"
/* As much as a sibling may be held up, on a machine that does other work. */
#define SIBLING_MS 1000

/* ---- a supervisor, and what must hold after each attempt ---- */

static struct harness *start(const char *settings)
{
    char config[512];
    struct harness *harness;

    snprintf(config, sizeof config, HOSTILE "%s", settings);
    harness = harness_start(config);
    ask_started(harness, "sibling", "hostile", NULL);
    ask_started(harness, "a", "hostile", NULL);
    return harness;
}

static void check_others(const struct harness *harness)
{
    int64_t before = clock_now_ms();

    session_expect(harness, "sibling", "descriptors", "done");
    cr_expect_lt(clock_now_ms() - before, SIBLING_MS);
}

static bool is_one_of(const char *word, const char *words)
{
    const char *found = strstr(words, word);
    size_t size = strlen(word);

    return found && (found == words || found[-1] == ' ') &&
           (found[size] == '\0' || found[size] == ' ');
}

static void expect_outcome(const struct harness *harness, const char *attempt,
                           const char *outcomes)
{
    char *outcome = session_call(harness, "a", attempt);

    cr_expect(is_one_of(outcome, outcomes), "%s: %s, not %s", attempt, outcome,
              outcomes);
    free(outcome);
}

/* ---- what fails ---- */

/* Their outcome in the default tier.  free: it succeeds without one.  load: it
 * is tried by the constructor, too, and fails there with one of these. */
static const struct {
    const char *name, *outcomes;
    bool free;
    const char *load;
} kept_off[] = {
    {"open_passwd", "EPERM", true, "EACCES"},
    {"open_own_memory", "EPERM", true, "EPERM"},
    {"open_environment_of_spd", "EPERM", true, "EACCES"},
    {"open_tree", "EPERM", true, "EACCES"},
    {"open_path_only", "EPERM", true, NULL},
    {"create_in_tmp", "EPERM", true, "EPERM"},
    {"stat_passwd", "EPERM", true, NULL},
    {"symlink", "EPERM", true, "EPERM"},
    {"hard_link", "EPERM", false, "EPERM"},
    {"fifo", "EPERM", true, "EPERM"},
    {"memory_file", "EPERM", true, "EPERM"},
    {"ioctl_push_input", "EPERM", false, "EPERM"},
    {"ioctl_push_input_high_bits", "EPERM", false, "EPERM"},
    {"ioctl_linux_console", "EPERM", false, "EPERM"},
    {"descriptor_bomb", "EMFILE", false, NULL},
    {"socket_inet", "EPERM", true, "EPERM"},
    {"socket_inet6", "EPERM", false, "EPERM"},
    {"socket_netlink", "EPERM", true, "EPERM"},
    {"socket_packet", "EPERM", false, "EPERM"},
    {"socket_vsock", "EPERM", false, "EPERM"},
    {"socket_unix", "EPERM", true, "EPERM"},
    {"socket_pair", "EPERM", true, "EPERM"},
    {"pass_descriptors", "EPERM", true, NULL},
    {"take_descriptors", "EPERM", true, NULL},
    {"execute_shell", "EPERM", true, "EPERM"},
    {"fork", "EPERM", true, "EPERM"},
    {"vfork", "EPERM", true, "EPERM"},
    {"clone_parent", "EAGAIN", false, NULL},
    {"clone3", "ENOSYS", true, "ENOSYS"},
    {"kill_parent", "EPERM", true, "EPERM"},
    {"kill_all", "EPERM", true, "EPERM"},
    {"kill_group", "EPERM", true, "EPERM"},
    {"pidfd", "EPERM", true, "EPERM"},
    {"become_root", "EPERM", false, "EPERM"},
    {"raise_limits", "EPERM", false, "EPERM"},
    {"become_dumpable", "EPERM", true, NULL},
    {"outlive_spd", "EPERM", true, NULL},
    {"own_filter", "EPERM", true, NULL},
    {"map_code", "EPERM", true, "EPERM"},
    {"write_then_run", "EPERM", true, "EPERM"},
    {"map_file_to_run", "EPERM", true, NULL},
    {"memory_bomb", "ENOMEM", true, NULL},
    {"lock_memory", "EPERM", true, "EPERM"},
    {"unknown_call", "ENOSYS", false, "ENOSYS"},
};
#define KEPT_OFF (sizeof kept_off / sizeof kept_off[0])

Test(confinement, keeps_a_session_from_what_is_not_permitted)
{
    struct harness *harness = start("");

    for (size_t i = 0; i < KEPT_OFF; i++) {
        expect_outcome(harness, kept_off[i].name, kept_off[i].outcomes);
        check_others(harness);
    }
    harness_stop(harness);
}

Test(confinement, keeps_a_constructor_from_what_is_not_permitted)
{
    struct harness *harness = start("");

    for (size_t i = 0; i < KEPT_OFF; i++) {
        char request[64];

        if (!kept_off[i].load)
            continue;
        snprintf(request, sizeof request, "at-load %s", kept_off[i].name);
        expect_outcome(harness, request, kept_off[i].load);
    }
    check_others(harness);
    harness_stop(harness);
}

/* Else the tests above would show nothing. */
Test(confinement, is_what_keeps_them)
{
    struct harness *harness = start("sandbox = none\n");

    for (size_t i = 0; i < KEPT_OFF; i++)
        if (kept_off[i].free)
            expect_outcome(harness, kept_off[i].name, "done");
    harness_stop(harness);
}

/* ---- what kills ---- */

static const char *const deadly[] = {
    "trace",   "read_memory", "take_descriptor", "bpf",
    "perf",    "userfault",   "keys",            "mount",
    "unshare", "io_uring",    "handle",          "other_architecture",
    "x32",
};

Test(confinement, ends_a_session_that_attacks_the_kernel)
{
    struct harness *harness = start("");

    for (size_t i = 0; i < sizeof deadly / sizeof deadly[0]; i++) {
        struct raw_peer peer;
        char id[16];

        snprintf(id, sizeof id, "s%zu", i);
        ask_started(harness, id, "hostile", NULL);
        session_send(harness, id, deadly[i], &peer);
        ask_until_gone(harness, id);
        news_expect(harness, id, "start ready violation crash stop");
        news_expect_end(harness, id, "crash", "signal", "SIGSYS");
        news_expect_end(harness, id, "crash", "limit", "sandbox");
        raw_peer_close(&peer);
        check_others(harness);
    }
    harness_stop(harness);
}

Test(confinement, lets_honest_code_work)
{
    struct harness *harness = start("");
    struct raw_peer peer;

    expect_outcome(harness, "ordinary_work", "done");
    expect_outcome(harness, "at-load ordinary_work", "done");
    session_send(harness, "a", "abort", &peer);
    ask_until_gone(harness, "a");
    news_expect_end(harness, "a", "crash", "signal", "SIGABRT");
    raw_peer_close(&peer);
    harness_stop(harness);
}

Test(confinement, counts_what_it_has_ended)
{
    struct harness *harness = start("");
    struct raw_peer peer;

    cr_expect_eq(ask_counter(harness, "violations"), 0);
    session_send(harness, "a", "io_uring", &peer);
    ask_until_gone(harness, "a");
    cr_expect_eq(ask_counter(harness, "violations"), 1);
    raw_peer_close(&peer);
    harness_stop(harness);
}

/* ---- what is shown ---- */

static void expect_shown(const char *settings, const char *begin,
                         const char *part)
{
    struct harness *harness = start(settings);
    struct answer answer = ask(harness, "{\"op\":\"info\",\"id\":\"a\"}");
    const char *text = json_string_value(json_object_get(
        json_object_get(answer.object, "session"), "sandbox"));

    cr_assert_not_null(text);
    cr_expect_eq(strncmp(text, begin, strlen(begin)), 0, "%s", text);
    cr_expect_not_null(strstr(text, part), "%s", text);
    answer_fini(&answer);
    harness_stop(harness);
}

Test(confinement, is_shown_as_the_kernel_tells_it)
{
    expect_shown("", "default: filters 2, no new privileges yes, uid ",
                 ", memory 268435456, files 64, processes 0");
    expect_shown("memory = 64M\nopen_files = 40\nallow_fork = yes\n",
                 "default: ", "memory 67108864, files 40, processes ");
    expect_shown("max_connections = 100\n", "default: ", "files 116,");
    expect_shown("sandbox = none\n", "none: filters 0,", "uid ");
}

/* ---- others ---- */

Test(confinement, keeps_sessions_from_each_other)
{
    struct harness *harness = start("");
    struct session_facts sibling, own;
    char request[64];

    cr_assert_eq(ask_info(harness, "sibling", &sibling), SP_OK);
    cr_assert_eq(ask_info(harness, "a", &own), SP_OK);
    snprintf(request, sizeof request, "signal_thread %d", (int)sibling.pid);
    expect_outcome(harness, request, "EPERM");
    snprintf(request, sizeof request, "queue_signal %d", (int)sibling.pid);
    expect_outcome(harness, request, "EPERM");
    snprintf(request, sizeof request, "signal_thread %d",
             (int)harness_spd(harness));
    expect_outcome(harness, request, "EPERM");
    check_others(harness);
    harness_stop(harness);
}

static int bind_datagrams(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    snprintf(address.sun_path, sizeof address.sun_path, "%.100s", path);
    cr_assert_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

Test(confinement, keeps_a_session_from_sockets_that_have_a_path)
{
    struct harness *harness = start("");
    char path[RUNDIR_PATH_SIZE], request[RUNDIR_PATH_SIZE + 16], byte;
    int service;

    snprintf(path, sizeof path, "%s/service", harness_dir(harness));
    service = bind_datagrams(path);
    snprintf(request, sizeof request, "datagram_to %s", path);
    expect_outcome(harness, request, "EPERM");
    snprintf(request, sizeof request, "connect %s", path);
    expect_outcome(harness, request, "EPERM");
    cr_expect_lt(recv(service, &byte, 1, 0), 0);
    harness_session_path(harness, "sibling", path);
    snprintf(request, sizeof request, "unlink %s", path);
    expect_outcome(harness, request, "EPERM");
    cr_expect_eq(access(path, F_OK), 0);
    close(service);
    check_others(harness);
    harness_stop(harness);
}

/* ---- settings ---- */

static void expect_with(const char *settings, const char *attempt,
                        const char *outcomes)
{
    struct harness *harness = start(settings);

    expect_outcome(harness, attempt, outcomes);
    check_others(harness);
    harness_stop(harness);
}

Test(confinement, lets_a_module_read_what_it_is_allowed_to)
{
    expect_with("allow_read = /etc/passwd\n", "open_passwd", "done");
    expect_with("allow_read = /etc/passwd\n", "open_tree", "EACCES");
    expect_with("allow_read = /usr /etc\n", "open_tree", "done");
    /* libraries, once the module is loaded */
    expect_with("allow_read = /etc/passwd\n", "open_library", "EACCES");
    expect_with("allow_read = /etc/passwd\n", "at-load open_library", "done");
    expect_with("allow_read = /\n", "create_in_tmp", "EPERM");
}

Test(confinement, lets_a_module_do_what_its_settings_allow)
{
    expect_with("allow_fork = yes\n", "fork", "done");
    expect_with("allow_fork = yes\n", "execute_shell", "EPERM");
    expect_with("allow_wx = yes\n", "map_code", "done");
    expect_with("allow_wx = yes\n", "write_then_run", "done");
    expect_with("allow_network = yes\n", "socket_inet", "done");
    expect_with("allow_network = yes\n", "socket_unix", "EPERM");
    expect_with("memory = 1G\n", "memory_bomb", "done");
}

Test(confinement, that_cannot_be_applied_refuses_and_says_what_lacks)
{
    struct harness *harness =
        harness_start(HOSTILE "allow_read = /nonexistent\n");

    ask_refused(harness, "a", "hostile", NULL, SP_ELOAD, "/nonexistent");
    ask_started(harness, "b", "kv", NULL); /* the others are none the worse */
    harness_stop(harness);
}

/* Whatever the module's section says, and no less clearly. */
Test(refusal, by_a_build_with_sanitizers_is_of_every_tier_but_none,
     .disabled = !DISABLED)
{
    static const char *const tiers[] = {"default", "strict"};

    for (size_t i = 0; i < 2; i++) {
        char config[512];
        struct harness *harness;

        snprintf(config, sizeof config, HOSTILE "sandbox = %s\n", tiers[i]);
        harness = harness_start(config);
        ask_refused(harness, "a", "hostile", NULL, SP_ELOAD, "sanitizers");
        ask_refused(harness, "a", "hostile", NULL, SP_ELOAD, tiers[i]);
        ask_started(harness, "b", "kv", NULL);
        harness_stop(harness);
    }
}

/* ---- users ---- */

static long uid_of(pid_t pid)
{
    char path[32], line[128];
    long uid = -1;
    FILE *status;

    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    status = fopen(path, "re");
    cr_assert_not_null(status);
    while (uid < 0 && fgets(line, sizeof line, status))
        sscanf(line, "Uid: %ld", &uid);
    fclose(status);
    return uid;
}

Test(confinement, of_root_gives_each_module_a_user_of_its_own)
{
    struct harness *harness, *other;
    long hostile, kv, elsewhere;

    if (geteuid() != 0)
        cr_skip("not root");
    harness = start("");
    other = start("");
    hostile = uid_of(ask_started(harness, "b", "hostile", NULL));
    kv = uid_of(ask_started(harness, "c", "kv", NULL));
    elsewhere = uid_of(ask_started(other, "b", "hostile", NULL));
    cr_expect_gt(hostile, 0);
    cr_expect_gt(kv, 0);
    cr_expect_neq(hostile, kv);
    cr_expect_neq(hostile, elsewhere);
    cr_expect_neq(kv, elsewhere);
    harness_stop(harness);
    harness_stop(other);
}

Test(confinement, refuses_a_module_when_no_user_is_left_for_it)
{
    struct harness *harness;

    if (geteuid() != 0)
        cr_skip("not root");
    harness = harness_start("[supervisor]\nuid_range = 1900000900-1900000900\n"
                            HOSTILE);
    ask_started(harness, "a", "hostile", NULL);
    cr_expect_neq(ask_start(harness, "b", "kv", NULL), SP_OK);
    cr_expect(harness_wait_log(harness, "uid_range = 1900000900-1900000900",
                               WAIT_MS));
    session_expect(harness, "a", "descriptors", "done");
    harness_stop(harness);
}
