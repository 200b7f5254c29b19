/* SPDX-License-Identifier: MIT */
/* Programs of command modules: escapes 55 to 57, and those of other themes that
 * an executable can try, too. */
#define _GNU_SOURCE
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scene.h"
#include "support/asking.h"
#include "support/family.h"
#include "support/leftovers.h"
#include "support/news.h"
#include "support/raw_peer.h"
#include "support/unprivileged.h"
#include "support/wait.h"

TIER_SUITE(programs);

/* ---- what fails ---- */

/* What is a file that is not to be read is not there in strict. */
static const struct kept_off rows[] = {
    {"open_passwd", "EACCES ENOENT", true, NULL},
    {"open_own_memory", "EPERM", true, NULL},
    {"open_environment_of_spd", "EACCES ENOENT", false, NULL},
    {"open_tree", "EACCES", true, NULL},
    {"open_path_only", "EPERM", true, NULL},
    {"create_in_tmp", "EPERM", true, NULL},
    {"symlink", "EPERM", true, NULL},
    {"hard_link", "EPERM", false, NULL},
    {"fifo", "EPERM", true, NULL},
    {"memory_file", "EPERM", true, NULL},
    {"execute_descriptor", "EPERM", false, NULL},
    {"ioctl_push_input", "EPERM", false, NULL},
    {"ioctl_push_input_high_bits", "EPERM", false, NULL},
    {"ioctl_linux_console", "EPERM", false, NULL},
    {"socket_inet", "EPERM", true, NULL},
    {"socket_inet6", "EPERM", true, NULL},
    {"socket_netlink", "EPERM", true, NULL},
    {"socket_packet", "EPERM", false, NULL},
    {"socket_vsock", "EPERM", false, NULL},
    {"socket_unix", "EPERM", true, NULL},
    {"connect", "EPERM", false, NULL},
    {"datagram_to", "EPERM", false, NULL},
    {"pass_descriptors", "EPERM", false, NULL},
    {"execute_shell", "EACCES ENOENT", true, NULL},
    {"execute_set_uid", "EACCES ENOENT", false, NULL},
    {"fork", "EPERM", true, NULL},
    {"vfork", "EPERM", true, NULL},
    {"clone_parent", "EPERM", false, NULL},
    {"clone3", "ENOSYS", true, NULL},
    {"kill_parent", "EPERM", true, NULL},
    {"kill_all", "EPERM", true, NULL},
    {"kill_group", "EPERM", true, NULL},
    {"pidfd", "EPERM", true, NULL},
    {"become_root", "EPERM", false, NULL},
    {"regain_capabilities", "EPERM", false, NULL},
    {"raise_limits", "EPERM", false, NULL},
    {"become_dumpable", "EPERM", true, NULL},
    {"regain_privileges", "EPERM", false, NULL},
    {"outlive_spd", "EPERM", true, NULL},
    {"own_filter", "EPERM", true, NULL},
    {"map_code", "EPERM", true, NULL},
    {"write_then_run", "EPERM", true, NULL},
    {"unknown_call", "ENOSYS", false, NULL},
    {"memory_bomb", "ENOMEM", true, NULL},
    {"heap_bomb", "ENOMEM", true, NULL},
    {"lock_memory", "EPERM", false, NULL},
    {"descriptor_bomb", "EMFILE", false, NULL},
    {"timer_bomb", "EPERM", true, NULL},
    {"signal_bomb", "EAGAIN EPERM", false, NULL},
    {"write_elsewhere", "EBADF", false, NULL},
};
#define ROWS (sizeof rows / sizeof rows[0])

Test(programs, do_not_get_what_a_session_does_not)
{
    struct scene scene;

    scene_open_program(&scene, "");
    for (size_t i = 0; i < ROWS; i++) {
        scene_expect(&scene, rows[i].name, rows[i].outcomes);
        scene_check(&scene);
    }
    cr_expect_eq(ask_counter(scene.harness, "violations"), 0);
    scene_close(&scene);
}

Test(programs, get_it_without_a_sandbox)
{
    struct scene scene;

    scene_open_program(&scene, "sandbox = none\n");
    for (size_t i = 0; i < ROWS; i++)
        if (rows[i].free)
            scene_expect(&scene, rows[i].name, "done");
    scene_close(&scene);
}

static const char *const attacks[] = {
    "bpf",      "perf",   "userfault",          "keys", "mount", "unshare",
    "io_uring", "handle", "other_architecture", "x32",  "trace", "read_memory",
    "take_descriptor"};

Test(programs, that_attack_the_kernel_are_ended)
{
    struct scene scene;

    scene_open_program(&scene, "");
    for (size_t i = 0; i < sizeof attacks / sizeof attacks[0]; i++) {
        scene_expect_killed(&scene, attacks[i]);
        scene_check(&scene);
    }
    scene_close(&scene);
}

/* ---- what honest programs do ---- */

Test(programs, may_have_threads_and_code_of_libraries)
{
    struct scene scene;

    scene_open_program(&scene, "");
    scene_expect(&scene, "open_library", "done");
    scene_expect(&scene, "map_file_to_run", "done");
    scene_expect(&scene, "start_thread", "done");
    scene_expect(&scene, "threads 20", "done");
    scene_expect(&scene, "socket_pair", "done");
    scene_check(&scene);
    scene_close(&scene);
}

Test(programs, may_do_what_settings_allow)
{
    struct scene scene;

    scene_open_program(&scene, "allow_fork = yes\nallow_network = yes\n"
                               "allow_wx = yes\nallow_read = /etc/passwd\n");
    scene_expect(&scene, "fork", "done");
    scene_expect(&scene, "vfork", "done");
    scene_expect(&scene, "socket_inet", "done");
    scene_expect(&scene, "map_code", "done");
    scene_expect(&scene, "open_passwd", "done");
    scene_expect(&scene, "clone_parent", "EPERM");
    scene_expect(&scene, "execute_shell", "EACCES ENOENT");
    scene_expect(&scene, "socket_unix", "EPERM");
    scene_check(&scene);
    scene_close(&scene);
}

/* ---- threads ---- */

/* The soft limit of a process, as the kernel writes it. */
static unsigned long long limit_of(pid_t pid, const char *name)
{
    unsigned long long limit = 0;
    char path[64], line[256];
    FILE *file;

    snprintf(path, sizeof path, "/proc/%d/limits", (int)pid);
    file = fopen(path, "re");
    cr_assert_not_null(file);
    while (fgets(line, sizeof line, file))
        if (strncmp(line, name, strlen(name)) == 0)
            limit = strtoull(line + strlen(name), NULL, 10);
    fclose(file);
    return limit;
}

static unsigned long long number_in(const char *path)
{
    unsigned long long number = 0;
    FILE *file = fopen(path, "re");

    cr_assert_not_null(file);
    cr_assert_eq(fscanf(file, "%llu", &number), 1);
    fclose(file);
    return number;
}

static pid_t program_of(const struct harness *harness, const char *id)
{
    struct session_facts facts;

    cr_assert_eq(ask_info(harness, id, &facts), SP_OK);
    return family_child(facts.pid);
}

/* In strict its own are counted; another session has as many. */
Test(programs, have_so_many_threads)
{
    unsigned long long limit, machine, least;
    struct scene scene;

    scene_open_program(&scene, "threads = 32\n");
    limit = limit_of(program_of(scene.harness, "a"), "Max processes");
    if (tier_is_strict()) {
        cr_expect_eq(limit, 32);
        for (int i = 0; i < 3; i++) {
            scene_expect(&scene, "threads 31", "done");
            scene_expect(&scene, "threads 32", "EAGAIN");
            session_expect(scene.harness, "sibling", "threads 31", "done");
        }
    } else {
        machine = number_in("/proc/sys/kernel/pid_max");
        least = number_in("/proc/sys/kernel/threads-max");
        least = machine < least ? machine : least;
        machine = limit_of(harness_spd(scene.harness), "Max processes");
        cr_expect_eq(limit, (machine < least ? machine : least) / 2);
    }
    scene_check(&scene);
    scene_close(&scene);
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");

    cr_assert_not_null(file);
    fputs(text, file);
    fclose(file);
    cr_assert_eq(chmod(path, 0755), 0);
}

static const char *const in_narrow_user_namespace[] = {
    "unshare", "--user", "--map-current-user", "--keep-caps", "sh", "-c",
    "echo 1 >/proc/sys/user/max_user_namespaces && exec \"$@\"", "sh", NULL};

/* One is the template's.  (Root's modules would get no user there.) */
Test(programs, are_not_run_where_their_threads_cannot_be_counted)
{
    char dir[LEFTOVERS_DIRECTORY_SIZE], script[64], config[128];
    struct harness *harness;

    unprivileged_become();
    leftovers_directory(dir);
    unprivileged_own_programs(dir);
    snprintf(script, sizeof script, "%s/script", dir);
    write_file(script, "#!/bin/sh\n");
    snprintf(config, sizeof config,
             "[module script]\ncommand = %s\nsandbox = strict\n", script);
    harness = harness_start_under(config, in_narrow_user_namespace);
    ask_refused(harness, "a", "script", NULL, SP_EINIT,
                "a user namespace for the program (max_user_namespaces): No "
                "space left");
    harness_stop(harness);
    leftovers_remove(dir);
}

/* ---- the talker ---- */

/* It has a session "a", beside one of another module. */
static struct harness *start_talker_in(const char *tier, const char *settings)
{
    char config[1024];
    struct harness *harness;

    snprintf(config, sizeof config,
             "[module kv]\nsandbox = %s\n"
             "[module talker]\ncommand = " SP_TEST_TALKER "\nsandbox = %s\n%s",
             tier, tier, settings);
    harness = harness_start(config);
    ask_started(harness, "sibling", "kv", NULL);
    ask_started(harness, "a", "talker", NULL);
    return harness;
}

static struct harness *start_talker(const char *settings)
{
    return start_talker_in(tier_name(), settings);
}

static void stop_talker(struct harness *harness)
{
    free(session_call(harness, "sibling", "get x"));
    news_expect(harness, "sibling", "start ready");
    harness_stop(harness);
}

/* ---- 55 ---- */

Test(programs, do_not_daemonise)
{
    struct harness *harness = start_talker("");

    session_expect(harness, "a", "daemonise", "EPERM");
    stop_talker(harness);
}

/* The pid namespace of a process, as /proc names it; "" if it has ended. */
static void read_namespace(const char *pid, char out[64])
{
    char path[80];
    ssize_t size;

    snprintf(path, sizeof path, "/proc/%.20s/ns/pid", pid);
    size = readlink(path, out, 63);
    out[size < 0 ? 0 : size] = '\0';
}

/* How many are in the one of this name. */
static unsigned count_in(const char *namespace)
{
    DIR *directory = opendir("/proc");
    const struct dirent *entry;
    unsigned count = 0;
    char name[64];

    cr_assert_not_null(directory);
    while ((entry = readdir(directory))) {
        read_namespace(entry->d_name, name);
        count += strcmp(name, namespace) == 0;
    }
    closedir(directory);
    return count;
}

static bool is_ended(void *context)
{
    return ask_counter(context, "strangers") == 2;
}

static bool is_holder_alone(void *context)
{
    return count_in(context) == 1;
}

/* Its session's end is the daemon's, where it is allowed to make one: of spd's
 * own doing, since the daemon has left the session's group. */
Test(programs, that_may_daemonise_leave_nothing_behind)
{
    struct harness *harness = start_talker("allow_fork = yes\npool = 0\n");
    struct session_facts facts;
    char pid[16], namespace[64];

    session_expect(harness, "a", "daemonise", "done");
    session_expect(harness, "a", "daemonise", "done");
    cr_assert_eq(ask_info(harness, "a", &facts), SP_OK);
    snprintf(pid, sizeof pid, "%d", (int)facts.pid);
    read_namespace(pid, namespace);
    if (tier_is_strict()) /* holder, runtime, program, two daemons */
        cr_expect_eq(count_in(namespace), 5);
    cr_expect_eq(ask_stop(harness, "a"), SP_OK);
    cr_expect(tier_is_strict()
                  ? wait_for(is_holder_alone, namespace, WAIT_MS)
                  : wait_for(is_ended, harness, WAIT_MS));
    cr_expect_eq(ask_counter(harness, "violations"), 0);
    stop_talker(harness);
}

/* ---- 56 ---- */

static void expect_end(const char *settings, const char *request,
                       const char *key, const char *value)
{
    struct harness *harness = start_talker(settings);

    session_end_by(harness, "a", request);
    news_expect_end(harness, "a", "crash", key, value);
    stop_talker(harness);
}

Test(programs, that_write_a_line_of_1_gib_are_ended)
{
    struct harness *harness = start_talker("");
    json_t *event;
    json_int_t peak;

    session_end_by(harness, "a", "much 1024");
    news_expect_end(harness, "a", "crash", "reason",
                    "the program's reply is longer than max_message, 16777216 "
                    "bytes");
    event = news_latest(harness, "a", "crash");
    peak = json_integer_value(
        json_object_get(json_object_get(event, "end"), "peak_kb"));
    cr_expect_lt(peak, 64 * 1024);
    json_decref(event);
    stop_talker(harness);
}

Test(programs, that_write_garbage_harm_nobody)
{
    struct harness *harness = start_talker("");

    free(session_call(harness, "a", "garbage"));
    session_expect(harness, "a", "hello", "hello");
    session_end_by(harness, "a", "noise");
    news_expect_end(harness, "a", "crash", "reason",
                    "the program wrote more than one reply");
    stop_talker(harness);
}

Test(programs, that_close_their_output_are_ended)
{
    expect_end("", "close 1", "reason",
               "the program closed its standard input or output");
}

Test(programs, that_ignore_sigterm_are_killed)
{
    struct harness *harness = start_talker("stop_timeout = 300ms\n");
    pid_t program = program_of(harness, "a");

    session_expect(harness, "a", "stubborn", "done");
    cr_expect_eq(ask_stop(harness, "a"), SP_OK);
    cr_expect(wait_pid_gone(program, WAIT_MS));
    stop_talker(harness);
}

/* ---- 57 ---- */

static const char *const with_variables[] = {
    "env", "BASH_ENV=/no/such/file", "LD_PRELOAD=libm.so.6", "SP_SECRET=x",
    NULL};

/* Neither spd's environment nor a client's argument becomes the program's. */
Test(programs, have_no_environment_but_their_own)
{
    char config[512];
    struct harness *harness;

    snprintf(config, sizeof config,
             "[module talker]\ncommand = " SP_TEST_TALKER "\nsandbox = %s\n",
             tier_name());
    harness = harness_start_under(config, with_variables);
    ask_started(harness, "a", "talker", "x;LD_PRELOAD=/lib/x");
    session_expect(harness, "a", "environment",
                   "PATH=/usr/local/bin:/usr/bin:/bin;HOME=/;LANG=C.UTF-8;"
                   "SP_SESSION_ID=a;SP_ARGUMENT=x;LD_PRELOAD=/lib/x;");
    harness_stop(harness);
}

#define SCRIPT                                                                 \
    "#!/bin/bash\nwhile read -r line; do echo \"$line ${BASH_ENV-none}\"; "    \
    "done\n"

/* What bash would run before the script, and the twin: that it would. */
Test(programs, that_are_scripts_do_not_run_what_another_says)
{
    char dir[] = "/tmp/spt-XXXXXX", script[64], before[64], variable[80];
    char config[512], command[256], line[64] = "";
    const char *words[] = {"env", variable, NULL};
    struct harness *harness;
    FILE *twin;

    cr_assert_not_null(mkdtemp(dir));
    cr_assert_eq(chmod(dir, 0755), 0);
    snprintf(script, sizeof script, "%s/script", dir);
    snprintf(before, sizeof before, "%s/before", dir);
    snprintf(variable, sizeof variable, "BASH_ENV=%s", before);
    write_file(script, SCRIPT);
    write_file(before, "echo owned\n");
    snprintf(config, sizeof config,
             "[module script]\ncommand = %s\nsandbox = %s\n", script,
             tier_name());
    harness = harness_start_under(config, words);
    ask_started(harness, "a", "script", NULL);
    session_expect(harness, "a", "hello", "hello none");
    harness_stop(harness);
    snprintf(command, sizeof command, "%s %s </dev/null", variable, script);
    twin = popen(command, "re");
    cr_assert_not_null(twin);
    cr_expect_not_null(fgets(line, sizeof line, twin));
    cr_expect_str_eq(line, "owned\n");
    pclose(twin);
    unlink(script);
    unlink(before);
    rmdir(dir);
}
