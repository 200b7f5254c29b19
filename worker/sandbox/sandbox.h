/* SPDX-License-Identifier: MIT */
/* worker/sandbox/sandbox.h - keeps a module's code where it is put.
 *
 * Two walls: sandbox_prepare() and sandbox_seal() confine the template, and
 * with it all that it forks; sandbox_enter() keeps a session from its siblings
 * and from the template.  Each of them does all that its tier promises, or
 * fails: a process for which it has failed must not run code of a module.
 *
 * Of a command module the template and its sessions are our own code, which the
 * first wall confines; sandbox_enter_program() is the second one, for the
 * program that a session runs.
 *
 * Tier `none` does nothing here. */
#ifndef SANDBOX_SANDBOX_H
#define SANDBOX_SANDBOX_H

#include <stdbool.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "fault.h"
#include "landlock.h"
#include "namespaces.h"
#include "seccomp.h"
#include "wire/sandbox.h"

struct sandbox {
    const struct sandbox_record *orders; /* borrowed, for good */
    struct namespaces namespaces;        /* in strict */
    struct landlock landlock;
    rlim_t open_files; /* that a session may have */
    rlim_t processes;  /* of its user that a program may make more with */
    struct seccomp_filters filters;
};

/* Step 0, for every tier but `none`: compiles the filters into
 * WORKER_FILTERS_FD, where the program that is run next in this process finds
 * them, and all templates of the module to come.  -1: fault says why. */
int sandbox_compile(const struct sandbox_record *orders, struct fault *fault);
/* Whether that has been done. */
bool sandbox_compiled(void);

/* In the template, before the first byte of the module is loaded.  files: its
 * own, or those that a program needs to be run; NULL behind them.  *control_fd
 * is moved out of the reach of sessions, and its new number is written back.
 * orders and files are borrowed for as long as the sandbox is used; parent is
 * spd.  -1: fault names what is missing. */
int sandbox_prepare(struct sandbox *sandbox,
                    const struct sandbox_record *orders,
                    const char *const *files, pid_t parent, int *control_fd,
                    struct fault *fault);

/* In the template, once the module is loaded: no more files, no more code. */
int sandbox_seal(struct sandbox *sandbox, struct fault *fault);

/* spd's pid, as a session sees it: 0 from a pid namespace of its own. */
pid_t sandbox_parent(const struct sandbox *sandbox, pid_t supervisor);

/* In a session, right after the fork, before it closes what it inherited.  A
 * few microseconds.  -1 and errno. */
int sandbox_enter(const struct sandbox *sandbox);

/* Of the clone() that makes a program's process, besides its signal. */
unsigned long sandbox_program_flags(const struct sandbox *sandbox);

/* In that process, before it becomes the program.  What a filter costs is
 * little beside an exec.  -1 and errno. */
int sandbox_enter_program(struct sandbox *sandbox);

#endif
