/* SPDX-License-Identifier: MIT */
/* One run of sp-worker --probe for all who ask at that time.  All that it
 * prints fits the pipe: it is read once it has ended, and one that prints more
 * is late.  What it says in JSON is doctor_answer.c. */
#define _GNU_SOURCE
#include "doctor.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <libgen.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/resource.h>
#include <sys/statfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/rundir.h"
#include "base/text.h"
#include "cgroup.h"
#include "settings.h"
#include "spawn.h"

#define DEADLINE_S 10
#define ASKS_MAX 1024
/* Of all lines: well below what a pipe holds. */
#define OUTPUT_MAX ((size_t)PRIMITIVES * PRIMITIVE_LINE_SIZE)
/* A session's descriptors in spd, and spd's own. */
#define FILES_A_SESSION 2
#define FILES_OF_SPD 128

struct doctor_ask {
    doctor_told *told;
    void *context; /* borrowed */
    TAILQ_ENTRY(doctor_ask) link;
};

/* ---- what spd alone knows ---- */

static void look_at_descriptors(const struct doctor *doctor,
                                struct primitive_finding *finding)
{
    uint64_t wanted =
        doctor->settings->max_sessions * FILES_A_SESSION + FILES_OF_SPD;
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return;
    finding->state =
        limit.rlim_max >= wanted ? PRIMITIVE_PRESENT : PRIMITIVE_ABSENT;
    snprintf(finding->detail, sizeof finding->detail,
             "%llu, max_sessions = %llu wants %llu",
             (unsigned long long)limit.rlim_max,
             (unsigned long long)doctor->settings->max_sessions,
             (unsigned long long)wanted);
}

/* One that is not there yet is going to be where its parent is. */
static int look_around(const char *runtime_dir, struct statfs *out_about)
{
    char parent[RUNDIR_MAX + 1];

    if (statfs(runtime_dir, out_about) == 0)
        return 0;
    if (errno != ENOENT)
        return -1;
    snprintf(parent, sizeof parent, "%s", runtime_dir);
    return statfs(dirname(parent), out_about);
}

static void look_at_directory(const struct doctor *doctor,
                              struct primitive_finding *finding)
{
    struct statfs about;

    if (look_around(doctor->runtime_dir, &about) < 0) {
        snprintf(finding->detail, sizeof finding->detail, "%.33s: %s",
                 doctor->runtime_dir, strerrordesc_np(errno));
        return;
    }
    finding->state = about.f_type == TMPFS_MAGIC ? PRIMITIVE_PRESENT
                                                 : PRIMITIVE_ABSENT;
    snprintf(finding->detail, sizeof finding->detail, "%.33s",
             doctor->runtime_dir);
}

static void look_at(struct primitive_finding *finding, bool there,
                    const char *detail)
{
    finding->state = there ? PRIMITIVE_PRESENT : PRIMITIVE_ABSENT;
    snprintf(finding->detail, sizeof finding->detail, "%s", detail);
}

static void look_at_cgroup(const struct doctor *doctor,
                           struct primitive_finding *findings)
{
    const struct cgroup *cgroup = doctor->cgroup;
    char text[CGROUP_TEXT_SIZE], detail[PRIMITIVE_DETAIL_MAX + 1];

    cgroup_describe(cgroup, text);
    text_printable(detail, sizeof detail, text, strlen(text));
    look_at(&findings[PRIMITIVE_CGROUP], cgroup_found(cgroup), detail);
    look_at(&findings[PRIMITIVE_CGROUP_MEMORY],
            cgroup_has_controller(cgroup, "memory"), "");
    look_at(&findings[PRIMITIVE_CGROUP_PIDS],
            cgroup_has_controller(cgroup, "pids"), "");
    look_at(&findings[PRIMITIVE_CGROUP_CPU],
            cgroup_has_controller(cgroup, "cpu"), "");
    look_at(&findings[PRIMITIVE_CGROUP_KILL],
            cgroup_has_file(cgroup, "cgroup.kill"), "");
}

/* ---- answers ---- */

static void tell_all(struct doctor *doctor,
                     const struct primitive_report *report, const char *text)
{
    struct doctor_ask *ask;

    while ((ask = TAILQ_FIRST(&doctor->asks))) {
        TAILQ_REMOVE(&doctor->asks, ask, link);
        doctor->count--;
        ask->told(ask->context, report, text);
        free(ask);
    }
}

/* What the pipe holds; it cannot wait. */
static size_t read_output(int fd, char text[OUTPUT_MAX])
{
    size_t size = 0;
    ssize_t got;

    while (size < OUTPUT_MAX &&
           (got = read(fd, text + size, OUTPUT_MAX - size)) > 0)
        size += (size_t)got;
    return size;
}

/* Also over a part: the rest is unknown then. */
static void take_report(struct doctor *doctor)
{
    struct primitive_report report = {0};
    char text[OUTPUT_MAX];
    size_t size = read_output(doctor->out_fd, text);

    if (!primitive_parse(text, size, &report)) {
        tell_all(doctor, NULL, "sp-worker --probe: it prints nonsense");
        return;
    }
    look_at_descriptors(doctor, &report.findings[PRIMITIVE_DESCRIPTORS]);
    look_at_directory(doctor, &report.findings[PRIMITIVE_MEMORY_DIRECTORY]);
    look_at_cgroup(doctor, report.findings);
    tell_all(doctor, &report, "");
}

/* ---- the program ---- */

static void forget(struct doctor *doctor)
{
    event_del(&doctor->exit);
    event_del(&doctor->deadline);
    close(doctor->pidfd);
    close(doctor->out_fd);
    doctor->pidfd = doctor->out_fd = -1;
    doctor->pid = 0;
}

static void on_exit_of_it(evutil_socket_t fd, short what, void *arg)
{
    struct doctor *doctor = arg;
    siginfo_t info = {0};
    char text[64];

    (void)what;
    if (waitid(P_PIDFD, (id_t)fd, &info, WEXITED | WNOHANG) == 0 &&
        info.si_pid == 0)
        return;
    if (info.si_code == CLD_EXITED && info.si_status == 0) {
        take_report(doctor);
    } else {
        snprintf(text, sizeof text, "sp-worker --probe: %s %d",
                 info.si_code == CLD_EXITED ? "exit status" : "signal",
                 info.si_status);
        tell_all(doctor, NULL,
                 doctor->late ? "sp-worker --probe: not ready in time" : text);
    }
    forget(doctor);
}

static void on_deadline(evutil_socket_t fd, short what, void *arg)
{
    struct doctor *doctor = arg;

    (void)fd;
    (void)what;
    doctor->late = true;
    pidfd_send_signal(doctor->pidfd, SIGKILL, NULL, 0);
}

/* In the child: only async-signal-safe calls. */
static _Noreturn void run(const char *worker, char *const argv[], int out)
{
    static char *const no_environment[] = {NULL};

    spawn_reset_signals();
    if (dup2(out, STDOUT_FILENO) == STDOUT_FILENO &&
        close_range(STDERR_FILENO + 1, ~0U, 0) == 0)
        execve(worker, argv, no_environment);
    _exit(127);
}

/* As a module's template: of root the last uid of the range, which is likely to
 * be nobody's. */
static pid_t spawn(const struct doctor *doctor, int out)
{
    char uid[16] = "";
    char *argv[] = {"sp-worker", "--probe", NULL, NULL};
    uid_t first, last;
    pid_t pid;

    if (geteuid() == 0 &&
        setting_uids(doctor->settings->uid_range, &first, &last)) {
        snprintf(uid, sizeof uid, "%u", last);
        argv[2] = uid;
    }
    pid = fork();
    if (pid == 0)
        run(doctor->settings->worker, argv, out);
    return pid;
}

static int begin(struct doctor *doctor)
{
    static const struct timeval deadline = {DEADLINE_S, 0};
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) < 0)
        return -1;
    doctor->out_fd = ends[0];
    doctor->pid = spawn(doctor, ends[1]);
    close(ends[1]);
    doctor->pidfd = doctor->pid > 0 ? pidfd_open(doctor->pid, 0) : -1;
    if (doctor->pidfd < 0) {
        close(doctor->out_fd);
        doctor->out_fd = -1;
        doctor->pid = 0; /* whoever runs there, the reaper finds */
        return -1;
    }
    doctor->late = false;
    fcntl(doctor->out_fd, F_SETFL, O_NONBLOCK);
    event_assign(&doctor->exit, doctor->base, doctor->pidfd,
                 EV_READ | EV_PERSIST, on_exit_of_it, doctor);
    event_add(&doctor->exit, NULL);
    evtimer_add(&doctor->deadline, &deadline);
    return 0;
}

void doctor_ask(struct doctor *doctor, doctor_told *told, void *context)
{
    struct doctor_ask *ask =
        doctor->count < ASKS_MAX ? malloc(sizeof *ask) : NULL;

    if (!ask) {
        told(context, NULL, "too many ask");
        return;
    }
    *ask = (struct doctor_ask){.told = told, .context = context};
    TAILQ_INSERT_TAIL(&doctor->asks, ask, link);
    doctor->count++;
    if (doctor->pid == 0 && begin(doctor) < 0)
        tell_all(doctor, NULL, "sp-worker --probe cannot be run");
}

bool doctor_runs(const struct doctor *doctor, pid_t pid)
{
    return pid > 0 && doctor->pid == pid;
}

/* ---- life ---- */

void doctor_init(struct doctor *doctor, struct event_base *base,
                 const struct supervisor_settings *settings,
                 const char *runtime_dir, const struct cgroup *cgroup)
{
    *doctor = (struct doctor){.base = base,
                              .settings = settings,
                              .runtime_dir = runtime_dir,
                              .cgroup = cgroup,
                              .pidfd = -1,
                              .out_fd = -1};
    TAILQ_INIT(&doctor->asks);
    evtimer_assign(&doctor->deadline, base, on_deadline, doctor);
}

void doctor_fini(struct doctor *doctor)
{
    siginfo_t info;

    if (doctor->pid > 0) {
        pidfd_send_signal(doctor->pidfd, SIGKILL, NULL, 0);
        waitid(P_PIDFD, (id_t)doctor->pidfd, &info, WEXITED);
        forget(doctor);
    }
    tell_all(doctor, NULL, "spd is ending");
}
