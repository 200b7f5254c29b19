/* SPDX-License-Identifier: MIT */
/* The order of the steps, and its reasons.
 *
 * In a template's process, before it is one:
 *
 *   0. compiler        once a module: leaves holes in the heap that each session
 *                      would carry, so that the program runs itself anew behind
 *                      it
 *
 * In a template, before the module is loaded:
 *
 *   1. uid, caps       what follows is then owned, opened and read as who is to
 *                      read it
 *   2. namespaces      in strict: with a root and a holder, before any limit is
 *                      in their way, and no capability in them behind it
 *   3. limits          nobody can raise them again
 *   4. death link      steps 1 and 2 have cleared it (hygiene.c set it)
 *   5. Landlock opened needs open(), which step 8 narrows
 *   6. control socket  to the number that step 8 knows
 *   7. Landlock        library folders, the module, allow_read; no TCP; scopes
 *   8. seccomp         last: it denies what the steps before it need
 *
 * once it is loaded:
 *
 *   9. root            in strict: nothing is in it but allow_read
 *  10. Landlock        allow_read alone
 *  11. seccomp         no open(), no more executable memory, no more filters
 *
 * A hostile constructor can skip 9 to 11.  All that it gains are files that
 * everybody has, and code, in its own template.
 *
 * In a session, before it reads its first message:
 *
 *  12. Landlock        a scope of its own: siblings share the template's
 *  13. subreaper       where it may have children: they are its own
 *  14. limits          no processes, no descriptor as high as the control
 *                      socket; the template itself could not live with them
 *
 * Of a command module the template's code and the session's are our own: steps
 * 9 to 11 are left out, since its program is yet to be run.  In the program's
 * process, before it is that:
 *
 *  15. user namespace  in strict: its threads are counted by themselves
 *  16. limits          of threads
 *  17. seccomp         last: no children unless allow_fork, and nothing that
 *                      is for a template or a session's runtime alone */
#define _GNU_SOURCE
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "death.h"
#include "layers.h"
#include "privileges.h"
#include "rlimits.h"
#include "seccomp.h"
#include "wire/template.h"

static int move_control(struct sandbox *sandbox, int *control_fd,
                        struct fault *fault)
{
    int wanted = (int)sandbox->open_files;
    int fd = fcntl(*control_fd, F_DUPFD_CLOEXEC, wanted);

    if (fd != wanted)
        return fault_errno(fault, "a descriptor numbered %d", wanted);
    close(*control_fd);
    *control_fd = fd;
    return 0;
}

/* What this build cannot keep. */
static int check_build(struct fault *fault)
{
#ifdef SP_SANITIZE
    return fault_text(fault, "a build with sanitizers cannot live under a "
                             "limit of memory: it has sandbox = none alone");
#endif
    (void)fault;
    return 0;
}

/* Whole, and for good. */
#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL)

bool sandbox_compiled(void)
{
    return fcntl(WORKER_FILTERS_FD, F_GET_SEALS) == SEALS;
}

/* The number that step 6 gives the control socket is known before. */
int sandbox_compile(const struct sandbox_record *orders, struct fault *fault)
{
    struct seccomp_profile profile = {
        .allow = orders->allow,
        .reads = orders->paths_size > 0,
        .scoped = landlock_scopes_signals(),
        .control_fd = (int)rlimits_open_files(orders),
    };

    if (check_build(fault) < 0 ||
        seccomp_compile(&profile, WORKER_FILTERS_FD, fault) < 0)
        return -1;
    if (fcntl(WORKER_FILTERS_FD, F_ADD_SEALS, SEALS) < 0)
        return fault_errno(fault, "seccomp (sealing its filters)");
    return 0;
}

static bool runs_program(const struct sandbox *sandbox)
{
    return sandbox->orders->allow & SANDBOX_ALLOW_COMMAND;
}

int sandbox_prepare(struct sandbox *sandbox,
                    const struct sandbox_record *orders,
                    const char *const *files, pid_t parent, int *control_fd,
                    struct fault *fault)
{
    *sandbox = (struct sandbox){.orders = orders,
                                .open_files = rlimits_open_files(orders)};
    if (orders->tier == SANDBOX_NONE)
        return 0;
    if (runs_program(sandbox))
        sandbox->processes = rlimits_processes(orders);
    if (seccomp_take(WORKER_FILTERS_FD, &sandbox->filters, fault) < 0)
        return -1;
    close(WORKER_FILTERS_FD);
    if (LAYER(UID, privileges_drop(orders, fault)) < 0 ||
        (orders->tier == SANDBOX_STRICT &&
         namespaces_enter(&sandbox->namespaces, orders, files, parent,
                          *control_fd, fault) < 0) ||
        LAYER(LIMITS, rlimits_template(orders, sandbox->open_files, fault)) < 0)
        return -1;
    if (death_link(parent) < 0)
        return fault_errno(fault, "PR_SET_PDEATHSIG");
    if (landlock_open(orders, files, &sandbox->landlock, fault) < 0 ||
        move_control(sandbox, control_fd, fault) < 0)
        return -1;
    if (LAYER(LANDLOCK, landlock_enter(&sandbox->landlock, LANDLOCK_LOAD)) < 0)
        return fault_errno(fault, "Landlock (landlock_restrict_self)");
    return LAYER(SECCOMP,
                 seccomp_enter(&sandbox->filters, SECCOMP_LOADING, fault));
}

int sandbox_seal(struct sandbox *sandbox, struct fault *fault)
{
    if (sandbox->orders->tier == SANDBOX_NONE)
        return 0;
    if (sandbox->orders->tier == SANDBOX_STRICT &&
        namespaces_seal(&sandbox->namespaces, fault) < 0)
        return -1;
    if (runs_program(sandbox))
        return 0;
    if (LAYER(LANDLOCK, landlock_enter(&sandbox->landlock, LANDLOCK_SEALED)) <
        0)
        return fault_errno(fault, "Landlock (landlock_restrict_self)");
    return LAYER(SECCOMP,
                 seccomp_enter(&sandbox->filters, SECCOMP_SEALED, fault));
}

pid_t sandbox_parent(const struct sandbox *sandbox, pid_t supervisor)
{
    return sandbox->orders->tier == SANDBOX_STRICT && HAS_LAYER(PID)
               ? 0
               : supervisor;
}

/* Orphans among its descendants stay its own while it lives.  Behind that they
 * are children of the holder, of which spd knows that nobody is to have any, or
 * of spd, which ends those that it does not know. */
static int keep_children(const struct sandbox_record *orders)
{
    if (orders->tier != SANDBOX_NONE &&
        !(orders->allow & (SANDBOX_ALLOW_FORK | SANDBOX_ALLOW_COMMAND)))
        return 0;
    return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

int sandbox_enter(const struct sandbox *sandbox)
{
    /* the template's own would be a page to copy */
    struct landlock landlock = sandbox->landlock;

    if (keep_children(sandbox->orders) < 0)
        return -1;
    if (sandbox->orders->tier == SANDBOX_NONE)
        return 0;
    if (LAYER(SCOPE, landlock_enter(&landlock, LANDLOCK_SESSION)) < 0)
        return -1;
    return LAYER(SESSION_LIMITS,
                 rlimits_session(sandbox->orders, sandbox->open_files));
}

/* ---- the program of a command module ---- */

unsigned long sandbox_program_flags(const struct sandbox *sandbox)
{
    return sandbox->orders->tier == SANDBOX_STRICT && HAS_LAYER(PROGRAM_USER)
               ? CLONE_NEWUSER
               : 0;
}

int sandbox_enter_program(struct sandbox *sandbox)
{
    struct fault fault;

    if (sandbox->orders->tier == SANDBOX_NONE)
        return 0;
    if (LAYER(SESSION_LIMITS, rlimits_program(sandbox->processes)) < 0)
        return -1;
    return LAYER(SECCOMP, seccomp_enter(&sandbox->filters, SECCOMP_SEALED,
                                        &fault));
}
