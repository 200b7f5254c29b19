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
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "syscalls.h"
#include "wire/sandbox.h"

/* libseccomp's own macros for conditions leave a field out */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

#define OPEN_MORE_THAN_READ (O_ACCMODE | O_CREAT | O_TRUNC | O_PATH)

/* Numbers below are looked at: those that libseccomp does not know, since the
 * kernel is younger, are answered as a kernel does that is older. */
#define NUMBERS 600

struct rules {
    const struct seccomp_profile *profile;
    enum seccomp_stage stage;
};

static bool applies(const struct rules *rules, enum syscall_when when)
{
    const struct seccomp_profile *profile = rules->profile;
    bool loading = rules->stage == SECCOMP_LOADING;
    bool command = profile->allow & SANDBOX_ALLOW_COMMAND;

    switch (when) {
    case WHEN_ALWAYS:
        return true;
    case WHEN_OURS:
        return loading || !command;
    case WHEN_PROGRAM:
        return command;
    case WHEN_RUNTIME:
        return command && loading;
    case WHEN_LOAD:
        return loading;
    case WHEN_READ:
        return loading || command || profile->reads;
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

/* A second row can say the same of a call. */
static int add(scmp_filter_ctx filter, uint32_t action, int number,
               unsigned count, const struct scmp_arg_cmp *conditions)
{
    int error =
        seccomp_rule_add_array(filter, action, number, count, conditions);

    return error == -EEXIST ? 0 : error;
}

static int allow_by_name(scmp_filter_ctx filter, const struct rules *rules)
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
        if (applies(rules, rows[i].when))
            error = add(filter, SCMP_ACT_ALLOW, rows[i].number, 0, NULL);
    return error;
}

static int allow_by_argument(scmp_filter_ctx filter, const struct rules *rules)
{
    const struct seccomp_profile *profile = rules->profile;
    int error = 0;

    /* with allow_wx they are allowed as a whole: libseccomp would take the
     * conditions for a part of that */
#define ADD(WHEN, name, words, count, ...)                                     \
    if (error == 0 && applies(rules, WHEN_##WHEN)) {                           \
        const struct scmp_arg_cmp conditions[] = {__VA_ARGS__};                \
                                                                               \
        error = add(filter, SCMP_ACT_ALLOW, SCMP_SYS(name), count,             \
                    conditions);                                               \
    }
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

/* ---- the compiler ---- */

/* A tree, not a list: a call is found in ten steps. */
#define BINARY_TREE 2

/* The kernel takes no longer program than BPF_MAXINSNS. */
#define PROGRAM_MAX (BPF_MAXINSNS * sizeof(struct sock_filter))

static int set_attributes(scmp_filter_ctx filter)
{
    int error = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH,
                                 SCMP_ACT_KILL_PROCESS);

    if (error == 0)
        error = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, BINARY_TREE);
    return error;
}

static int fill(scmp_filter_ctx filter, const struct rules *rules)
{
    int error = set_attributes(filter);

    if (error == 0)
        error = allow_by_name(filter, rules);
    if (error == 0)
        error = allow_by_argument(filter, rules);
    if (error == 0)
        error = kill_deadly(filter);
    if (error == 0)
        error = deny_unknown(filter);
    return error;
}

/* A program begins at its stage's place in the file. */
static int compile(const struct rules *rules, int fd)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    int error = filter ? fill(filter, rules) : -ENOMEM;

    if (error == 0 &&
        lseek(fd, (off_t)(rules->stage * PROGRAM_MAX), SEEK_SET) < 0)
        error = -errno;
    if (error == 0)
        error = seccomp_export_bpf(filter, fd);
    if (filter)
        seccomp_release(filter);
    return error;
}

int seccomp_compile(const struct seccomp_profile *profile, int fd,
                    struct fault *fault)
{
    int error = ftruncate(fd, 0) < 0 ||
                        ftruncate(fd, SECCOMP_STAGES * PROGRAM_MAX) < 0
                    ? -errno
                    : 0;

    for (int stage = 0; stage < SECCOMP_STAGES && error == 0; stage++) {
        struct rules rules = {profile, (enum seccomp_stage)stage};

        error = compile(&rules, fd);
    }
    if (error == 0)
        return 0;
    errno = -error;
    return fault_errno(fault, "seccomp (compiling a filter of system calls)");
}

/* ---- the programs ---- */

/* As long as its last instruction that is not all zeros: what comes behind it
 * in the file was never written, and no filter ends with such a one. */
static unsigned short count(const struct sock_filter *filter)
{
    static const struct sock_filter none;
    unsigned short count = BPF_MAXINSNS;

    while (count > 0 && memcmp(&filter[count - 1], &none, sizeof none) == 0)
        count--;
    return count;
}

int seccomp_take(int fd, struct seccomp_filters *out_filters,
                 struct fault *fault)
{
    struct sock_filter *memory = mmap(NULL, SECCOMP_STAGES * PROGRAM_MAX,
                                      PROT_READ, MAP_PRIVATE, fd, 0);

    if (memory == MAP_FAILED)
        return fault_errno(fault, "seccomp (a filter of system calls)");
    out_filters->memory = memory;
    for (int stage = 0; stage < SECCOMP_STAGES; stage++) {
        struct sock_filter *filter = memory + stage * BPF_MAXINSNS;

        out_filters->programs[stage] =
            (struct sock_fprog){count(filter), filter};
    }
    return 0;
}

int seccomp_enter(struct seccomp_filters *filters, enum seccomp_stage stage,
                  struct fault *fault)
{
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0,
                &filters->programs[stage]) < 0)
        return fault_errno(fault, "seccomp (a filter of system calls)");
    if (stage == SECCOMP_STAGES - 1) {
        munmap(filters->memory, SECCOMP_STAGES * PROGRAM_MAX);
        filters->memory = NULL;
    }
    return 0;
}
