/* SPDX-License-Identifier: MIT */
/* One module: the life of its template, and what it says.  How a template is
 * started is spawn.c's business; what a forked process says, process.c's.  What
 * comes from the template is hostile. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fdpass.h"
#include "base/log.h"
#include "base/magic.h"
#include "base/text.h"
#include "counters.h"
#include "logsink.h"
#include "module_own.h"
#include "spawn.h"
#include "wire/template.h"

#define RECORDS_A_TURN 64
/* Pages take no memory before they are used: as many as spd can have processes,
 * whatever its descriptors. */
#define SLOTS_A_TEMPLATE (1 << 18)

static void check_unused(struct module *module);

const char *module_name(const struct module *module)
{
    return module->config.name;
}

const struct module_settings *module_settings(const struct module *module)
{
    return &module->config.settings;
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
    check_unused(module);
}

/* ---- what the template says ---- */

void module_end_template(struct module *module)
{
    if (module->pidfd < 0)
        return;
    pidfd_send_signal(module->pidfd, SIGKILL, NULL, 0);
    if (module->state == TEMPLATE_ENDING)
        return;
    module->state = TEMPLATE_ENDING;
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

/* Of what it sends on its control socket. */
static void violation(struct module *module, const char *what)
{
    module_violation(module, module->brood.number, what);
}

/* As the kernel counts; 0 if it cannot be read. */
static unsigned count_threads(pid_t pid)
{
    unsigned threads = 0;
    char line[256];
    char path[64];
    FILE *status;

    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    status = fopen(path, "re");
    if (!status)
        return 0;
    while (fgets(line, sizeof line, status))
        if (sscanf(line, "Threads: %u", &threads) == 1)
            break;
    fclose(status);
    return threads;
}

static void load_failed(struct module *module, const char *text)
{
    char full[SP_TEXT_MAX + 1];
    char printable[SP_TEXT_MAX + 1];

    text_printable(printable, sizeof printable, text, strlen(text));
    snprintf(full, sizeof full, "module %s: %.900s", module_name(module),
             printable);
    log_warn("%s", full);
    /* its own words come before the general ones of the kill */
    module_fail_waiting(module, SP_ELOAD, full);
    module_kill_template(module);
}

static bool is_strict(const struct module *module)
{
    return module_settings(module)->sandbox == SANDBOX_STRICT;
}

/* It comes before the module has been loaded: who sends it is our own code.
 * The kernel's stamp is its pid. */
static void take_holder(struct module *module, pid_t pid)
{
    if (!is_strict(module) || generation_has_holder(module->generation) ||
        !process_is_new_child(module->table, pid))
        violation(module, "a holder that is none");
    else if (generation_set_holder(module->generation, pid) < 0)
        load_failed(module, "the holder of its pid namespace cannot be "
                            "watched");
}

static void take_loaded(struct module *module)
{
    unsigned threads = count_threads(module->pid);

    if (is_strict(module) && !generation_has_holder(module->generation)) {
        violation(module, "\"loaded\" without a holder");
        return;
    }
    if (threads != 1) {
        char text[160];

        snprintf(text, sizeof text,
                 "refused: loading it started a thread (there are %u), and "
                 "threads do not survive a fork",
                 threads);
        load_failed(module, text);
        return;
    }
    event_del(&module->deadline);
    module->state = TEMPLATE_READY;
    log_debug("module %s: loaded (pid %d)", module_name(module),
              (int)module->pid);
    /* a constructor's children may live: no SIGCHLD tells of them */
    module->table->on_stray(module->table->context);
    module_pump(module);
}

/* A request that was given up meanwhile is known no more: its number must at
 * least be one that was sent. */
static void take_answer(struct module *module,
                        const struct template_record *record)
{
    struct module_request *request =
        module_find_inflight(module, record->serial);

    if (!request) {
        if (record->serial >= module->next_serial)
            violation(module, "an answer to nothing");
    } else if (record->type == TEMPLATE_FORKED) {
        module_answered(module, request);
        process_forked(request->process);
    } else {
        process_fork_failed(request->process, record->value);
    }
}

static void take_record(struct module *module,
                        const struct template_record *record, pid_t sender)
{
    bool loading = module->state == TEMPLATE_LOADING;

    if (record->type != TEMPLATE_HOLDER && sender != module->pid) {
        violation(module, "a record by another process");
        return;
    }
    switch ((enum template_message)record->type) {
    case TEMPLATE_HOLDER:
        if (loading)
            take_holder(module, sender);
        else
            violation(module, "a holder after \"loaded\"");
        return;
    case TEMPLATE_LOADED:
        if (loading)
            take_loaded(module);
        else
            violation(module, "\"loaded\" a second time");
        return;
    case TEMPLATE_FAILED:
        if (loading)
            load_failed(module, record->text);
        else
            violation(module, "\"failed\" after \"loaded\"");
        return;
    case TEMPLATE_FORKED:
    case TEMPLATE_FORK_FAILED:
        if (loading)
            violation(module, "an answer before \"loaded\"");
        else
            take_answer(module, record);
        return;
    }
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
    struct module *module = MAGIC_CAST(module, MODULE_MAGIC, arg);

    (void)what;
    for (int i = 0; i < RECORDS_A_TURN && (module->state == TEMPLATE_LOADING ||
                                           module->state == TEMPLATE_READY);
         i++) {
        struct template_record record;
        pid_t sender;
        ssize_t got = fdpass_recv_stamped(fd, &record, sizeof record, &sender);

        if (got < 0 && errno == EAGAIN)
            return;
        if (got == 0 || (got < 0 && errno != EPROTO)) {
            event_del(&module->readable); /* its exit is coming */
            return;
        }
        if (got > 0 && template_record_valid(&record, (size_t)got))
            take_record(module, &record, sender);
        else
            violation(module, "a malformed record");
    }
}

static void on_load_deadline(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    load_failed(MAGIC_CAST(module, MODULE_MAGIC, arg),
                "it did not load within init_timeout");
}

/* ---- the template's life ---- */

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

static void forget_template(struct module *module)
{
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
        on_readable(module->control_fd, EV_READ, module);
    state = module->state;
    module_drain_log(module);
    end = reap_template(module);
    if (end.limit != END_LIMIT_NONE) {
        end_violation(&end, text);
        module_accuse(module, end.limit, text);
    }
    forget_template(module);
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
    check_unused(module);
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
    check_unused(MAGIC_CAST(module, MODULE_MAGIC, owner));
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
    if (!module_settings(module)->template_crash ||
        generation != module->generation || module->state != TEMPLATE_READY)
        return;
    module->crashed = true;
    module_renew_if_due(module);
}

/* ---- its start ---- */

/* Runs sp-worker with what it inherits.  -1 and errno. */
static int run_worker(struct module *module, struct spawned *out_spawned)
{
    int log_fd = take_uid(module) < 0 ? -1 : module_open_log(module);
    int spawned = -1;

    if (log_fd < 0)
        return -1;
    module->generation =
        generation_create(module->base, SLOTS_A_TEMPLATE, &module->generations,
                          &generation_events, module);
    if (module->generation)
        spawned = spawn_worker(module->worker, module_name(module),
                               module_settings(module)->path, log_fd,
                               generation_slots_fd(module->generation),
                               out_spawned);
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
                 EV_READ | EV_PERSIST, on_readable, module);
    module_queue_open(module);
    event_assign(&module->exited, module->base, module->pidfd, EV_READ,
                 on_exited, module);
    event_add(&module->readable, NULL);
    event_add(&module->exited, NULL);
    evtimer_add(&module->deadline, &delay);
    return 0;
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
static void check_unused(struct module *module)
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
    check_unused(module);
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
    module->control_fd = module->pidfd = -1;
    LIST_INIT(&module->generations);
    evtimer_assign(&module->deadline, base, on_load_deadline, module);
    module_queue_init(module);
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
    if (module->pidfd >= 0) {
        siginfo_t info;

        pidfd_send_signal(module->pidfd, SIGKILL, NULL, 0);
        waitid(P_PIDFD, (id_t)module->pidfd, &info, WEXITED);
        forget_template(module);
    }
    generation_list_abandon(&module->generations);
    watchdog_fini(&module->watchdog);
    logsink_destroy(module->log);
    settings_fini(module_setting_rows, module_setting_count,
                  &module->config.settings);
    uid_lease_give(&module->uid);
    free(module->worker);
    free(module->uid_range);
    module->magic = 0;
    free(module);
}
