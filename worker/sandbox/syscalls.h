/* SPDX-License-Identifier: MIT */
/* worker/sandbox/syscalls.h - every system call that a confined process may
 * make.  The only list: the filters (seccomp.c) and the tables in
 * worker/SANDBOX.md derive from it.
 *
 * When a call is permitted:
 *
 *   ALWAYS   in templates, sessions and programs
 *   OURS     in templates and sessions alone
 *   LOAD     until the module is loaded
 *   READ     until then, and with allow_read
 *   FORK     with allow_fork
 *   NETWORK  with allow_network
 *   WX       with allow_wx
 *   SCOPED   where a signal stays within a session (Landlock's ABI 6)
 *   PROGRAM  in command modules, to be run and by interpreters
 *   RUNTIME  there, by what runs a program, and not by the program
 *
 * All else fails with EPERM; numbers that this build does not know, and
 * clone3, with ENOSYS, which the C library answers with an older call. */
#ifndef SANDBOX_SYSCALLS_H
#define SANDBOX_SYSCALLS_H

enum syscall_when {
    WHEN_ALWAYS,
    WHEN_OURS,
    WHEN_LOAD,
    WHEN_READ,
    WHEN_FORK,
    WHEN_NETWORK,
    WHEN_WX,
    WHEN_SCOPED,
    WHEN_PROGRAM,
    WHEN_RUNTIME,
    WHENS
};

/* X(WHEN, name): whatever the arguments. */
#define SYSCALL_TABLE(X)                                                       \
    /* bytes to and from descriptors that it has */                            \
    X(ALWAYS, read)                                                            \
    X(ALWAYS, write)                                                           \
    X(ALWAYS, readv)                                                           \
    X(ALWAYS, writev)                                                          \
    X(ALWAYS, pread64)                                                         \
    X(ALWAYS, pwrite64)                                                        \
    X(ALWAYS, lseek)                                                           \
    X(ALWAYS, fstat)                                                           \
    X(ALWAYS, recvfrom)                                                        \
    X(ALWAYS, accept4)                                                         \
    X(ALWAYS, shutdown)                                                        \
    X(ALWAYS, getsockopt)                                                      \
    X(ALWAYS, close)                                                           \
    X(ALWAYS, close_range)                                                     \
    X(ALWAYS, dup)                                                             \
    X(ALWAYS, dup2)                                                            \
    X(ALWAYS, dup3)                                                            \
    X(ALWAYS, pipe2)                                                           \
    /* waiting */                                                              \
    X(ALWAYS, epoll_create1)                                                   \
    X(ALWAYS, epoll_ctl)                                                       \
    X(ALWAYS, epoll_wait)                                                      \
    X(ALWAYS, epoll_pwait)                                                     \
    X(ALWAYS, epoll_pwait2)                                                    \
    X(ALWAYS, poll)                                                            \
    X(ALWAYS, ppoll)                                                           \
    X(ALWAYS, select)                                                          \
    X(ALWAYS, pselect6)                                                        \
    X(ALWAYS, pause)                                                           \
    X(ALWAYS, eventfd2)                                                        \
    X(ALWAYS, timerfd_create)                                                  \
    X(ALWAYS, timerfd_settime)                                                 \
    X(ALWAYS, timerfd_gettime)                                                 \
    X(ALWAYS, futex)                                                           \
    X(ALWAYS, restart_syscall)                                                 \
    /* time */                                                                 \
    X(ALWAYS, clock_gettime)                                                   \
    X(ALWAYS, clock_getres)                                                    \
    X(ALWAYS, clock_nanosleep)                                                 \
    X(ALWAYS, nanosleep)                                                       \
    X(ALWAYS, gettimeofday)                                                    \
    X(ALWAYS, time)                                                            \
    X(ALWAYS, times)                                                           \
    X(ALWAYS, getrusage)                                                       \
    X(ALWAYS, setitimer)                                                       \
    X(ALWAYS, alarm)                                                           \
    /* memory */                                                               \
    X(ALWAYS, brk)                                                             \
    X(ALWAYS, munmap)                                                          \
    X(ALWAYS, mremap)                                                          \
    X(ALWAYS, madvise)                                                         \
    X(ALWAYS, membarrier)                                                      \
    X(ALWAYS, getrandom)                                                       \
    /* itself */                                                               \
    X(ALWAYS, getpid)                                                          \
    X(ALWAYS, getppid)                                                         \
    X(ALWAYS, gettid)                                                          \
    X(ALWAYS, getuid)                                                          \
    X(ALWAYS, geteuid)                                                         \
    X(ALWAYS, getgid)                                                          \
    X(ALWAYS, getegid)                                                         \
    X(ALWAYS, setsid)                                                          \
    X(ALWAYS, uname)                                                           \
    X(ALWAYS, getcpu)                                                          \
    X(ALWAYS, sched_yield)                                                     \
    X(ALWAYS, sched_getaffinity)                                               \
    X(ALWAYS, rseq)                                                            \
    X(ALWAYS, set_robust_list)                                                 \
    X(ALWAYS, exit)                                                            \
    X(ALWAYS, exit_group)                                                      \
    /* its own signals */                                                      \
    X(ALWAYS, rt_sigaction)                                                    \
    X(ALWAYS, rt_sigprocmask)                                                  \
    X(ALWAYS, rt_sigreturn)                                                    \
    X(ALWAYS, sigaltstack)                                                     \
    X(SCOPED, tgkill)                                                          \
    /* more confinement */                                                     \
    X(ALWAYS, landlock_restrict_self)                                          \
    X(LOAD, landlock_create_ruleset)                                           \
    X(LOAD, landlock_add_rule)                                                 \
    X(LOAD, seccomp)                                                           \
    /* files */                                                                \
    X(READ, stat)                                                              \
    X(READ, lstat)                                                             \
    X(READ, newfstatat)                                                        \
    X(READ, statx)                                                             \
    X(READ, access)                                                            \
    X(READ, faccessat)                                                         \
    X(READ, faccessat2)                                                        \
    X(READ, readlink)                                                          \
    X(READ, readlinkat)                                                        \
    X(READ, getcwd)                                                            \
    X(READ, getdents64)                                                        \
    X(READ, fadvise64)                                                         \
    /* children */                                                             \
    X(FORK, vfork)                                                             \
    X(FORK, wait4)                                                             \
    X(FORK, waitid)                                                            \
    /* the network */                                                          \
    X(NETWORK, connect)                                                        \
    X(NETWORK, bind)                                                           \
    X(NETWORK, listen)                                                         \
    X(NETWORK, accept)                                                         \
    X(NETWORK, setsockopt)                                                     \
    X(NETWORK, getsockname)                                                    \
    X(NETWORK, getpeername)                                                    \
    /* code made at run time */                                                \
    X(WX, mmap)                                                                \
    X(WX, mprotect)                                                            \
    /* programs: to be run, and what interpreters call besides */              \
    X(PROGRAM, execve)                                                         \
    X(PROGRAM, arch_prctl)                                                     \
    X(PROGRAM, set_tid_address)                                                \
    X(PROGRAM, rt_sigsuspend)                                                  \
    X(PROGRAM, rt_sigtimedwait)                                                \
    X(PROGRAM, rt_sigpending)                                                  \
    X(PROGRAM, getpgrp)                                                        \
    X(PROGRAM, getgroups)                                                      \
    X(PROGRAM, getresuid)                                                      \
    X(PROGRAM, getresgid)                                                      \
    X(PROGRAM, sysinfo)                                                        \
    X(PROGRAM, umask)                                                          \
    X(PROGRAM, pipe)                                                           \
    X(PROGRAM, epoll_create)                                                   \
    X(PROGRAM, preadv)                                                         \
    X(PROGRAM, pwritev)                                                        \
    /* and the processes of programs */                                        \
    X(RUNTIME, waitid)                                                         \
    X(RUNTIME, tgkill)                                                         \
    X(RUNTIME, pidfd_send_signal)

/* Of clone(): what makes it a thread of the caller, and what threads of one C
 * library or another have besides. */
#define THREAD_MUST (CLONE_VM | CLONE_SIGHAND | CLONE_THREAD)
#define THREAD_MAY                                                             \
    (CLONE_FS | CLONE_FILES | CLONE_SYSVSEM | CLONE_SETTLS |                   \
     CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID | CLONE_CHILD_SETTID |         \
     CLONE_DETACHED)

/* X(WHEN, name, words, count of conditions, conditions...): libseccomp's own,
 * all of which must hold.  32 bits of what the kernel takes as an int: it
 * ignores the rest, and so must the filter.  `profile` is a struct
 * seccomp_profile. */
#define SYSCALL_BY_ARGUMENT_TABLE(X)                                           \
    X(ALWAYS, mmap, "memory that is not executable", 1,                        \
      SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0))                               \
    X(LOAD, mmap, "executable memory that is not writable", 1,                 \
      SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC | PROT_WRITE, PROT_EXEC))          \
    X(ALWAYS, mprotect, "memory that is not executable", 1,                    \
      SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0))                               \
    X(ALWAYS, sendto, "without an address", 1, SCMP_A4(SCMP_CMP_EQ, 0))        \
    X(NETWORK, sendto, "to an address", 1, SCMP_A4(SCMP_CMP_NE, 0))            \
    X(OURS, recvmsg, "on the template's control socket", 1,                    \
      SCMP_A0_32(SCMP_CMP_EQ, (uint32_t)profile->control_fd))                  \
    X(ALWAYS, fcntl, "F_GETFL", 1, SCMP_A1_32(SCMP_CMP_EQ, F_GETFL))           \
    X(ALWAYS, fcntl, "F_SETFL, without O_ASYNC", 2,                            \
      SCMP_A1_32(SCMP_CMP_EQ, F_SETFL),                                        \
      SCMP_A2(SCMP_CMP_MASKED_EQ, O_ASYNC, 0))                                 \
    X(ALWAYS, fcntl, "F_GETFD", 1, SCMP_A1_32(SCMP_CMP_EQ, F_GETFD))           \
    X(ALWAYS, fcntl, "F_SETFD", 1, SCMP_A1_32(SCMP_CMP_EQ, F_SETFD))           \
    X(ALWAYS, fcntl, "F_DUPFD_CLOEXEC", 1,                                     \
      SCMP_A1_32(SCMP_CMP_EQ, F_DUPFD_CLOEXEC))                                \
    X(ALWAYS, ioctl, "FIONREAD", 1, SCMP_A1_32(SCMP_CMP_EQ, FIONREAD))         \
    X(ALWAYS, prlimit64, "itself", 1, SCMP_A0_32(SCMP_CMP_EQ, 0))              \
    X(ALWAYS, prctl, "PR_SET_NAME", 1, SCMP_A0_32(SCMP_CMP_EQ, PR_SET_NAME))   \
    X(ALWAYS, prctl, "PR_SET_PDEATHSIG to SIGKILL", 2,                         \
      SCMP_A0_32(SCMP_CMP_EQ, PR_SET_PDEATHSIG),                               \
      SCMP_A1(SCMP_CMP_EQ, SIGKILL))                                           \
    X(FORK, prctl, "PR_SET_CHILD_SUBREAPER", 1,                                \
      SCMP_A0_32(SCMP_CMP_EQ, PR_SET_CHILD_SUBREAPER))                         \
    X(OURS, clone, "a session, by the template", 1,                            \
      SCMP_A0(SCMP_CMP_EQ, CLONE_PARENT | SIGCHLD))                            \
    X(FORK, clone, "a child", 1,                                               \
      SCMP_A0(SCMP_CMP_EQ,                                                     \
              CLONE_CHILD_CLEARTID | CLONE_CHILD_SETTID | SIGCHLD))            \
    X(FORK, clone, "a child by posix_spawn()", 1,                              \
      SCMP_A0(SCMP_CMP_EQ, CLONE_VM | CLONE_VFORK | SIGCHLD))                  \
    X(RUNTIME, prctl, "PR_SET_CHILD_SUBREAPER", 1,                             \
      SCMP_A0_32(SCMP_CMP_EQ, PR_SET_CHILD_SUBREAPER))                         \
    X(RUNTIME, clone, "a program", 1,                                          \
      SCMP_A0(SCMP_CMP_EQ, CLONE_PIDFD | SIGCHLD))                             \
    X(RUNTIME, clone, "a program, in a user namespace", 1,                     \
      SCMP_A0(SCMP_CMP_EQ, CLONE_NEWUSER | CLONE_PIDFD | SIGCHLD))             \
    X(PROGRAM, clone, "a thread", 1,                                           \
      SCMP_A0(SCMP_CMP_MASKED_EQ, ~(uint64_t)THREAD_MAY, THREAD_MUST))         \
    X(PROGRAM, mmap, "executable memory that is not writable", 1,              \
      SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC | PROT_WRITE, PROT_EXEC))          \
    X(PROGRAM, ioctl, "FIOCLEX", 1, SCMP_A1_32(SCMP_CMP_EQ, FIOCLEX))          \
    X(PROGRAM, ioctl, "FIONCLEX", 1, SCMP_A1_32(SCMP_CMP_EQ, FIONCLEX))        \
    X(PROGRAM, ioctl, "FIONBIO", 1, SCMP_A1_32(SCMP_CMP_EQ, FIONBIO))          \
    X(PROGRAM, ioctl, "TCGETS", 1, SCMP_A1_32(SCMP_CMP_EQ, TCGETS))            \
    X(PROGRAM, fcntl, "F_DUPFD", 1, SCMP_A1_32(SCMP_CMP_EQ, F_DUPFD))          \
    X(PROGRAM, socketpair, "AF_UNIX", 1, SCMP_A0_32(SCMP_CMP_EQ, AF_UNIX))     \
    X(READ, open, "to read", 1,                                                \
      SCMP_A1(SCMP_CMP_MASKED_EQ, OPEN_MORE_THAN_READ, 0))                     \
    X(READ, openat, "to read", 1,                                              \
      SCMP_A2(SCMP_CMP_MASKED_EQ, OPEN_MORE_THAN_READ, 0))                     \
    X(NETWORK, socket, "AF_INET", 1, SCMP_A0_32(SCMP_CMP_EQ, AF_INET))         \
    X(NETWORK, socket, "AF_INET6", 1, SCMP_A0_32(SCMP_CMP_EQ, AF_INET6))

/* X(name): nothing that works calls these.  Whoever does is killed. */
#define SYSCALL_DEADLY_TABLE(X)                                                \
    X(ptrace)                                                                  \
    X(process_vm_readv)                                                        \
    X(process_vm_writev)                                                       \
    X(pidfd_getfd)                                                             \
    X(bpf)                                                                     \
    X(perf_event_open)                                                         \
    X(userfaultfd)                                                             \
    X(io_uring_setup)                                                          \
    X(io_uring_enter)                                                          \
    X(io_uring_register)                                                       \
    X(keyctl)                                                                  \
    X(add_key)                                                                 \
    X(request_key)                                                             \
    X(mount)                                                                   \
    X(umount2)                                                                 \
    X(fsopen)                                                                  \
    X(fsconfig)                                                                \
    X(fsmount)                                                                 \
    X(fspick)                                                                  \
    X(move_mount)                                                              \
    X(open_tree)                                                               \
    X(mount_setattr)                                                           \
    X(pivot_root)                                                              \
    X(chroot)                                                                  \
    X(setns)                                                                   \
    X(unshare)                                                                 \
    X(kexec_load)                                                              \
    X(kexec_file_load)                                                         \
    X(init_module)                                                             \
    X(finit_module)                                                            \
    X(delete_module)                                                           \
    X(open_by_handle_at)                                                       \
    X(memfd_secret)

#endif
