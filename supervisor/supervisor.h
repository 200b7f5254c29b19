/* SPDX-License-Identifier: MIT */
/* supervisor/supervisor.h - all of spd's state hangs on one struct. */
#ifndef SUPERVISOR_SUPERVISOR_H
#define SUPERVISOR_SUPERVISOR_H

#include <stdbool.h>
#include <stddef.h>

#include "catalog.h"
#include "config.h"
#include "counters.h"
#include "events.h"
#include "listener.h"
#include "process.h"
#include "registry.h"
#include "runtime.h"
#include "session.h"
#include "tombstones.h"
#include "users.h"

struct cgroup;
struct control;
struct event;
struct event_base;
struct module;
struct reaper;

struct supervisor {
    struct event_base *base; /* owned */
    struct config config;    /* owned; its modules are in the catalog */
    struct config_source source; /* to read it again; borrowed texts */
    struct runtime runtime;
    struct process_table processes;
    struct listeners listeners; /* of sessions */
    struct registry registry;
    struct tombstones tombstones;
    struct users users;
    struct events events;
    struct counters counters;
    int64_t started_ms;
    struct session_world world;
    struct catalog catalog;
    struct reaper *reaper;   /* owned */
    struct cgroup *cgroup;   /* owned; outlives the catalog */
    struct control *control; /* owned */
    int control_fd;          /* owned */
    int life_fd;             /* owned; -1 without one */
    struct event *life;      /* owned; its end of file */
    struct event *sigterm;   /* owned */
    struct event *sigint;    /* owned */
    struct event *sighup;    /* owned */
    struct event *reload;    /* owned; the reload that SIGHUPs ask for */
    struct event *watch;     /* owned; of the runtime directory */
    int watch_fd;            /* owned; -1 without one */
    struct event *leave;     /* owned; the last answers have their time */
    bool stopping;
    bool lost;      /* the runtime directory has gone */
    bool signalled; /* to stop */
    unsigned leave_looks;
};

struct supervisor_options {
    const char *runtime_dir; /* NULL: the default */
    int life_fd;             /* taken; -1: none */
    struct config_source source; /* of the config; borrowed as long as it
                                  * is open */
};

/* Opens everything; takes the config.  -1: out_text is one line for people, and
 * supervisor_close() is still to be called. */
int supervisor_open(struct supervisor *supervisor, struct config *config,
                    const struct supervisor_options *options, char *out_text,
                    size_t text_size);

/* Serves until it is told to stop and all sessions are gone.  False: nobody
 * told it to, but its runtime directory has gone. */
bool supervisor_run(struct supervisor *supervisor);

/* Closes everything, half-open too. */
void supervisor_close(struct supervisor *supervisor);

/* Tells those who keep a setting of [supervisor], or of all modules, for
 * themselves; everything else looks at the config when it needs it. */
void supervisor_apply_settings(struct supervisor *supervisor);

/* A start of this ID was refused: an event. */
void supervisor_tell_refusal(struct supervisor *supervisor, const char *id,
                             const char *module, enum sp_error error,
                             const char *text);

/* NULL without a module of this name; "" is the default module. */
struct module *supervisor_module(const struct supervisor *supervisor,
                                 const char *name);

#endif
