/* SPDX-License-Identifier: MIT */
/* supervisor/cgroup.h - cgroup v2, where spd has been given a part of it:
 *
 *   BASE/                  what it was given
 *     libsp-PID/           this spd's; locked while it lives
 *       spd/               itself, if BASE must be free of processes
 *       MODULE.N/          all processes of a module; its limits
 *         N/               those of one template
 *
 * A process is put into its leaf before it has run a byte of the module's code,
 * and what it forks is born there.  Where there is no cgroup v2, or no
 * controller, whoever needs none does without. */
#ifndef SUPERVISOR_CGROUP_H
#define SUPERVISOR_CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define CGROUP_TEXT_SIZE 512

/* X(setting, controller, file): the settings of a module that are its cgroup's,
 * 0 for off. */
#define CGROUP_LIMIT_TABLE(X)                                                  \
    X(module_memory, "memory", "memory.max")                                   \
    X(module_processes, "pids", "pids.max")                                    \
    X(cpu_weight, "cpu", "cpu.weight")

struct cgroup;
struct cgroup_leaf;
struct module_settings;

/* Finds and prepares it, as the setting says: "auto", "off" or a cgroup's
 * directory.  What there is not is no failure: cgroup_describe() names it.
 * NULL: no memory. */
struct cgroup *cgroup_open(const char *setting);
/* Removes what is left of it, and waits for killed processes to be gone, a
 * second at most.  NULL is allowed. */
void cgroup_close(struct cgroup *cgroup);

/* What cgroup_open() would find there, without touching anything: of no use but
 * for cgroup_describe(), cgroup_has() and cgroup_close(). */
struct cgroup *cgroup_look(const char *setting);

/* Whether there is this controller for modules; a file of the kernel's in their
 * cgroups. */
bool cgroup_has_controller(const struct cgroup *cgroup, const char *controller);
bool cgroup_has_file(const struct cgroup *cgroup, const char *file);
/* Whether spd was given any. */
bool cgroup_found(const struct cgroup *cgroup);

/* Its state in words: "in /sys/fs/cgroup/x/libsp-7, controllers memory pids",
 * or "not used: " and why. */
void cgroup_describe(const struct cgroup *cgroup, char out[CGROUP_TEXT_SIZE]);

/* Whether it can keep the limits of these settings.  -1: out_text names the
 * setting and what is missing. */
int cgroup_check(const struct cgroup *cgroup,
                 const struct module_settings *settings,
                 char out_text[CGROUP_TEXT_SIZE]);

/* Whether these settings ask for any limit. */
bool cgroup_asked(const struct module_settings *settings);

/* A cgroup for a module, with its limits in force.  NULL and errno; ENOTSUP
 * where there is no cgroup v2. */
struct cgroup_leaf *cgroup_leaf_create(struct cgroup *cgroup, const char *name,
                                       const struct module_settings *settings);
/* One below it, without limits of its own.  NULL and errno; NULL for NULL.
 * Both are to be destroyed before cgroup_close(), this one first. */
struct cgroup_leaf *cgroup_leaf_below(struct cgroup_leaf *parent);

/* Puts a process into it.  -1 and errno; 0 for NULL. */
int cgroup_leaf_enter(const struct cgroup_leaf *leaf, pid_t pid);
/* Kills what is in it and removes it, once all have ended: at the latest by
 * cgroup_close().  Nothing here waits.  NULL is allowed. */
void cgroup_leaf_destroy(struct cgroup_leaf *leaf);

/* ", cgroup memory.max 1048576" and so on: the limits that are in force for a
 * process in a leaf of any spd, as the kernel tells them.  "" without any. */
void cgroup_limits_text(pid_t pid, char *out, size_t size);

#endif
