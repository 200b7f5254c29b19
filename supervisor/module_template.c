/* SPDX-License-Identifier: MIT */
/* The life of a module's template, from its start to its end; and what outlives
 * it.  How it is started is spawn.c's business, what it says
 * module_records.c's, and what it is asked for module_queue.c's. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/magic.h"
#include "counters.h"
#include "module_own.h"
#include "spawn.h"
#include "trust.h"
#include "worker_words.h"

/* Pages take no memory before they are used: as many as spd can have processes,
 * whatever its descriptors. */
#define SLOTS_A_TEMPLATE (1 << 18)

/* ---- its end ---- */

void module_end_template(struct module *module)
{
    if (module->pidfd < 0)
        return;
    pidfd_send_signal(module->pidfd, SIGKILL, NULL, 0);
    if (module->state == TEMPLATE_ENDING)
        return;
    module->state = TEMPLATE_ENDING;
    pool_drop(&module->pool);
    module_queue_close(module);
    event_del(&module->readable);
    event_del(&module->deadline);
}

void module_kill_template(struct module *module)
{
    bool ending = module->state == TEMPLATE_ENDING;

    if (module->pidfd < 0)
        return;
    module_end_template(module);
    if (!ending)
        module_fail_waiting(module, SP_ELOAD,
                            "the module's template was killed");
}

bool module_kill_silent(struct module *module, uint32_t template)
{
    if (module->pidfd < 0 || template != module->brood.number)
        return false;
    module_kill_template(module);
    return true;
}

static struct end reap_template(struct module *module)
{
    struct end end = {.kind = END_EXITED};
    siginfo_t info = {0};

    if (waitid(P_PIDFD, (id_t)module->pidfd, &info, WEXITED | WNOHANG) == 0 &&
        info.si_pid != 0) {
        end.code = info.si_status;
        if (info.si_code != CLD_EXITED)
            end.kind = END_SIGNALED;
        if (end.kind == END_SIGNALED && end.code == SIGSYS)
            end.limit = END_LIMIT_SANDBOX;
    }
    return end;
}

void module_forget_template(struct module *module)
{
    pool_drop(&module->pool);
    module_queue_close(module);
    event_del(&module->readable);
    event_del(&module->exited);
    event_del(&module->deadline);
    generation_release(module->generation); /* its sessions hold it, too */
    module->generation = NULL;
    close(module->control_fd);
    close(module->pidfd);
    module->control_fd = module->pidfd = -1;
    module->pid = 0;
    module_end_brood(module);
    module->state = TEMPLATE_ABSENT;
}

static void on_exited(evutil_socket_t fd, short what, void *arg)
{
    struct module *module = MAGIC_CAST(module, MODULE_MAGIC, arg);
    enum template_state state = module->state;
    char text[END_TEXT_MAX];
    char full[END_TEXT_MAX + 96];
    struct end end;

    (void)fd;
    (void)what;
    /* why it failed, or could not fork, may wait to be read */
    if (state == TEMPLATE_LOADING || state == TEMPLATE_READY)
        module_read_records(module->control_fd, EV_READ, module);
    state = module->state;
    module_drain_log(module);
    end = reap_template(module);
    if (end.limit != END_LIMIT_NONE) {
        end_violation(&end, text);
        module_accuse(module, end.limit, text);
    }
    module_forget_template(module);
    module->counters->templates_ended++;
    end_text(&end, text);
    snprintf(full, sizeof full, "module %s: its template ended: %s",
             module_name(module), text);
    if (state != TEMPLATE_ENDING)
        log_warn("%s", full);
    if (state == TEMPLATE_LOADING) /* the next one would do no better */
        module_fail_waiting(module, SP_ELOAD, full);
    module_orphan_inflight(module);
    if (!TAILQ_EMPTY(&module->waiting) && module->state == TEMPLATE_ABSENT &&
        module_spawn_template(module) < 0)
        module_fail_waiting(module, SP_ESYSTEM,
                            "its template cannot be started");
    module_check_unused(module);
}

/* A uid for the module, once.  -1 and errno; the log says why. */
static int take_uid(struct module *module)
{
    char text[160];

    if (module->uid.fd >= 0 ||
        uid_lease_take(module_settings(module), module->uid_range,
                       &module->uid, text, sizeof text) == 0)
        return 0;
    log_warn("module %s: refused: %s", module_name(module), text);
    errno = EUSERS;
    return -1;
}

/* ---- its cgroup ---- */

/* That of the module, once.  Without limits it is only of use to kill by: who
 * cannot have it does without. */
static int take_leaf(struct module *module)
{
    const struct module_settings *settings = module_settings(module);
    struct cgroup *cgroup = module->table->cgroup;
    char text[CGROUP_TEXT_SIZE];

    if (cgroup_check(cgroup, settings, text) < 0) {
        log_warn("module %s: refused: %s", module_name(module), text);
        errno = ENOTSUP;
        return -1;
    }
    if (!module->leaf)
        module->leaf = cgroup_leaf_create(cgroup, module_name(module),
                                          settings);
    if (module->leaf || errno == ENOTSUP)
        return 0;
    log_warn("module %s: no cgroup: %s", module_name(module),
             strerrordesc_np(errno));
    return cgroup_asked(settings) ? -1 : 0;
}

/* Before it is told what to load.  -1 and errno: it has to be in there. */
static int enter_leaf(struct module *module, pid_t pid)
{
    struct cgroup_leaf *leaf = cgroup_leaf_below(module->leaf);
    int saved;

    if (!module->leaf)
        return 0;
    if (leaf && cgroup_leaf_enter(leaf, pid) == 0) {
        generation_set_leaf(module->generation, leaf);
        return 0;
    }
    saved = errno;
    log_warn("module %s: its template is in no cgroup: %s",
             module_name(module), strerrordesc_np(saved));
    cgroup_leaf_destroy(leaf);
    errno = saved;
    return cgroup_asked(module_settings(module)) ? -1 : 0;
}

/* ---- what outlives it ---- */

/* Its sessions are ending with it, and it can fork no more. */
static void on_holder_ended(void *owner, const struct generation *generation,
                            pid_t holder)
{
    struct module *module = MAGIC_CAST(module, MODULE_MAGIC, owner);

    log_warn("module %s: the holder of a pid namespace (pid %d) has ended, and "
             "with it all sessions in it",
             module_name(module), (int)holder);
    if (generation == module->generation)
        module_end_template(module);
}

static void on_generation_end(void *owner)
{
    module_check_unused(MAGIC_CAST(module, MODULE_MAGIC, owner));
}

static const struct generation_events generation_events = {
    on_holder_ended, on_generation_end};

/* ---- its term ---- */

/* Sessions of one template have the same addresses: what one of them has told
 * by its crash is not to be of use in the next. */
bool module_template_due(const struct module *module)
{
    const struct module_settings *settings = module_settings(module);
    int64_t age_ms = clock_now_ms() - module->born_ms;

    return module->crashed ||
           (settings->template == SETTING_TEMPLATE_NONE && module->forks > 0) ||
           (settings->template_forks > 0 &&
            module->forks >= settings->template_forks) ||
           (settings->template_time > 0 &&
            age_ms >= (int64_t)settings->template_time);
}

void module_note_crash(struct module *module,
                       const struct generation *generation)
{
    /* a command's addresses are not its template's */
    if (!module_settings(module)->template_crash ||
        *module_settings(module)->command ||
        generation != module->generation || module->state != TEMPLATE_READY)
        return;
    module->crashed = true;
    module_renew_if_due(module);
}

/* ---- its start ---- */

/* Ends one that has been told nothing yet.  -1, and errno as it was. */
static int abandon(struct spawned *spawned)
{
    int saved = errno;
    siginfo_t info;

    pidfd_send_signal(spawned->pidfd, SIGKILL, NULL, 0);
    while (waitid(P_PIDFD, (id_t)spawned->pidfd, &info, WEXITED) < 0 &&
           errno == EINTR)
        continue;
    close(spawned->control_fd);
    close(spawned->pidfd);
    errno = saved;
    return -1;
}

/* It may have been replaced since the configuration was read. */
static int check_file(const struct module *module)
{
    char text[512];

    if (trust_check(module_settings(module)->path, text, sizeof text) == 0)
        return 0;
    log_warn("module %s: refused: %s", module_name(module), text);
    errno = EPERM;
    return -1;
}

/* What all templates of the module share. */
static int take_what_stays(struct module *module)
{
    if (check_file(module) < 0 || take_uid(module) < 0 || take_leaf(module) < 0)
        return -1;
    if (module->filters_fd >= 0 ||
        module_settings(module)->sandbox == SANDBOX_NONE)
        return 0;
    module->filters_fd = confine_filters();
    return module->filters_fd < 0 ? -1 : 0;
}

/* Runs sp-worker in its cgroup, before it is told what to load.  -1 and
 * errno. */
static int run_in_leaf(struct module *module, int log_fd,
                       struct spawned *out_spawned)
{
    struct spawn_fds fds = {.log = log_fd,
                            .slots = generation_slots_fd(module->generation),
                            .filters = module->filters_fd};

    struct worker_words words;
    int spawned;

    if (worker_words_init(&words, module_name(module),
                          module_settings(module)) < 0)
        return -1;
    spawned = spawn_worker(module->worker, words.argv, &fds, out_spawned);
    worker_words_fini(&words);
    if (spawned < 0)
        return -1;
    return enter_leaf(module, out_spawned->pid) < 0 ? abandon(out_spawned) : 0;
}

/* Runs sp-worker with what it inherits.  -1 and errno. */
static int run_worker(struct module *module, struct spawned *out_spawned)
{
    int log_fd = take_what_stays(module) < 0 ? -1 : module_open_log(module);
    int spawned = -1;

    if (log_fd < 0)
        return -1;
    module->generation =
        generation_create(module->base, SLOTS_A_TEMPLATE, &module->generations,
                          &generation_events, module);
    if (module->generation)
        spawned = run_in_leaf(module, log_fd, out_spawned);
    if (spawned < 0) {
        generation_release(module->generation);
        module->generation = NULL;
    } else {
        generation_inherited(module->generation);
    }
    close(log_fd);
    return spawned;
}

int module_spawn_template(struct module *module)
{
    uint64_t timeout = module_settings(module)->init_timeout;
    struct timeval delay = {(time_t)(timeout / 1000),
                            (suseconds_t)(timeout % 1000 * 1000)};
    struct spawned spawned;
    /* before it loads: a file that changes meanwhile then counts as changed */
    struct stamp stamp = stamp_of(module_settings(module)->path);

    if (run_worker(module, &spawned) < 0)
        return -1;
    /* should it have ended already, its exit says so */
    if (confine_order(module_settings(module), module->uid.uid,
                      spawned.control_fd) < 0)
        log_debug("module %s: its template takes no orders",
                  module_name(module));
    module->loaded = stamp;
    module->forks = 0;
    module->crashed = false;
    module->born_ms = clock_now_ms();
    module->pid = spawned.pid;
    module->pidfd = spawned.pidfd;
    module->control_fd = spawned.control_fd;
    module->state = TEMPLATE_LOADING;
    module->accused = false;
    module_begin_brood(module);
    module->counters->templates_started++;
    event_assign(&module->readable, module->base, module->control_fd,
                 EV_READ | EV_PERSIST, module_read_records,
                 module);
    module_queue_open(module);
    event_assign(&module->exited, module->base, module->pidfd, EV_READ,
                 on_exited, module);
    event_add(&module->readable, NULL);
    event_add(&module->exited, NULL);
    evtimer_add(&module->deadline, &delay);
    return 0;
}
