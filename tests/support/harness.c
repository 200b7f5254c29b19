/* SPDX-License-Identifier: MIT */
/* Starts and ends spd for a test.  Running programs, waiting and the list of
 * what may be left over are support/program, wait and leftovers. */
#define _GNU_SOURCE
#include "harness.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/leftovers.h"
#include "support/program.h"
#include "support/wait.h"

struct harness {
    struct program spd;          /* while running */
    bool running;
    int life; /* writing end of the pipe that spd lives by; -1 */
    char dir[LEFTOVERS_DIRECTORY_SIZE];
    char runtime_dir[RUNDIR_MAX + 1];
    char config[64];           /* its file; "" without one */
    const char *const *before; /* borrowed; harness_start_under() */
    struct harness *next; /* harnesses */
};

/* Those that run: ended at exit, should the test have failed. */
static struct harness *harnesses;
/* Noted when the first of them started, checked when the last has stopped. */
static struct leftovers *leftovers;

/* A build with sanitizers cannot be confined: its modules are told so. */
#ifdef SP_TEST_SANDBOX
#define HARNESS_SANDBOX SP_TEST_SANDBOX
#else
#define HARNESS_SANDBOX NULL
#endif

/* ---- programs ---- */

static const char *from_env(const char *name, const char *built)
{
    const char *given = getenv(name);

    return given && *given ? given : built;
}

const char *harness_spd_program(void)
{
    return from_env("SP_TEST_SPD", SP_TEST_SPD);
}

const char *harness_spctl_program(void)
{
    return from_env("SP_TEST_SPCTL", SP_TEST_SPCTL);
}

const char *harness_probe_module(void)
{
    return from_env("SP_TEST_PROBE", SP_TEST_PROBE);
}

/* ---- paths and files ---- */

pid_t harness_spd(const struct harness *harness)
{
    return harness->running ? harness->spd.pid : 0;
}

const char *harness_dir(const struct harness *harness)
{
    return harness->dir;
}

const char *harness_runtime_dir(const struct harness *harness)
{
    return harness->runtime_dir;
}

void harness_control_path(const struct harness *harness,
                          char out[RUNDIR_PATH_SIZE])
{
    rundir_control_path(harness->runtime_dir, out);
}

void harness_session_path(const struct harness *harness, const char *id,
                          char out[RUNDIR_PATH_SIZE])
{
    rundir_session_path(harness->runtime_dir, id, out);
}

static void path_in(const struct harness *harness, const char *name,
                    char out[64])
{
    snprintf(out, 64, "%s/%s", harness->dir, name);
}

/* The text with each @PROBE@ replaced. */
static void put_text(FILE *file, const char *text, size_t size)
{
    static const char mark[] = "@PROBE@";
    const char *end = text + size, *found;

    while ((found = memmem(text, (size_t)(end - text), mark, strlen(mark)))) {
        fprintf(file, "%.*s%s", (int)(found - text), text,
                harness_probe_module());
        text = found + strlen(mark);
    }
    fwrite(text, 1, (size_t)(end - text), file);
}

/* To the end of a section that begins here. */
static size_t section_size(const char *section)
{
    const char *next = strstr(section, "\n[");

    return next ? (size_t)(next + 1 - section) : strlen(section);
}

static void put_default(FILE *file, const char *section, size_t size,
                        const char *name, const char *value)
{
    char given[32];

    snprintf(given, sizeof given, "\n%s =", name);
    if (value && !memmem(section, size, given, strlen(given)))
        fprintf(file, "\n%s = %s\n", name, value);
}

/* What a module gets that does not say: how it is confined in this build, if it
 * cannot be, and the pool that the environment asks for. */
static void put_defaults(FILE *file, const char *section, size_t size)
{
    put_default(file, section, size, "sandbox", HARNESS_SANDBOX);
    put_default(file, section, size, "pool", getenv("SP_TEST_POOL"));
}

static bool has_defaults(void)
{
    return HARNESS_SANDBOX || getenv("SP_TEST_POOL");
}

static void put_sections(FILE *file, const char *config)
{
    static const char *const shipped[] = {"counter", "echo", "kv"};
    size_t size;

    for (const char *at = config; *at; at += size) {
        size = section_size(at);
        put_text(file, at, size);
        if (strncmp(at, "[module ", 8) == 0)
            put_defaults(file, at, size);
    }
    for (size_t i = 0; has_defaults() && i < sizeof shipped / sizeof shipped[0];
         i++) {
        char header[32];

        snprintf(header, sizeof header, "[module %s]\n", shipped[i]);
        if (strstr(config, header))
            continue;
        fprintf(file, "\n%s", header);
        put_defaults(file, "", 0);
    }
}

const char *harness_default_config(const char *dir)
{
    static char path[64];
    FILE *file;

    if (!has_defaults())
        return NULL;
    snprintf(path, sizeof path, "%s/default.conf", dir);
    file = fopen(path, "we");
    cr_assert_not_null(file);
    put_sections(file, "");
    fclose(file);
    return path;
}

/* A spd that reads it meanwhile reads the old file or the new one. */
static void write_config(struct harness *harness, const char *config,
                         void (*put)(FILE *file, const char *config))
{
    char fresh[64];
    FILE *file;

    path_in(harness, "spd.conf", harness->config);
    path_in(harness, "spd.conf.new", fresh);
    file = fopen(fresh, "we");
    cr_assert_not_null(file, "%s: %s", fresh, strerror(errno));
    put(file, config);
    fclose(file);
    cr_assert_eq(rename(fresh, harness->config), 0);
}

static void put_as_it_is(FILE *file, const char *config)
{
    put_text(file, config, strlen(config));
}

void harness_configure_as_is(struct harness *harness, const char *config)
{
    cr_assert(harness->config[0], "it was started without one");
    write_config(harness, config, put_as_it_is);
}

void harness_configure(struct harness *harness, const char *config)
{
    cr_assert(harness->config[0], "it was started without one");
    write_config(harness, config, put_sections);
}

/* ---- log ---- */

char *harness_log(const struct harness *harness)
{
    char path[64], *text = NULL;
    size_t size = 0;
    FILE *file;

    path_in(harness, "log", path);
    file = fopen(path, "re");
    if (!file || getdelim(&text, &size, '\0', file) < 0) {
        free(text);
        text = strdup("");
    }
    if (file)
        fclose(file);
    cr_assert_not_null(text);
    return text;
}

struct log_search {
    const struct harness *harness;
    const char *text;
};

static bool log_holds(void *context)
{
    const struct log_search *search = context;
    char *log = harness_log(search->harness);
    bool found = strstr(log, search->text) != NULL;

    free(log);
    return found;
}

bool harness_wait_log(const struct harness *harness, const char *text,
                      int timeout_ms)
{
    struct log_search search = {harness, text};

    return wait_for(log_holds, &search, timeout_ms);
}

static void show_log(const struct harness *harness)
{
    char *log = harness_log(harness);

    fprintf(stderr, "---- log of spd in %s ----\n%s----\n", harness->dir, log);
    free(log);
}

/* ---- spd ---- */

static void await_ready(int ready)
{
    char newline = 0;
    bool said = wait_readable(ready, WAIT_MS) &&
                read(ready, &newline, 1) == 1 && newline == '\n';

    close(ready);
    cr_assert(said, "spd did not become ready");
}

#define BEFORE_MAX 8

void harness_start_spd(struct harness *harness)
{
    const char *spd[] = {harness_spd_program(), "--runtime-dir",
                         harness->runtime_dir,  "--ready-fd",
                         "3",                   "--life-fd",
                         "4",                   harness->config[0] ? "--config"
                                                                   : NULL,
                         harness->config,       NULL};
    const char *argv[BEFORE_MAX + sizeof spd / sizeof spd[0]] = {NULL};
    size_t before = 0;
    int ready[2], life[2];
    char log[64];

    cr_assert(!harness->running);
    for (; harness->before && harness->before[before]; before++) {
        cr_assert_lt(before, BEFORE_MAX);
        argv[before] = harness->before[before];
    }
    memcpy(argv + before, spd, sizeof spd);
    path_in(harness, "log", log);
    cr_assert(pipe2(ready, O_CLOEXEC) == 0 && pipe2(life, O_CLOEXEC) == 0);
    program_start(&(struct program_options){.argv = argv,
                                            .fds = (int[]){ready[1], life[0]},
                                            .fd_count = 2,
                                            .log = log},
                  &harness->spd);
    harness->running = true;
    harness->life = life[1];
    close(ready[1]);
    close(life[0]);
    await_ready(ready[0]);
}

static int end_spd(struct harness *harness, int signal)
{
    int status;

    if (signal)
        kill(harness->spd.pid, signal);
    status = program_wait(&harness->spd, WAIT_MS);
    program_fini(&harness->spd);
    harness->running = false;
    if (harness->life >= 0)
        close(harness->life);
    harness->life = -1;
    return status;
}

void harness_kill_spd(struct harness *harness)
{
    cr_assert_eq(end_spd(harness, SIGKILL), 128 + SIGKILL);
    leftovers_reap_orphans(WAIT_MS);
}

void harness_end_life(struct harness *harness)
{
    int status;

    close(harness->life);
    harness->life = -1;
    status = end_spd(harness, 0);
    cr_assert_eq(status, 0, "spd ended with %d at the end of its life pipe",
                 status);
}

void harness_expect_end(struct harness *harness, int status)
{
    int ended = end_spd(harness, 0);

    cr_assert_eq(ended, status, "spd ended with %d", ended);
}

/* ---- start and stop ---- */

/* Ends spd by its life pipe, or else by force, and tells how it ended. */
static void abandon_spd(struct harness *harness)
{
    int status;

    close(harness->life);
    if (!wait_exit(harness->spd.pidfd, WAIT_MS))
        kill(harness->spd.pid, SIGKILL);
    if (waitpid(harness->spd.pid, &status, 0) == harness->spd.pid)
        fprintf(stderr, "spd ended by %s %d\n",
                WIFSIGNALED(status) ? "signal" : "exit status",
                WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
}

/* At exit, after a test that did not come to harness_stop(). */
static void abandon_all(void)
{
    for (struct harness *harness = harnesses; harness;
         harness = harness->next) {
        if (harness->running)
            abandon_spd(harness);
        show_log(harness);
    }
}

static void harnesses_remove(const struct harness *harness)
{
    struct harness **link = &harnesses;

    while (*link != harness)
        link = &(*link)->next;
    *link = harness->next;
}

struct harness *harness_start_under(const char *config,
                                    const char *const before[])
{
    static bool registered;
    struct harness *harness = calloc(1, sizeof *harness);

    cr_assert_not_null(harness);
    if (!harnesses)
        leftovers = leftovers_note();
    harness->life = -1;
    leftovers_directory(harness->dir);
    /* modules in it are loaded as another user */
    cr_assert_eq(chmod(harness->dir, 0711), 0);
    snprintf(harness->runtime_dir, sizeof harness->runtime_dir, "%s/run",
             harness->dir);
    if (!registered)
        atexit(abandon_all);
    registered = true;
    harness->next = harnesses;
    harnesses = harness;
    harness->before = before;
    if (config || has_defaults())
        write_config(harness, config ? config : "", put_sections);
    harness_start_spd(harness);
    return harness;
}

struct harness *harness_start(const char *config)
{
    return harness_start_under(config, NULL);
}

void harness_stop(struct harness *harness)
{
    int status;

    if (harness->running) {
        status = end_spd(harness, SIGTERM);
        cr_assert_eq(status, 0, "spd ended with %d", status);
    }
    leftovers_check_empty(harness->runtime_dir);
    harnesses_remove(harness);
    leftovers_remove(harness->dir);
    free(harness);
    if (!harnesses)
        leftovers_check(leftovers);
}
