/* SPDX-License-Identifier: MIT */
/* supervisor/config: a file is read whole or not at all, and every mistake is
 * told with its line. */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"
#include "support/leaks.h"
#include "support/leftovers.h"

/* A directory that looks like an installation: a worker and three modules. */
static char dir[LEFTOVERS_DIRECTORY_SIZE];
static char worker[64], file[64];
static struct config_places places = {dir, worker};

static void touch(const char *name, mode_t mode)
{
    char path[64];
    int fd;

    snprintf(path, sizeof path, "%s/%s", dir, name);
    fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, mode);
    cr_assert_geq(fd, 0);
    close(fd);
}

static void make_installation(void)
{
    leftovers_directory(dir);
    snprintf(worker, sizeof worker, "%s/sp-worker", dir);
    snprintf(file, sizeof file, "%s/spd.conf", dir);
    touch("sp-worker", 0700);
    touch("kv.so", 0600);
    touch("echo.so", 0600);
    touch("counter.so", 0600);
}

static void remove_installation(void)
{
    leftovers_remove(dir);
    leaks_check();
}

TestSuite(config, .init = make_installation, .fini = remove_installation);

/* Writes the file, in which @ stands for the directory. */
static void write_file(const char *text)
{
    FILE *stream = fopen(file, "we");

    cr_assert_not_null(stream);
    for (; *text; text++)
        if (*text == '@')
            fputs(dir, stream);
        else
            fputc(*text, stream);
    fclose(stream);
}

static void load(const char *text, struct config *out_config)
{
    char why[512] = "";

    write_file(text);
    cr_assert_eq(config_load(file, &places, out_config, why, sizeof why), 0,
                 "%s", why);
}

/* Fails unless the file is refused, by a line that starts with FILE:LINE: and
 * holds `what`. */
static void refuse(unsigned line, const char *text, const char *what)
{
    struct config config = {.module_count = 77};
    char why[512] = "", where[96];

    write_file(text);
    if (line > 0)
        snprintf(where, sizeof where, "%s:%u: ", file, line);
    else
        snprintf(where, sizeof where, "%s: ", file);
    cr_expect_eq(config_load(file, &places, &config, why, sizeof why), -1,
                 "accepted: %s", text);
    cr_expect_eq(strncmp(why, where, strlen(where)), 0, "'%s': %s", text, why);
    cr_expect_not_null(strstr(why, what), "'%s' names no '%s'", why, what);
    cr_expect_null(strchr(why, '\n'));
    cr_expect_eq(config.module_count, 77);
}

/* ---- what is there without a word ---- */

Test(config, without_a_file_the_defaults_stand)
{
    struct config config;
    char why[512];

    cr_assert_eq(config_load(NULL, &places, &config, why, sizeof why), 0, "%s",
                 why);
    cr_expect_str_eq(config.supervisor.default_module, "kv");
    cr_expect_eq(config.supervisor.max_arg, 64 * 1024);
    cr_expect_str_eq(config.supervisor.module_dir, dir);
    cr_expect_str_eq(config.supervisor.worker, worker);
    cr_expect_eq(config.module_count, 3);
    cr_expect_str_eq(config.modules[0].name, "counter");
    cr_expect_str_eq(config.modules[1].name, "echo");
    cr_expect_str_eq(config.modules[2].name, "kv");
    config_fini(&config);
}

Test(config, a_module_has_the_documented_defaults)
{
    struct config config;
    const struct module_config *kv;
    char path[64];

    load("", &config);
    kv = config_module(&config, "kv");
    cr_assert_not_null(kv);
    snprintf(path, sizeof path, "%s/kv.so", dir);
    cr_expect_str_eq(kv->settings.path, path);
    cr_expect_eq(kv->settings.max_message, 16 * 1024 * 1024);
    cr_expect_eq(kv->settings.max_connections, 48);
    cr_expect_eq(kv->settings.max_restarts, 3);
    cr_expect_eq(kv->settings.max_seconds, 5000);
    cr_expect_eq(kv->settings.stop_timeout, 5000);
    cr_expect_eq(kv->line, 0);
    config_fini(&config);
}

Test(config, fini_leaves_nothing_to_be_freed_twice)
{
    struct config config;

    load("", &config);
    config_fini(&config);
    config_fini(&config);
}

Test(config, without_its_modules_keeps_its_other_settings)
{
    struct config config;

    load("[supervisor]\ndefault_module = echo\n", &config);
    config_drop_modules(&config);
    cr_expect_eq(config.module_count, 0);
    cr_expect_null(config_module(&config, "echo"));
    cr_expect_str_eq(config.supervisor.default_module, "echo");
    config_fini(&config);
}

/* ---- two of them ---- */

Test(config, two_modules_are_equal_if_all_settings_are)
{
    static const char *const differ[] = {
        "max_message = 1M", "restart = temporary", "idle_timeout = 1m",
        "path = @/echo.so"};
    struct config a, b;

    load("[module kv]\nmax_seconds = 60s\n", &a);
    load("\n\n[module kv]\nmax_seconds = 1m\n", &b);
    cr_expect(settings_equal(module_setting_rows, module_setting_count,
                             &config_module(&a, "kv")->settings,
                             &config_module(&b, "kv")->settings));
    config_fini(&b);
    for (size_t i = 0; i < sizeof differ / sizeof differ[0]; i++) {
        char text[96];

        snprintf(text, sizeof text, "[module kv]\nmax_seconds = 1m\n%s\n",
                 differ[i]);
        load(text, &b);
        cr_expect_not(settings_equal(module_setting_rows, module_setting_count,
                                     &config_module(&a, "kv")->settings,
                                     &config_module(&b, "kv")->settings),
                      "%s", differ[i]);
        config_fini(&b);
    }
    config_fini(&a);
}

Test(config, a_setting_can_be_exchanged_without_the_others)
{
    static const char *const names[] = {"max_arg", "default_module"};
    struct config a, b;

    load("[supervisor]\nmax_arg = 1\ndefault_module = kv\nevents = 1\n", &a);
    load("[supervisor]\nmax_arg = 2\ndefault_module = echo\nevents = 2\n",
         &b);
    for (size_t i = 0; i < 2; i++)
        setting_swap(setting_find(supervisor_setting_rows,
                                  supervisor_setting_count, names[i]),
                     &a.supervisor, &b.supervisor);
    cr_expect_eq(a.supervisor.max_arg, 2);
    cr_expect_eq(b.supervisor.max_arg, 1);
    cr_expect_str_eq(a.supervisor.default_module, "echo");
    cr_expect_str_eq(b.supervisor.default_module, "kv");
    cr_expect_eq(a.supervisor.events, 1);
    cr_expect_eq(b.supervisor.events, 2);
    config_fini(&a);
    config_fini(&b);
}

Test(config, settings_that_a_reload_cannot_change_are_settings)
{
    size_t fixed = 0;

    for (size_t i = 0; i < supervisor_setting_count; i++)
        fixed += setting_fixed(&supervisor_setting_rows[i]);
#define COUNT(name) +1
    cr_expect_eq(fixed, 0 SUPERVISOR_SETTINGS_FIXED(COUNT));
#undef COUNT
    cr_expect_not(setting_fixed(&module_setting_rows[0]));
}

/* ---- what is said ---- */

Test(config, settings_are_taken_from_their_sections)
{
    struct config config;
    const struct module_config *kv, *game;

    touch("game.so", 0600);
    load("; a comment\n"
         "[supervisor]\n"
         "default_module = game\n"
         "max_sessions = 100   ; so many\n"
         "max_arg = 1K\n"
         "log_level = debug\n"
         "\n"
         "[module game]\n"
         "max_restarts = 0\n"
         "stop_timeout = 250ms\n"
         "# another comment\n"
         "[module kv]\n"
         "max_message = 1M\n"
         "max_seconds = 2m\n",
         &config);
    cr_expect_str_eq(config.supervisor.default_module, "game");
    cr_expect_eq(config.supervisor.max_sessions, 100);
    cr_expect_eq(config.supervisor.max_arg, 1024);
    cr_expect_eq(config.module_count, 4);
    game = config_module(&config, "game");
    kv = config_module(&config, "kv");
    cr_assert(game && kv);
    cr_expect_eq(game->settings.max_restarts, 0);
    cr_expect_eq(game->settings.stop_timeout, 250);
    cr_expect_eq(game->line, 8);
    cr_expect_eq(kv->settings.max_message, 1 << 20);
    cr_expect_eq(kv->settings.max_seconds, 120000);
    cr_expect_eq(kv->settings.max_restarts, 3);
    cr_expect_null(config_module(&config, "ghost"));
    config_fini(&config);
}

Test(config, a_module_without_a_path_is_looked_for_in_module_dir)
{
    struct config config;
    char path[96];

    snprintf(path, sizeof path, "%s/more", dir);
    cr_assert_eq(mkdir(path, 0700), 0);
    touch("more/kv.so", 0600);
    touch("more/echo.so", 0600);
    touch("more/counter.so", 0600);
    load("[supervisor]\nmodule_dir = @/more\n[module kv]\npath = @/kv.so\n",
         &config);
    snprintf(path, sizeof path, "%s/kv.so", dir);
    cr_expect_str_eq(config_module(&config, "kv")->settings.path, path);
    snprintf(path, sizeof path, "%s/more/echo.so", dir);
    cr_expect_str_eq(config_module(&config, "echo")->settings.path, path);
    config_fini(&config);
}

/* ---- what is wrong ---- */

Test(config, an_unknown_key_is_refused_with_its_line)
{
    refuse(2, "[supervisor]\nmax_session = 1\n", "max_session");
    refuse(4, "\n\n[module kv]\nmax_arg = 1K\n", "max_arg");
    refuse(2, "[supervisor]\nMAX_SESSIONS = 1\n", "MAX_SESSIONS");
}

Test(config, an_unknown_section_is_refused_with_its_line)
{
    refuse(1, "[supervisors]\n", "supervisors");
    refuse(3, "\n\n[modul kv]\n", "modul kv");
    refuse(1, "[]\n", "[]");
    refuse(1, "[module]\n", "module");
    refuse(1, "[module ]\n", "module");
}

Test(config, a_bad_name_of_a_module_is_refused_with_its_line)
{
    char text[128];

    refuse(1, "[module ../x]\n", "../x");
    refuse(1, "[module a b]\n", "a b");
    snprintf(text, sizeof text, "[module %065d]\n", 0);
    refuse(1, text, "000");
}

Test(config, a_setting_before_any_section_is_refused)
{
    refuse(1, "max_sessions = 1\n", "max_sessions");
}

Test(config, a_line_that_means_nothing_is_refused)
{
    refuse(2, "[supervisor]\nnonsense\n", "");
    refuse(1, "[supervisor\n", "");
}

Test(config, a_section_or_setting_given_twice_is_refused)
{
    refuse(3, "[module kv]\n[module echo]\n[module kv]\n", "kv");
    refuse(3, "[supervisor]\nmax_arg = 1K\nmax_arg = 1K\n", "max_arg");
}

Test(config, numbers_have_limits_and_no_nonsense)
{
    static const char *const bad[] = {"0",    "-1",  "1000001", "many", "1.5",
                                      "1 000", "0x10", "+1",   "",     "1K",
                                      "18446744073709551616", "9e3"};

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char text[96];

        snprintf(text, sizeof text, "[supervisor]\nmax_sessions = %s\n",
                 bad[i]);
        refuse(2, text, "max_sessions");
    }
}

Test(config, sizes_take_k_m_and_g_within_their_limits)
{
    static const char *const good[] = {"1", "1K", "16M", "1G", "1073741824"};
    static const uint64_t sizes[] = {1, 1024, 16 << 20, 1 << 30, 1 << 30};
    static const char *const bad[] = {"0", "2G", "1k", "1KB", "1 K", "-1K",
                                      "17179869184G", "K"};

    for (size_t i = 0; i < 5; i++) {
        struct config config;
        char text[96];

        snprintf(text, sizeof text, "[module kv]\nmax_message = %s\n", good[i]);
        load(text, &config);
        cr_expect_eq(config_module(&config, "kv")->settings.max_message,
                     sizes[i]);
        config_fini(&config);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char text[96];

        snprintf(text, sizeof text, "[module kv]\nmax_message = %s\n", bad[i]);
        refuse(2, text, "max_message");
    }
}

Test(config, durations_want_a_unit)
{
    static const char *const good[] = {"1ms", "1500ms", "5s", "2m", "1h"};
    static const uint64_t times[] = {1, 1500, 5000, 120000, 3600000};
    static const char *const bad[] = {"5", "0s", "5 s", "5sec", "-5s", "25h"};

    for (size_t i = 0; i < 5; i++) {
        struct config config;
        char text[96];

        snprintf(text, sizeof text, "[module kv]\nstop_timeout = %s\n",
                 good[i]);
        load(text, &config);
        cr_expect_eq(config_module(&config, "kv")->settings.stop_timeout,
                     times[i]);
        config_fini(&config);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char text[96];

        snprintf(text, sizeof text, "[module kv]\nstop_timeout = %s\n", bad[i]);
        refuse(2, text, "stop_timeout");
    }
}

Test(config, paths_are_absolute)
{
    refuse(2, "[module kv]\npath = kv.so\n", "path");
    refuse(2, "[supervisor]\nmodule_dir = ./modules\n", "module_dir");
}

/* ---- the sandbox ---- */

Test(config, a_module_is_confined_by_default_and_otherwise_by_name)
{
    static const struct {
        const char *text;
        uint64_t tier;
    } rows[] = {{"", SANDBOX_DEFAULT},
                {"sandbox = none\n", SANDBOX_NONE},
                {"sandbox = default\n", SANDBOX_DEFAULT},
                {"sandbox = strict\n", SANDBOX_STRICT}};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct config config;
        char text[64];

        snprintf(text, sizeof text, "[module kv]\n%s", rows[i].text);
        load(text, &config);
        cr_expect_eq(config_module(&config, "kv")->settings.sandbox,
                     rows[i].tier);
        config_fini(&config);
    }
    refuse(2, "[module kv]\nsandbox = off\n", "sandbox");
    refuse(2, "[module kv]\nsandbox = no\n", "sandbox");
}

Test(config, a_switch_is_yes_or_no)
{
    struct config config;

    load("[module kv]\nallow_fork = yes\nallow_wx = no\n", &config);
    cr_expect_eq(config_module(&config, "kv")->settings.allow_fork, 1);
    cr_expect_eq(config_module(&config, "kv")->settings.allow_wx, 0);
    cr_expect_eq(config_module(&config, "kv")->settings.allow_network, 0);
    config_fini(&config);
    refuse(2, "[module kv]\nallow_fork = true\n", "allow_fork");
    refuse(2, "[module kv]\nallow_fork = 1\n", "allow_fork");
}

Test(config, a_list_of_paths_has_absolute_ones_alone)
{
    struct config config;

    load("[module kv]\nallow_read = /etc/hosts  /usr/share\n", &config);
    cr_expect_str_eq(config_module(&config, "kv")->settings.allow_read,
                     "/etc/hosts  /usr/share");
    config_fini(&config);
    refuse(2, "[module kv]\nallow_read = etc\n", "allow_read");
    refuse(2, "[module kv]\nallow_read = /etc hosts\n", "allow_read");
}

Test(config, a_range_of_uids_goes_up_and_has_no_root)
{
    static const char *const bad[] = {"0-5",   "5",     "-5", "5-", "9-8",
                                      "1-4294967295", "a-b", "1 - 2", ""};
    uid_t first, last;

    cr_assert(setting_uids("70000-70009", &first, &last));
    cr_expect_eq(first, 70000);
    cr_expect_eq(last, 70009);
    cr_expect(setting_uids("1-1", &first, &last));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        cr_expect_not(setting_uids(bad[i], &first, &last), "%s", bad[i]);
    refuse(2, "[supervisor]\nuid_range = 0-5\n", "uid_range");
}

Test(config, a_cgroup_is_a_path_or_one_of_two_words)
{
    static const char *const good[] = {"auto", "off", "/sys/fs/cgroup/a b"};
    static const char *const bad[] = {"Auto", "on", "sys/fs", "no"};
    char text[64];

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct config config;

        snprintf(text, sizeof text, "[supervisor]\ncgroup = %s\n", good[i]);
        load(text, &config);
        cr_expect_str_eq(config.supervisor.cgroup, good[i]);
        config_fini(&config);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        snprintf(text, sizeof text, "[supervisor]\ncgroup = %s\n", bad[i]);
        refuse(2, text, "auto, off or an absolute path");
    }
    refuse(2, "[module kv]\nmodule_memory = 1K\n", "module_memory");
    refuse(2, "[module kv]\nmodule_processes = 1\n", "module_processes");
    refuse(2, "[module kv]\ncpu_weight = 10001\n", "cpu_weight");
}

/* ---- the whole ---- */

Test(config, an_unreadable_module_is_refused_at_its_section)
{
    refuse(2, "\n[module ghost]\n", "ghost");
    refuse(1, "[module kv]\npath = @/no/such.so\n", "no/such.so");
    if (geteuid() != 0) {
        touch("secret.so", 0000);
        refuse(1, "[module secret]\n", "secret");
    }
}

Test(config, a_command_is_a_program_and_what_it_is_told)
{
    const struct module_config *module;
    struct config config;
    char path[64];

    touch("run", 0700);
    load("[module a]\ncommand = @/run  -u x\nframing = length\n", &config);
    module = config_module(&config, "a");
    cr_assert_not_null(module);
    snprintf(path, sizeof path, "%s/run", dir);
    cr_expect_str_eq(module->settings.path, path);
    cr_expect_eq(strncmp(module->settings.command, path, strlen(path)), 0);
    cr_expect_not_null(strstr(module->settings.command, "  -u x"));
    cr_expect_eq(module->settings.framing, FRAMING_LENGTH);
    cr_expect_eq(config_module(&config, "kv")->settings.framing, FRAMING_LINE);
    config_fini(&config);
}

Test(config, a_command_that_cannot_be_run_is_refused_at_its_section)
{
    touch("run", 0700);
    touch("read", 0600);
    refuse(2, "\n[module a]\ncommand = @/no-such\n", "no-such: No such file");
    refuse(1, "[module a]\ncommand = @/read\n", "Permission denied");
    refuse(2, "[module a]\ncommand = run\n", "an absolute path, and words");
    refuse(1, "[module a]\ncommand = @/run\npath = @/kv.so\n",
           "it has a path and a command: one of them");
    refuse(1, "[module a]\ncommand = @/run\nmax_memory_recycle = 1G\n",
           "max_memory_recycle is not for a command");
    refuse(3, "[module a]\ncommand = @/run\nframing = json\n",
           "line or length");
    refuse(2, "[module a]\nthreads = 0\n", "1 to 100000");
}

Test(config, a_default_module_that_is_not_there_is_refused)
{
    refuse(0, "[supervisor]\ndefault_module = ghost\n", "ghost");
}

Test(config, a_worker_that_cannot_be_run_is_refused)
{
    refuse(0, "[supervisor]\nworker = @/nothing\n", "nothing");
    refuse(0, "[supervisor]\nworker = @/kv.so\n", "kv.so");
}

Test(config, a_file_that_cannot_be_read_is_refused)
{
    struct config config;
    char why[512] = "";

    cr_expect_eq(config_load("/nonexistent.conf", &places, &config, why,
                             sizeof why),
                 -1);
    cr_expect_not_null(strstr(why, "/nonexistent.conf"));
    cr_expect_eq(config_load(dir, &places, &config, why, sizeof why), -1);
    cr_expect_not_null(strstr(why, dir));
}

Test(config, a_line_too_long_for_the_parser_is_refused_and_not_cut)
{
    char text[2048];

    memset(text, 'x', sizeof text);
    memcpy(text, "[supervisor]\nmax_sessions = ", 28);
    text[sizeof text - 2] = '\n';
    text[sizeof text - 1] = '\0';
    refuse(2, text, "");
}

Test(config, the_most_modules_are_taken_and_one_more_is_not)
{
    static char text[CONFIG_MODULES_MAX * 64];
    struct config config;
    size_t len = 0;

    for (int i = 0; i < CONFIG_MODULES_MAX - 3; i++)
        len += (size_t)snprintf(text + len, sizeof text - len,
                                "[module m%d]\npath = @/kv.so\n", i);
    load(text, &config);
    cr_expect_eq(config.module_count, CONFIG_MODULES_MAX);
    config_fini(&config);
    snprintf(text + len, sizeof text - len, "[module more]\npath = @/kv.so\n");
    refuse(2 * (CONFIG_MODULES_MAX - 3) + 1, text, "more");
}

Test(config, every_prefix_of_a_file_is_read_or_refused_cleanly)
{
    static const char whole[] = "[supervisor]\nmax_sessions = 10\n; c\n"
                                "[module kv]\nmax_message = 1M\n";

    for (size_t len = 0; len < sizeof whole; len++) {
        char text[sizeof whole], why[512] = "";
        struct config config;

        memcpy(text, whole, len);
        text[len] = '\0';
        write_file(text);
        if (config_load(file, &places, &config, why, sizeof why) == 0)
            config_fini(&config);
        else
            cr_expect_not_null(strstr(why, file));
    }
}
