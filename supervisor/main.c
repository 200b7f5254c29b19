/* SPDX-License-Identifier: MIT */
/* spd: options, configuration, supervisor, in this order. */
#define _GNU_SOURCE
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sp/version.h>

#include "base/log.h"
#include "cgroup.h"
#include "config.h"
#include "doctor.h"
#include "options.h"
#include "supervisor.h"

/* Whatever spd was started with: 0, 1 and 2 are open, no signal is blocked or
 * ignored by inheritance, and files are private. */
static void settle_process(void)
{
    sigset_t none;
    int fd;

    do
        fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    while (fd >= 0 && fd <= STDERR_FILENO && fcntl(fd, F_SETFD, 0) == 0);
    if (fd >= 0)
        close(fd);
    signal(SIGCHLD, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    umask(077);
    /* else any process of its user could take its memory and descriptors */
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    /* what a session leaves behind is spd's to end and to reap */
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

/* The programs and modules that came with this spd, beside it:
 * PREFIX/bin/spd, PREFIX/SP_PRIVATE_DIR/sp-worker. */
struct installation {
    char module_dir[PATH_MAX];
    char worker[PATH_MAX];
};

static int find_installation(struct installation *out_installation)
{
    char self[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);
    char *prefix;

    if (len < 0)
        return -1;
    self[len] = '\0';
    prefix = dirname(dirname(self));
    if (snprintf(out_installation->module_dir, PATH_MAX,
                 "%s/" SP_PRIVATE_DIR "/modules", prefix) >= PATH_MAX ||
        snprintf(out_installation->worker, PATH_MAX,
                 "%s/" SP_PRIVATE_DIR "/sp-worker", prefix) >= PATH_MAX) {
        errno = ENAMETOOLONG;
        return -1;
    }
    return 0;
}

static int load_config(const struct config_source *source,
                       struct config *out_config)
{
    char text[1024];

    if (config_load(source->file, &source->places, out_config, text,
                    sizeof text) < 0) {
        log_error("%s", text);
        return -1;
    }
    return 0;
}

/* The descriptor has done its work once the newline is written. */
static void say_ready(int fd)
{
    if (fd < 0)
        return;
    if (write(fd, "\n", 1) != 1)
        log_warn("--ready-fd: %s", strerrordesc_np(errno));
    close(fd);
}

static int serve(const struct options *options,
                 const struct config_source *source, struct config *config)
{
    struct supervisor_options opening = {.runtime_dir = options->runtime_dir,
                                         .life_fd = options->life_fd,
                                         .source = *source};
    bool in_order;
    struct supervisor supervisor;
    char text[1024];

    if (supervisor_open(&supervisor, config, &opening, text, sizeof text) < 0) {
        log_error("%s", text);
        supervisor_close(&supervisor);
        return SPD_EXIT_FAILED;
    }
    log_info("spd %s (pid %d): ready in %s", SP_VERSION, (int)getpid(),
             supervisor.runtime.dir);
    say_ready(options->ready_fd);
    in_order = supervisor_run(&supervisor);
    supervisor_close(&supervisor);
    log_info("stopped");
    return in_order ? SPD_EXIT_OK : SPD_EXIT_LOST;
}

static void told(void *context, const struct primitive_report *report,
                 const char *text)
{
    json_t **out_answer = context;

    if (report)
        *out_answer = doctor_answer(report);
    else
        log_error("%s", text);
}

/* Where spd need not run, nor could. */
static int examine(const struct options *options, struct config *config)
{
    char runtime_dir[RUNDIR_MAX + 1];
    struct cgroup *cgroup = cgroup_look(config->supervisor.cgroup);
    struct event_base *base = event_base_new();
    struct doctor doctor;
    json_t *object = NULL;
    int status = SPD_EXIT_FAILED;

    if (base && cgroup &&
        rundir_resolve(options->runtime_dir, runtime_dir) == RUNDIR_OK) {
        doctor_init(&doctor, base, &config->supervisor, runtime_dir, cgroup);
        doctor_ask(&doctor, told, &object);
        event_base_dispatch(base);
        doctor_fini(&doctor);
    }
    if (object && json_dumpf(object, stdout, JSON_COMPACT) == 0 &&
        putchar('\n') == '\n' && fflush(stdout) == 0)
        status = SPD_EXIT_OK;
    json_decref(object);
    if (base)
        event_base_free(base);
    cgroup_close(cgroup);
    config_fini(config);
    return status;
}

int main(int argc, char **argv)
{
    struct installation installation;
    struct config_source source = {
        .places = {installation.module_dir, installation.worker}};
    struct options options;
    struct config config;
    char text[256];

    settle_process();
    log_init("spd", LOG_LEVEL_INFO);
    if (options_parse(argc, argv, &options, text, sizeof text) < 0) {
        log_error("%s; see spd --help", text);
        return SPD_EXIT_USAGE;
    }
    if (options.help) {
        options_print_help(stdout);
        return fflush(stdout) == 0 ? SPD_EXIT_OK : SPD_EXIT_FAILED;
    }
    if (options.version) {
        puts("spd " SP_VERSION);
        return SPD_EXIT_OK;
    }
    if (find_installation(&installation) < 0) {
        log_error("/proc/self/exe: %s", strerrordesc_np(errno));
        return SPD_EXIT_FAILED;
    }
    source.file = options.config;
    if (load_config(&source, &config) < 0)
        return SPD_EXIT_USAGE;
    log_init("spd", (enum log_level)config.supervisor.log_level);
    if (options.check_config) {
        puts("the configuration is good");
        config_fini(&config);
        return SPD_EXIT_OK;
    }
    if (options.doctor)
        return examine(&options, &config);
    return serve(&options, &source, &config);
}
