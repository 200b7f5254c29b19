/* SPDX-License-Identifier: MIT */
/* libseccomp compiles the list of syscalls.h.  What is not on it fails with
 * EPERM, so that a library that tries a call goes on without it; what only an
 * attack calls kills, and so does any foreign architecture or x32.
 *
 * Descriptors: sendmsg() cannot be called at all, recvmsg() on one number
 * alone, that of the template's control socket, which a session has closed and
 * cannot have again (RLIMIT_NOFILE). */
#define _GNU_SOURCE
#include "seccomp.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "syscalls.h"
#include "wire/sandbox.h"

/* libseccomp's own macros for conditions leave a field out */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

#define OPEN_MORE_THAN_READ (O_ACCMODE | O_CREAT | O_TRUNC | O_PATH)

/* Numbers below are looked at: those that libseccomp does not know, since the
 * kernel is younger, are answered as a kernel does that is older. */
#define NUMBERS 600

static bool applies(const struct seccomp_profile *profile,
                    enum syscall_when when)
{
    switch (when) {
    case WHEN_ALWAYS:
        return true;
    case WHEN_LOAD:
        return profile->loading;
    case WHEN_READ:
        return profile->loading || profile->reads;
    case WHEN_FORK:
        return profile->allow & SANDBOX_ALLOW_FORK;
    case WHEN_NETWORK:
        return profile->allow & SANDBOX_ALLOW_NETWORK;
    case WHEN_WX:
        return profile->allow & SANDBOX_ALLOW_WX;
    case WHEN_SCOPED:
        return profile->scoped;
    case WHENS:
        break;
    }
    return false;
}

/* ---- rules: each returns 0 or a negative errno ---- */

static int allow_by_name(scmp_filter_ctx filter,
                         const struct seccomp_profile *profile)
{
    static const struct {
        enum syscall_when when;
        int number;
    } rows[] = {
#define ROW(WHEN, name) {WHEN_##WHEN, SCMP_SYS(name)},
        SYSCALL_TABLE(ROW)
#undef ROW
    };
    int error = 0;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0] && error == 0; i++)
        if (applies(profile, rows[i].when))
            error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, rows[i].number, 0);
    return error;
}

static int allow_by_argument(scmp_filter_ctx filter,
                             const struct seccomp_profile *profile)
{
    int error = 0;

    /* with allow_wx they are allowed as a whole: libseccomp would take the
     * conditions for a part of that */
#define ADD(WHEN, name, words, count, ...)                                     \
    if (error == 0 && applies(profile, WHEN_##WHEN))                           \
        error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(name),       \
                                 count, __VA_ARGS__);
    SYSCALL_BY_ARGUMENT_TABLE(ADD)
#undef ADD
    return error;
}

static int kill_deadly(scmp_filter_ctx filter)
{
    static const int numbers[] = {
#define NUMBER(name) SCMP_SYS(name),
        SYSCALL_DEADLY_TABLE(NUMBER)
#undef NUMBER
    };
    int error = 0;

    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0] && error == 0;
         i++)
        error = seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, numbers[i], 0);
    return error;
}

static int deny_unknown(scmp_filter_ctx filter)
{
    int error = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS),
                                 SCMP_SYS(clone3), 0);

    for (int number = 0; number < NUMBERS && error == 0; number++) {
        char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, number);

        if (!name)
            error = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), number, 0);
        free(name);
    }
    return error;
}

/* ---- the filter ---- */

/* A tree, not a list: a call is found in ten steps. */
#define BINARY_TREE 2

static int set_attributes(scmp_filter_ctx filter)
{
    int error = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH,
                                 SCMP_ACT_KILL_PROCESS);

    if (error == 0) /* hygiene.c has done it */
        error = seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, 0);
    if (error == 0)
        error = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, BINARY_TREE);
    return error;
}

static int fill(scmp_filter_ctx filter, const struct seccomp_profile *profile)
{
    int error = set_attributes(filter);

    if (error == 0)
        error = allow_by_name(filter, profile);
    if (error == 0)
        error = allow_by_argument(filter, profile);
    if (error == 0)
        error = kill_deadly(filter);
    if (error == 0)
        error = deny_unknown(filter);
    return error;
}

int seccomp_enter(const struct seccomp_profile *profile, struct fault *fault)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    int error;

    if (!filter)
        return fault_text(fault, "seccomp: the kernel has no filters");
    error = fill(filter, profile);
    if (error == 0)
        error = seccomp_load(filter);
    seccomp_release(filter);
    if (error == 0)
        return 0;
    errno = -error;
    return fault_errno(fault, "seccomp (a filter of system calls)");
}
