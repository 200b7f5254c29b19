/* SPDX-License-Identifier: MIT */
/* supervisor/module.h - one configured module: its template process, the
 * requests that wait for it, and the log of its sessions.
 *
 *   template | input                                  | next
 *   ABSENT   | a request                              | LOADING
 *   LOADING  | loaded, and one thread                 | READY
 *            | failed, several threads, exit, time up | ABSENT; requests fail
 *   READY    | exit, violation                        | ABSENT; LOADING again
 *            |                                        | if requests wait
 *
 * A module is what its sessions were started with: its settings never change.
 * A reload that changes them puts another module of this name in its place
 * (catalog.h); this one is retired, and ends with its last session. */
#ifndef SUPERVISOR_MODULE_H
#define SUPERVISOR_MODULE_H

#include <stdbool.h>
#include <sys/types.h>

#include "brood.h"
#include "config.h"
#include "generation.h"
#include "process.h"
#include "throttle.h"

struct counters;
struct event_base;
struct log_meter;
struct module;
struct runtime;

/* Takes what is in config, and leaves it empty; copies what it needs of the
 * supervisor's settings; the others are borrowed as long as the module lives.
 * NULL and errno: config is as it was. */
struct module *module_create(struct event_base *base,
                             struct process_table *table,
                             const struct runtime *runtime,
                             struct counters *counters,
                             struct module_config *config,
                             const struct supervisor_settings *supervisor);

/* Kills the template.  No process of the module may be left. */
void module_destroy(struct module *module);

const char *module_name(const struct module *module);
const struct module_settings *module_settings(const struct module *module);

/* Whether what its settings ask of a cgroup can be had.  -1: out_text, of
 * CGROUP_TEXT_SIZE, says what is missing. */
int module_check_cgroup(const struct module *module, char *out_text);

/* The template's pid, 0 without one. */
pid_t module_template_pid(const struct module *module);
/* Whether this process holds a pid namespace of sessions of it. */
bool module_has_holder(const struct module *module, pid_t pid);

/* Whether config and worker mean nothing new: the same settings, and the file
 * that its template has loaded still stands at its path, unchanged. */
bool module_current(const struct module *module,
                    const struct module_config *config, const char *worker);

/* It gets no more sessions.  Its template is ended with the last one; when that
 * is gone, on_unused(context) is called, once or more and from inside any other
 * call, and module_unused() is true. */
void module_retire(struct module *module, void (*on_unused)(void *context),
                   void *context);
bool module_unused(const struct module *module);

/* That of its template, which there is. */
struct generation *module_generation(const struct module *module);

/* Whether it may start one more, by what became of its earlier starts. */
struct throttle *module_throttle(struct module *module);

/* Its processes are looked at while call_limit is set. */
void module_watch(struct module *module, struct process *process);
void module_unwatch(struct module *module, struct process *process);

/* One of its pooled processes, for a first start: pool_offer(). */
struct process *module_offer_pooled(struct module *module, const char *id,
                                    int *out_listener_fd);
/* Whether its template may fork one more for its pool. */
bool module_may_pool(const struct module *module);
/* How many it has, or has asked for. */
size_t module_pooled(const struct module *module);
/* Gives the place of one of them to somebody else: pool_give_back(). */
bool module_give_back(struct module *module);
/* It is to have none any more. */
void module_close_pool(struct module *module);

/* Its sessions now; session.c counts. */
unsigned module_sessions(const struct module *module);
void module_count_session(struct module *module, int by);

/* ---- for process.c ---- */

/* A process that waits to be sent to the template, or for its answer. */
struct module_request;

/* Queues a request to fork; starts the template if there is none.  NULL and
 * errno.  process_send() follows, now or later; and then process_forked(),
 * process_fork_failed(), process_orphaned() or process_unborn(), never from
 * inside this call. */
struct module_request *module_submit(struct module *module,
                                     struct process *process);
/* Whether what became of it is still to be heard: by a hello, or from its
 * template. */
bool module_owes_answer(const struct module_request *request);
/* There will be no hello: the template is asked. */
void module_ask(struct module *module, struct module_request *request);
/* Asks the next template, after process_orphaned().  -1 and errno. */
int module_resubmit(struct module *module, struct module_request *request);
/* The process waits no more; the request is freed. */
void module_forget(struct module *module, struct module_request *request);
/* A process of this generation has crashed: a template of it is replaced. */
void module_note_crash(struct module *module,
                       const struct generation *generation);
/* The template of this number (module_child_asked()) does not answer: it is
 * killed.  False: there is another one by now, or none. */
bool module_kill_silent(struct module *module, uint32_t template);
/* The template of this number broke its contract, in what it sent: that is
 * counted and told of, and it is killed. */
void module_violation(struct module *module, uint32_t template,
                      const char *what);

/* The template was told to make one more child; its number among those of the
 * module. */
uint32_t module_child_asked(struct module *module);
/* What became of one: it has said hello, or could not be made. */
void module_child_known(struct module *module, uint32_t template);

/* ---- for strangers.c ---- */

/* Whether a process in this process session, or of this effective uid, or with
 * these mappings (/proc/PID/maps) can be of its template. */
bool module_leads_session(const struct module *module, id_t session);
bool module_has_uid(const struct module *module, id_t uid);
bool module_is_mapped(const struct module *module, const char *maps,
                      size_t size);
/* Reads what the template has told of its children. */
void module_settle(struct module *module);
/* A child of the template that has not said hello.  For a stranger the template
 * is ended, once, with all that it has made and that is no session. */
enum brood_verdict module_judge(struct module *module,
                                const struct brood_child *child);
/* Tells of those since the last report: a violation, if the template was ended
 * for them. */
void module_report_strangers(struct module *module);

/* ---- for process.c ---- */

/* A new sending end of the module's log socket, the caller's to close.  -1. */
int module_open_log(struct module *module);
/* Writes what has been said and not been read. */
void module_drain_log(struct module *module);
/* Before a process loses its pid, after module_drain_log(). */
void module_end_log(struct module *module, struct log_meter *meter);

#endif
