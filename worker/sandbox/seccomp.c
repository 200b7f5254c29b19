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
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "syscalls.h"
#include "wire/sandbox.h"

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

/* ---- in a child ---- */

/* The kernel takes 4096 instructions. */
#define PROGRAM_SIZE_MAX (4096 * sizeof(struct sock_filter))

/* Writes the program, or nothing; the exit status is an errno. */
static _Noreturn void compile(const struct seccomp_profile *profile, int to)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    int error = filter ? fill(filter, profile) : -ENOMEM;

    if (error == 0)
        error = seccomp_export_bpf(filter, to);
    _exit(-error);
}

/* All that comes; -1 and errno. */
static ssize_t read_whole(int from, char *to, size_t room)
{
    size_t size = 0;
    ssize_t got;

    while ((got = read(from, to + size, room - size)) != 0) {
        if (got < 0 && errno != EINTR)
            return -1;
        size += got > 0 ? (size_t)got : 0;
    }
    return (ssize_t)size;
}

/* 0, or what it failed with. */
static int wait_for(pid_t child)
{
    int status;

    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return errno;
    return WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
}

/* Reads what a child compiles.  0 or an errno. */
static int compile_apart(const struct seccomp_profile *profile, char *room,
                         ssize_t *out_size)
{
    int ends[2], error;
    pid_t child;

    if (pipe2(ends, O_CLOEXEC) < 0)
        return errno;
    child = fork();
    if (child == 0)
        compile(profile, ends[1]);
    error = child < 0 ? errno : 0;
    close(ends[1]);
    if (error == 0) {
        *out_size = read_whole(ends[0], room, PROGRAM_SIZE_MAX);
        error = wait_for(child);
    }
    close(ends[0]);
    return error;
}

int seccomp_compile(const struct seccomp_profile *profile,
                    struct seccomp_program *out_program, struct fault *fault)
{
    char *room = malloc(PROGRAM_SIZE_MAX);
    ssize_t size = 0;
    int error = room ? compile_apart(profile, room, &size) : ENOMEM;

    if (error == 0 && (size <= 0 || size % (ssize_t)sizeof(struct sock_filter)))
        error = EMSGSIZE;
    if (error == 0) {
        *out_program = (struct seccomp_program){room, (size_t)size};
        return 0;
    }
    free(room);
    errno = error;
    return fault_errno(fault, "seccomp (compiling a filter)");
}

int seccomp_enter(struct seccomp_program *program, struct fault *fault)
{
    struct sock_fprog code = {
        .len = (unsigned short)(program->size / sizeof(struct sock_filter)),
        .filter = program->code};
    long entered = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &code);

    if (entered < 0)
        fault_errno(fault, "seccomp (a filter of system calls)");
    free(program->code);
    *program = (struct seccomp_program){0};
    return entered < 0 ? -1 : 0;
}
