/* SPDX-License-Identifier: MIT */
/* supervisor/catalog.h - the modules on offer, and those that a reload has
 * retired while they had sessions: several of one name, each with what its own
 * sessions were started with. */
#ifndef SUPERVISOR_CATALOG_H
#define SUPERVISOR_CATALOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct config;
struct counters;
struct event;
struct event_base;
struct module;
struct process_table;
struct runtime;

struct catalog {
    struct event_base *base;       /* borrowed */
    struct process_table *table;   /* borrowed */
    const struct runtime *runtime; /* borrowed */
    struct counters *counters;     /* borrowed */
    struct module **modules;       /* owned; on offer, ordered by name */
    size_t count;
    struct module **retired; /* owned */
    size_t retired_count;
    struct event *burial; /* owned; of retired ones that are unused */
};

/* What an offer has changed. */
struct catalog_changes {
    unsigned changed;
    unsigned added;
    unsigned removed;
};

/* -1: no memory. */
int catalog_init(struct catalog *catalog, struct event_base *base,
                 struct process_table *table, const struct runtime *runtime,
                 struct counters *counters);
/* Ends all templates.  No session may be left.  All zeros are allowed. */
void catalog_fini(struct catalog *catalog);

/* Offers the modules of this configuration from now on, and takes out of it
 * what it needs.  Those in which nothing has changed stay; others are retired.
 * -1 and errno: nothing has changed. */
int catalog_offer(struct catalog *catalog, struct config *config,
                  struct catalog_changes *out_changes);

/* NULL: no module of this name is on offer. */
struct module *catalog_find(const struct catalog *catalog, const char *name);

/* All of them, those on offer first; NULL behind the last. */
struct module *catalog_nth(const struct catalog *catalog, size_t n);

/* The sessions of this name, of retired modules too. */
unsigned catalog_sessions(const struct catalog *catalog, const char *name);

/* How many templates there are. */
size_t catalog_templates(const struct catalog *catalog);
/* Whether this is the pid of a template, or of the holder of a pid
 * namespace. */
bool catalog_has_template(const struct catalog *catalog, pid_t pid);

/* Reads what all templates have told of their children. */
void catalog_settle(const struct catalog *catalog);

/* The processes of all pools; there are to be none any more. */
size_t catalog_pooled(const struct catalog *catalog);
void catalog_close_pools(struct catalog *catalog);
/* Ends one of them, whose place is needed.  False: there is none. */
bool catalog_give_back(const struct catalog *catalog);

/* The longest init_timeout of all. */
uint64_t catalog_longest_init(const struct catalog *catalog);

#endif
