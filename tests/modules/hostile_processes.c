/* SPDX-License-Identifier: MIT */
/* Processes, signals, users and limits.  Signal 0 asks for the right alone. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hostile.h"

/* In a child of its own: it would not come back. */
ATTEMPT(execute_shell)
{
    char *const argv[] = {"sh", "-c", "exit 0", NULL};
    char *const environment[] = {NULL};
    int status;
    pid_t child = fork();

    if (child == 0) {
        execve("/bin/sh", argv, environment);
        _exit(errno);
    }
    if (child < 0) { /* then without one */
        execve("/bin/sh", argv, environment);
        return errno;
    }
    waitpid(child, &status, 0);
    (void)argument;
    return WEXITSTATUS(status);
}

/* With what it may do, it would be root. */
ATTEMPT(execute_set_uid)
{
    char *const none[] = {NULL};

    (void)argument;
    execve("/bin/su", none, none);
    return errno;
}

static int try_child(pid_t child)
{
    if (child == 0)
        _exit(0);
    if (child < 0)
        return errno;
    waitpid(child, NULL, 0);
    return 0;
}

ATTEMPT(fork)
{
    (void)argument;
    return try_child(fork());
}

ATTEMPT(vfork)
{
    pid_t child = vfork();

    (void)argument;
    if (child == 0)
        _exit(0);
    return try_child(child);
}

/* Another session, which nobody has asked for. */
ATTEMPT(clone_parent)
{
    (void)argument;
    return try_child((pid_t)syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0,
                                    0));
}

ATTEMPT(clone3)
{
    struct clone_args args = {.exit_signal = SIGCHLD};

    (void)argument;
    return try_child((pid_t)syscall(SYS_clone3, &args, sizeof args));
}

ATTEMPT(kill_parent)
{
    return OUTCOME(kill(getppid(), 0));
}

ATTEMPT(kill_all)
{
    return OUTCOME(kill(-1, 0));
}

ATTEMPT(kill_group)
{
    return OUTCOME(kill(0, 0));
}

ATTEMPT(signal_process)
{
    return OUTCOME(kill(atoi(argument), 0));
}

ATTEMPT(signal_thread)
{
    int pid = atoi(argument);

    return OUTCOME(syscall(SYS_tgkill, pid, pid, 0));
}

/* EPERM for itself, too. */
ATTEMPT(signal_another_thread)
{
    int pid = atoi(argument);

    if (pid == getpid())
        return EPERM;
    return OUTCOME(syscall(SYS_tgkill, pid, pid, 0));
}

ATTEMPT(queue_signal)
{
    siginfo_t info = {.si_code = SI_QUEUE};

    return OUTCOME(syscall(SYS_rt_sigqueueinfo, atoi(argument), 0, &info));
}

ATTEMPT(signal_by_pidfd)
{
    int fd = (int)syscall(SYS_pidfd_open, atoi(argument), 0);
    long sent = syscall(SYS_pidfd_send_signal, fd, 0, NULL, 0);
    int error = errno;

    if (fd >= 0)
        close(fd);
    errno = error;
    return OUTCOME(sent);
}

ATTEMPT(pidfd)
{
    int fd = (int)syscall(SYS_pidfd_open, getpid(), 0);

    if (fd >= 0)
        close(fd);
    return OUTCOME(fd);
}

ATTEMPT(trace)
{
    pid_t pid = atoi(argument);
    long seized = ptrace(PTRACE_SEIZE, pid, NULL, NULL);
    int error = errno;

    if (seized == 0 && ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) == 0 &&
        waitpid(pid, NULL, __WALL) == pid)
        ptrace(PTRACE_DETACH, pid, NULL, NULL);
    errno = error;
    return OUTCOME(seized);
}

ATTEMPT(read_memory)
{
    char byte;
    struct iovec here = {&byte, 1}, there = {&byte, 1};

    return OUTCOME(process_vm_readv(atoi(argument), &here, 1, &there, 1, 0));
}

ATTEMPT(take_descriptor)
{
    int fd = (int)syscall(SYS_pidfd_open, atoi(argument), 0);
    int taken = (int)syscall(SYS_pidfd_getfd, fd, 0, 0);
    int error = errno;

    if (taken >= 0)
        close(taken);
    if (fd >= 0)
        close(fd);
    errno = error;
    return OUTCOME(taken);
}

ATTEMPT(become_root)
{
    return OUTCOME(setresuid(0, 0, 0));
}

ATTEMPT(regain_capabilities)
{
    struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct all[_LINUX_CAPABILITY_U32S_3] = {
        {~0u, ~0u, 0}, {~0u, ~0u, 0}};

    return OUTCOME(syscall(SYS_capset, &head, all));
}

ATTEMPT(raise_limits)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_AS, &limit) < 0)
        return errno;
    if (limit.rlim_max == RLIM_INFINITY)
        return 0;
    limit.rlim_cur = ++limit.rlim_max;
    return OUTCOME(setrlimit(RLIMIT_AS, &limit));
}

ATTEMPT(become_dumpable)
{
    return OUTCOME(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
}

ATTEMPT(regain_privileges)
{
    return OUTCOME(prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0));
}

ATTEMPT(outlive_spd)
{
    int result = prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0);
    int error = errno;

    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    errno = error;
    return OUTCOME(result);
}

/* One that permits everything. */
ATTEMPT(own_filter)
{
    struct sock_filter permit = {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW};
    struct sock_fprog program = {1, &permit};

    return OUTCOME(
        syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program));
}
