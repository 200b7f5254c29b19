/* SPDX-License-Identifier: MIT */
/* supervisor/module_own.h - a module from inside: for module.c, which is what
 * it is, module_template.c, which starts and ends its template, module_records.c,
 * which hears it, module_queue.c, which asks it, module_violations.c, which
 * ends one that may not go on, and module_log.c. */
#ifndef SUPERVISOR_MODULE_OWN_H
#define SUPERVISOR_MODULE_OWN_H

#include <event2/event.h>
#include <event2/event_struct.h>

#include "cgroup.h"
#include "confine.h"
#include "module.h"
#include "pool.h"
#include "stamp.h"
#include "watchdog.h"

#define MODULE_MAGIC 0x53506d6fu
enum template_state {
    TEMPLATE_ABSENT,
    TEMPLATE_LOADING,
    TEMPLATE_READY,
    TEMPLATE_ENDING, /* killed, or failed to load: its exit is awaited */
};

struct module_request {
    struct process *process; /* borrowed */
    uint32_t serial;
    struct request_list *list; /* that it is in; NULL: answered */
    bool in_question; /* it could not yet be asked about */
    TAILQ_ENTRY(module_request) link;
};

TAILQ_HEAD(request_list, module_request);

struct module {
    uint32_t magic;
    struct event_base *base;      /* borrowed */
    struct process_table *table;  /* borrowed */
    struct module_config config;  /* owned */
    char *worker;                 /* owned */
    char *uid_range;              /* owned */
    struct uid_lease uid;         /* of all its templates */
    int filters_fd; /* owned; likewise; -1: none yet, or it is not confined */
    struct cgroup_leaf *leaf;     /* owned; of all its templates, or NULL */
    struct stamp loaded;          /* the file that the template loads */
    int64_t born_ms;              /* the template */
    uint64_t forks;               /* that were asked of it */
    bool crashed;                 /* one of its sessions, by a signal */
    struct counters *counters;    /* borrowed */
    struct logsink *log;          /* owned */
    struct throttle throttle;
    struct watchdog watchdog;
    struct generation *generation; /* held; the template's; NULL without one */
    struct generation_list generations; /* with those of earlier templates */
    struct pool pool;
    unsigned sessions;
    void (*on_unused)(void *context); /* NULL: it is not retired */
    void *unused_context;             /* borrowed */
    enum template_state state;
    bool accused; /* a violation of this template has been counted */
    struct brood brood;  /* its children */
    unsigned strangers;  /* of these, since the last report */
    pid_t condemned_pid; /* the template that was ended for them; 0: none */
    int control_fd; /* owned; -1 without a template */
    int pidfd;      /* owned; -1 without a template */
    pid_t pid;
    uint32_t next_serial;
    struct request_list waiting;  /* to be sent */
    struct request_list inflight; /* sent; of what became of it, no word */
    unsigned questions;           /* of these are in question */
    struct event readable;
    struct event writable;
    struct event exited;
    struct event deadline; /* of loading */
    struct event retry;    /* after a shortage of descriptors or memory */
};

/* ---- module_queue.c ---- */

void module_queue_init(struct module *module);
/* Sends what waits, as far as the template takes it; goes on by itself. */
void module_pump(struct module *module);
/* The same from the loop. */
void module_pump_soon(struct module *module);
/* There is a template, or none any more, to send requests to. */
void module_queue_open(struct module *module);
void module_queue_close(struct module *module);
/* Those that wait now; what their owners do about it may queue more. */
void module_fail_waiting(struct module *module, enum sp_error error,
                         const char *text);
/* The template has ended: it answers none of those that were sent. */
void module_orphan_inflight(struct module *module);
/* The template answers to the request of this number; NULL: there is none, or
 * none any more. */
struct module_request *module_find_inflight(const struct module *module,
                                            uint32_t serial);
void module_answered(struct module *module, struct module_request *request);
/* Ends a template whose term is over and that owes no answer. */
void module_renew_if_due(struct module *module);

/* ---- module_violations.c ---- */

/* Its template has been started; it has ended. */
void module_begin_brood(struct module *module);
void module_end_brood(struct module *module);
/* Its latest template is ended, or has ended, for this: counts it and tells,
 * once a template. */
void module_accuse(struct module *module, enum end_limit kind,
                   const char *text);

/* ---- module_template.c ---- */

/* Starts its template.  -1 and errno. */
int module_spawn_template(struct module *module);
/* Ends it; what waits is sent to the next one. */
void module_end_template(struct module *module);
/* Ends it; what waits fails with it. */
void module_kill_template(struct module *module);
/* Whether it is to fork no more: the next one is. */
bool module_template_due(const struct module *module);
/* It has ended, and was reaped. */
void module_forget_template(struct module *module);

/* ---- module_records.c: callbacks ---- */

/* Its template has said something. */
void module_read_records(evutil_socket_t fd, short what, void *module);
/* It has not loaded in time. */
void module_load_late(evutil_socket_t fd, short what, void *module);

/* ---- module.c ---- */

/* Tells whoever has retired it, should it have nothing more to do. */
void module_check_unused(struct module *module);

/* ---- module_log.c ---- */

struct runtime;
/* NULL and errno. */
struct logsink *module_open_sink(struct module *module,
                                 const struct runtime *runtime);

#endif
