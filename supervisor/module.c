/* SPDX-License-Identifier: MIT */
/* One module: what it is, and what becomes of it.  Its template is
 * module_template.c's business, what a forked process says process.c's. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "logsink.h"
#include "module_own.h"

const char *module_name(const struct module *module)
{
    return module->config.name;
}

const struct module_settings *module_settings(const struct module *module)
{
    return &module->config.settings;
}

int module_check_cgroup(const struct module *module, char *out_text)
{
    return cgroup_check(module->table->cgroup, module_settings(module),
                        out_text);
}

pid_t module_template_pid(const struct module *module)
{
    return module->pid;
}

bool module_has_holder(const struct module *module, pid_t pid)
{
    return generation_list_holds(&module->generations, pid);
}

struct throttle *module_throttle(struct module *module)
{
    return &module->throttle;
}

void module_watch(struct module *module, struct process *process)
{
    watchdog_watch(&module->watchdog, process);
}

void module_unwatch(struct module *module, struct process *process)
{
    watchdog_leave(&module->watchdog, process);
}

struct generation *module_generation(const struct module *module)
{
    return module->generation;
}

unsigned module_sessions(const struct module *module)
{
    return module->sessions;
}

void module_count_session(struct module *module, int by)
{
    module->sessions += (unsigned)by;
    pool_stir(&module->pool);
    module_check_unused(module);
}

/* ---- its pool ---- */

struct process *module_offer_pooled(struct module *module, const char *id,
                                    int *out_listener_fd)
{
    module_renew_if_due(module); /* its pool goes with it */
    return module_template_due(module)
               ? NULL
               : pool_offer(&module->pool, id, out_listener_fd);
}

size_t module_pooled(const struct module *module)
{
    return pool_count(&module->pool);
}

bool module_give_back(struct module *module)
{
    return pool_give_back(&module->pool);
}

void module_close_pool(struct module *module)
{
    pool_close(&module->pool);
}

/* Of its own sessions' limit, and of what its template may fork, the sessions
 * that are started meanwhile have the last. */
bool module_may_pool(const struct module *module)
{
    const struct module_settings *settings = module_settings(module);
    size_t others = module->sessions + pool_count(&module->pool);

    return module->state == TEMPLATE_READY && !module_template_due(module) &&
           settings->template == SETTING_TEMPLATE_SHARED &&
           TAILQ_EMPTY(&module->waiting) &&
           (settings->template_forks == 0 ||
            module->forks + 1 < settings->template_forks) &&
           (settings->max_sessions == 0 || others < settings->max_sessions);
}

/* ---- retired ---- */

bool module_current(const struct module *module,
                    const struct module_config *config, const char *worker)
{
    struct stamp now;

    if (strcmp(module->worker, worker) != 0 ||
        !settings_equal(module_setting_rows, module_setting_count,
                        &module->config.settings, &config->settings))
        return false;
    if (module->state == TEMPLATE_ABSENT)
        return true;
    now = stamp_of(config->settings.path);
    return stamp_equal(&module->loaded, &now);
}

bool module_unused(const struct module *module)
{
    return module->on_unused && module->sessions == 0 &&
           module->state == TEMPLATE_ABSENT &&
           LIST_EMPTY(&module->generations);
}

/* Without sessions no request waits that could start the template again. */
void module_check_unused(struct module *module)
{
    if (!module->on_unused || module->sessions > 0)
        return;
    if (module_unused(module))
        module->on_unused(module->unused_context);
    else if (module->state != TEMPLATE_ABSENT)
        module_kill_template(module);
}

void module_retire(struct module *module, void (*on_unused)(void *context),
                   void *context)
{
    module->on_unused = on_unused;
    module->unused_context = context;
    pool_close(&module->pool);
    module_check_unused(module);
}

/* ---- the module ---- */

struct module *module_create(struct event_base *base,
                             struct process_table *table,
                             const struct runtime *runtime,
                             struct counters *counters,
                             struct module_config *config,
                             const struct supervisor_settings *supervisor)
{
    const struct module_settings *settings = &config->settings;
    struct module *module = calloc(1, sizeof *module);

    if (!module)
        return NULL;
    module->magic = MODULE_MAGIC;
    module->base = base;
    module->table = table;
    module->counters = counters;
    module->control_fd = module->pidfd = module->filters_fd = -1;
    LIST_INIT(&module->generations);
    evtimer_assign(&module->deadline, base, module_load_late, module);
    module_queue_init(module);
    pool_init(&module->pool, base, module, table, runtime,
              (size_t)settings->pool);
    module->uid = (struct uid_lease){SANDBOX_NO_UID, -1};
    module->worker = strdup(supervisor->worker);
    module->uid_range = strdup(supervisor->uid_range);
    module->config = *config;
    if (module->worker && module->uid_range)
        module->log = module_open_sink(module, runtime);
    if (!module->log) {
        free(module->worker);
        free(module->uid_range);
        free(module);
        return NULL;
    }
    throttle_init(&module->throttle, (int64_t)settings->restart_delay,
                  (int64_t)settings->max_restart_delay);
    watchdog_init(&module->watchdog, base, (int64_t)settings->call_limit,
                  settings->call_limit_ends == SETTING_ENDING_ABORT);
    *config = (struct module_config){0}; /* taken */
    return module;
}

void module_destroy(struct module *module)
{
    if (!module)
        return;
    module_report_strangers(module);
    pool_fini(&module->pool);
    if (module->pidfd >= 0) {
        siginfo_t info;

        pidfd_send_signal(module->pidfd, SIGKILL, NULL, 0);
        while (waitid(P_PIDFD, (id_t)module->pidfd, &info, WEXITED) < 0 &&
               errno == EINTR)
            continue;
        module_forget_template(module);
    }
    generation_list_abandon(&module->generations);
    cgroup_leaf_destroy(module->leaf);
    watchdog_fini(&module->watchdog);
    logsink_destroy(module->log);
    settings_fini(module_setting_rows, module_setting_count,
                  &module->config.settings);
    uid_lease_give(&module->uid);
    if (module->filters_fd >= 0)
        close(module->filters_fd);
    free(module->worker);
    free(module->uid_range);
    module->magic = 0;
    free(module);
}
