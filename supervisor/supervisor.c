/* SPDX-License-Identifier: MIT */
/* Opens, runs and closes what makes up spd; stops it in order:
 *
 *   no more starts -> every session is asked to end -> the last one is gone
 *   -> the last answers are written -> templates, sockets, directory
 *
 * A second request to stop kills what is left. */
#define _GNU_SOURCE
#include "supervisor.h"

#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "cgroup.h"
#include "control.h"
#include "describe.h"
#include "reaper.h"
#include "reload.h"

/* The last answers have half a second to be written. */
#define LEAVE_LOOKS 10
#define LEAVE_LOOK_MS 50

struct module *supervisor_module(const struct supervisor *supervisor,
                                 const char *name)
{
    if (!*name)
        name = supervisor->config.supervisor.default_module;
    return catalog_find(&supervisor->catalog, name);
}

static bool is_template(void *context, pid_t pid)
{
    const struct supervisor *supervisor = context;

    return catalog_has_template(&supervisor->catalog, pid) ||
           (supervisor->control &&
            control_has_child(supervisor->control, pid));
}

static bool may_pool(void *context)
{
    const struct supervisor *supervisor = context;

    return !supervisor->stopping &&
           supervisor->registry.count + catalog_pooled(&supervisor->catalog) <
               supervisor->config.supervisor.max_sessions;
}

static bool give_back(void *context)
{
    const struct supervisor *supervisor = context;

    return catalog_give_back(&supervisor->catalog);
}

static void on_stray(void *context)
{
    const struct supervisor *supervisor = context;

    reaper_look(supervisor->reaper);
}

static void on_violation(void *context, const char *module, pid_t pid,
                         enum end_limit kind, const char *text)
{
    struct supervisor *supervisor = context;

    events_emit(&supervisor->events,
                &(struct lifecycle_event){.kind = EVENT_VIOLATION,
                                          .id = "",
                                          .module = module,
                                          .pid = pid,
                                          .text = text,
                                          .violation = end_limit_name(kind)});
}

void supervisor_apply_settings(struct supervisor *supervisor)
{
    const struct supervisor_settings *settings =
        &supervisor->config.supervisor;

    log_init("spd", (enum log_level)settings->log_level);
    tombstones_limit(&supervisor->tombstones, (size_t)settings->tombstones,
                     (int64_t)settings->tombstone_time);
    users_limits(&supervisor->users, settings->max_sessions_uid,
                 settings->start_rate);
    events_limit(&supervisor->events, (size_t)settings->events);
}

/* ---- stopping ---- */

static void leave_soon(struct supervisor *supervisor)
{
    static const struct timeval at_once = {0, 0};

    if (!evtimer_pending(supervisor->leave, NULL))
        evtimer_add(supervisor->leave, &at_once);
}

static void on_leave(evutil_socket_t fd, short what, void *arg)
{
    static const struct timeval look_again = {0, LEAVE_LOOK_MS * 1000};
    struct supervisor *supervisor = arg;

    (void)fd;
    (void)what;
    if (control_flushed(supervisor->control) ||
        ++supervisor->leave_looks > LEAVE_LOOKS)
        event_base_loopbreak(supervisor->base);
    else
        evtimer_add(supervisor->leave, &look_again);
}

/* ---- what sessions tell ---- */

static void publish(void *context, const char *data, size_t size)
{
    const struct supervisor *supervisor = context;

    if (supervisor->control)
        control_publish(supervisor->control, data, size);
}

/* Of the process that has ended, not of the one that there is, if any. */
static bool tells_end(enum event_kind kind)
{
    return kind == EVENT_CRASH || kind == EVENT_STOP || kind == EVENT_EXPIRY ||
           kind == EVENT_GIVE_UP || kind == EVENT_VIOLATION;
}

static void on_event(void *context, enum event_kind kind,
                     const struct session *session, const char *text)
{
    struct supervisor *supervisor = context;
    const struct end *end = session_last_end(session);
    struct lifecycle_event event = {
        .kind = kind,
        .id = session_id(session),
        .module = session_module_name(session),
        .pid = end && tells_end(kind) ? end->pid : session_pid(session),
        .text = text,
        .uid = session_uid(session),
        .error = session_error(session),
        .violation = end ? end_limit_name(end->limit) : "",
        .end = end ? describe_end(end, clock_now_ms()) : NULL};

    events_emit(&supervisor->events, &event);
    json_decref(event.end);
}

void supervisor_tell_refusal(struct supervisor *supervisor, const char *id,
                             const char *module, enum sp_error error,
                             const char *text)
{
    events_emit(&supervisor->events,
                &(struct lifecycle_event){.kind = EVENT_REFUSAL,
                                          .id = id,
                                          .module = module,
                                          .text = text,
                                          .error = error});
}

static void on_gone(void *context, const struct session_facts *facts,
                    bool was_ready)
{
    struct supervisor *supervisor = context;

    users_end(&supervisor->users, facts->uid, facts->now_ms);
    if (was_ready)
        tombstones_put(&supervisor->tombstones, facts);
}

static void on_empty(void *context)
{
    struct supervisor *supervisor = context;

    if (supervisor->stopping)
        leave_soon(supervisor);
}

static void stop_sessions(struct supervisor *supervisor, bool kill_them)
{
    size_t count;
    struct session **sessions = registry_sorted(&supervisor->registry, &count);
    struct session_order order = {.asked = END_ASKED_SHUTDOWN,
                                  .by = ASKER_NOBODY};

    if (!sessions) {
        log_error("out of memory while stopping");
        event_base_loopbreak(supervisor->base);
        return;
    }
    for (size_t i = 0; i < count; i++)
        if (kill_them)
            session_kill(sessions[i]);
        else
            session_stop(sessions[i], &order);
    free(sessions);
}

static void stop(struct supervisor *supervisor, const char *why, bool again)
{
    log_info("%s: %s %zu session(s)", why, again ? "killing" : "stopping",
             supervisor->registry.count);
    supervisor->stopping = true;
    catalog_close_pools(&supervisor->catalog);
    if (supervisor->registry.count == 0)
        leave_soon(supervisor);
    else
        stop_sessions(supervisor, again);
}

/* Only a second signal kills: the end of the program that runs spd often comes
 * together with the first. */
static void on_stop_signal(evutil_socket_t number, short what, void *arg)
{
    struct supervisor *supervisor = arg;
    bool again = supervisor->signalled;

    (void)what;
    supervisor->signalled = true;
    if (again || !supervisor->stopping)
        stop(supervisor, number == SIGINT ? "SIGINT" : "SIGTERM", again);
}

/* One reload serves all SIGHUPs that came before it begins. */
static void on_sighup(evutil_socket_t number, short what, void *arg)
{
    static const struct timeval at_once = {0, 0};
    struct supervisor *supervisor = arg;

    (void)number;
    (void)what;
    evtimer_add(supervisor->reload, &at_once);
}

/* Without its directory nobody can reach spd any more, not even to stop it, and
 * the sockets of its sessions cannot be put back. */
static void check_directory(struct supervisor *supervisor)
{
    char text[256];

    if (supervisor->stopping ||
        runtime_intact(&supervisor->runtime, text, sizeof text))
        return;
    log_error("runtime directory %s: %s: spd cannot be reached any more",
              supervisor->runtime.dir, text);
    supervisor->lost = true;
    stop(supervisor, "its runtime directory has gone", false);
}

static void on_watch(evutil_socket_t fd, short what, void *arg)
{
    struct supervisor *supervisor = arg;
    char events[4096];

    (void)what;
    /* each is only a reason to look */
    while (read(fd, events, sizeof events) > 0)
        continue;
    check_directory(supervisor);
}

/* All that there is to know about it is in the log. */
static void on_reload(evutil_socket_t fd, short what, void *arg)
{
    struct supervisor *supervisor = arg;
    struct reload_report report;
    char text[SP_TEXT_MAX + 1];

    (void)fd;
    (void)what;
    check_directory(supervisor);
    reload(supervisor, "SIGHUP", &report, text, sizeof text);
}

static void on_life_end(evutil_socket_t fd, short what, void *arg)
{
    struct supervisor *supervisor = arg;
    char byte;
    ssize_t got = read(fd, &byte, 1);

    (void)what;
    if (got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR)))
        return;
    event_del(supervisor->life);
    if (!supervisor->stopping)
        stop(supervisor, "the program that runs spd has gone", false);
}

/* ---- opening ---- */

/* Each session needs two; the hard limit cannot be passed. */
static rlim_t raise_descriptor_limit(void)
{
    struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
        getrlimit(RLIMIT_NOFILE, &limit);
    }
    return limit.rlim_cur;
}

static int open_cgroup(struct supervisor *supervisor)
{
    char text[CGROUP_TEXT_SIZE];

    supervisor->cgroup = cgroup_open(supervisor->config.supervisor.cgroup);
    if (!supervisor->cgroup)
        return -1;
    supervisor->processes.cgroup = supervisor->cgroup;
    cgroup_describe(supervisor->cgroup, text);
    log_info("cgroup v2: %s", text);
    return 0;
}

static int open_modules(struct supervisor *supervisor)
{
    struct catalog_changes changes;

    if (catalog_init(&supervisor->catalog, supervisor->base,
                     &supervisor->processes, &supervisor->runtime,
                     &supervisor->counters) < 0 ||
        catalog_offer(&supervisor->catalog, &supervisor->config, &changes) < 0)
        return -1;
    config_drop_modules(&supervisor->config);
    return 0;
}

static struct event *watch_signal(struct supervisor *supervisor, int number,
                                  event_callback_fn callback)
{
    struct event *event =
        evsignal_new(supervisor->base, number, callback, supervisor);

    if (event && evsignal_add(event, NULL) == 0)
        return event;
    if (event)
        event_free(event);
    return NULL;
}

static int watch_life(struct supervisor *supervisor)
{
    if (supervisor->life_fd < 0)
        return 0;
    supervisor->life =
        event_new(supervisor->base, supervisor->life_fd,
                  EV_READ | EV_PERSIST, on_life_end, supervisor);
    return supervisor->life ? event_add(supervisor->life, NULL) : -1;
}

/* Where the kernel has no more of these, the directory is looked at when there
 * is a SIGHUP. */
static int watch_directory(struct supervisor *supervisor)
{
    supervisor->watch_fd = runtime_watch(&supervisor->runtime);
    if (supervisor->watch_fd < 0) {
        log_warn("runtime directory %s: cannot be watched: %s; should it be "
                 "removed, spd does not notice",
                 supervisor->runtime.dir, strerrordesc_np(errno));
        return 0;
    }
    supervisor->watch = event_new(supervisor->base, supervisor->watch_fd,
                                  EV_READ | EV_PERSIST, on_watch, supervisor);
    return supervisor->watch ? event_add(supervisor->watch, NULL) : -1;
}

static int open_loop(struct supervisor *supervisor)
{
    struct event_config *config = event_config_new();

    if (!config)
        return -1;
    event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
    event_config_set_flag(config, EVENT_BASE_FLAG_IGNORE_ENV);
    supervisor->base = event_base_new_with_config(config);
    event_config_free(config);
    if (!supervisor->base)
        return -1;
    supervisor->processes.base = supervisor->base;
    supervisor->processes.is_template = is_template;
    supervisor->processes.descriptors = raise_descriptor_limit();
    supervisor->processes.may_pool = may_pool;
    supervisor->processes.give_back = give_back;
    supervisor->processes.on_stray = on_stray;
    supervisor->processes.on_violation = on_violation;
    supervisor->processes.context = supervisor;
    if (process_table_init(&supervisor->processes) < 0)
        return -1;
    supervisor->world = (struct session_world){
        .base = supervisor->base,
        .processes = &supervisor->processes,
        .registry = &supervisor->registry,
        .listeners = &supervisor->listeners,
        .counters = &supervisor->counters,
        .on_event = on_event,
        .on_gone = on_gone,
        .on_empty = on_empty,
        .context = supervisor};
    signal(SIGPIPE, SIG_IGN);
    supervisor->sigterm = watch_signal(supervisor, SIGTERM, on_stop_signal);
    supervisor->sigint = watch_signal(supervisor, SIGINT, on_stop_signal);
    supervisor->sighup = watch_signal(supervisor, SIGHUP, on_sighup);
    supervisor->reload = evtimer_new(supervisor->base, on_reload, supervisor);
    supervisor->leave = evtimer_new(supervisor->base, on_leave, supervisor);
    return supervisor->sigterm && supervisor->sigint && supervisor->sighup &&
                   supervisor->reload && supervisor->leave &&
                   listeners_open(&supervisor->listeners, supervisor->base,
                                  &supervisor->runtime,
                                  session_listener_shut) == 0
               ? watch_life(supervisor)
               : -1;
}

int supervisor_open(struct supervisor *supervisor, struct config *config,
                    const struct supervisor_options *options, char *out_text,
                    size_t text_size)
{
    *supervisor = (struct supervisor){.config = *config,
                                      .source = options->source,
                                      .control_fd = -1,
                                      .watch_fd = -1,
                                      .life_fd = options->life_fd,
                                      .listeners = {.epoll_fd = -1},
                                      .runtime = RUNTIME_CLOSED};
    *config = (struct config){0};
    tombstones_init(
        &supervisor->tombstones,
        (size_t)supervisor->config.supervisor.tombstones,
        (int64_t)supervisor->config.supervisor.tombstone_time);
    users_init(&supervisor->users,
               supervisor->config.supervisor.max_sessions_uid,
               supervisor->config.supervisor.start_rate);
    events_init(&supervisor->events,
                (size_t)supervisor->config.supervisor.events, publish,
                supervisor);
    supervisor->started_ms = clock_now_ms();
    if (open_loop(supervisor) < 0) {
        snprintf(out_text, text_size, "the event loop cannot be set up: %s",
                 strerrordesc_np(errno));
        return -1;
    }
    if (runtime_open(&supervisor->runtime, options->runtime_dir,
                     supervisor->config.supervisor.group, out_text,
                     text_size) < 0)
        return -1;
    supervisor->control_fd = runtime_listen_control(&supervisor->runtime);
    if (supervisor->control_fd < 0 || open_cgroup(supervisor) < 0 ||
        open_modules(supervisor) < 0 ||
        !(supervisor->reaper =
              reaper_create(supervisor->base, &supervisor->processes,
                            &supervisor->catalog, &supervisor->counters)) ||
        !(supervisor->control =
              control_create(supervisor, supervisor->control_fd)) ||
        watch_directory(supervisor) < 0) {
        snprintf(out_text, text_size, "%s: %s", supervisor->runtime.dir,
                 strerrordesc_np(errno));
        return -1;
    }
    return 0;
}

bool supervisor_run(struct supervisor *supervisor)
{
    event_base_dispatch(supervisor->base);
    return !supervisor->lost;
}

/* ---- closing ---- */

static void free_event(struct event *event)
{
    if (event)
        event_free(event);
}

static void close_fd(int fd)
{
    if (fd >= 0)
        close(fd);
}

void supervisor_close(struct supervisor *supervisor)
{
    control_destroy(supervisor->control);
    supervisor->control = NULL;
    close_fd(supervisor->control_fd);
    catalog_fini(&supervisor->catalog);
    reaper_destroy(supervisor->reaper); /* nobody forks any more */
    cgroup_close(supervisor->cgroup);
    free_event(supervisor->watch);
    close_fd(supervisor->watch_fd);
    runtime_close(&supervisor->runtime);
    free_event(supervisor->life);
    free_event(supervisor->sigterm);
    free_event(supervisor->sigint);
    free_event(supervisor->sighup);
    free_event(supervisor->reload);
    free_event(supervisor->leave);
    process_table_fini(&supervisor->processes);
    listeners_close(&supervisor->listeners);
    if (supervisor->base)
        event_base_free(supervisor->base);
    close_fd(supervisor->life_fd);
    tombstones_fini(&supervisor->tombstones);
    users_fini(&supervisor->users);
    events_fini(&supervisor->events);
    config_fini(&supervisor->config);
}
