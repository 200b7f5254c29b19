/* SPDX-License-Identifier: MIT */
/* One function a primitive: it tries what the sandbox does, in the smallest
 * form that shows whether the kernel lets it.  Caller: probe.c. */
#define _GNU_SOURCE
#include "primitives.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "primitives_own.h"
#include "sandbox/death.h"
#include "sandbox/privileges.h"

/* ---- what every tier stands on ---- */

void try_PDEATHSIG(struct primitive_finding *finding)
{
    finding_judge(finding, "PR_SET_PDEATHSIG", death_link(getppid()) == 0);
}

void try_CLONE_PARENT(struct primitive_finding *finding)
{
    pid_t parent = getppid();
    pid_t pid;
    int ends[2];
    pid_t seen = 0;

    if (pipe(ends) < 0) {
        finding_absent(finding, "pipe");
        return;
    }
    pid = (pid_t)syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);
    if (pid == 0) {
        seen = getppid();
        _exit(write(ends[1], &seen, sizeof seen) != sizeof seen);
    }
    close(ends[1]);
    if (pid < 0 || read(ends[0], &seen, sizeof seen) != sizeof seen)
        finding_absent(finding, "clone");
    else
        finding_judge(finding, "its parent is another", seen == parent);
}

void try_PASSCRED(struct primitive_finding *finding)
{
    char control[CMSG_SPACE(sizeof(struct ucred))];
    char byte = 0;
    struct iovec iov = {&byte, 1};
    struct msghdr msg = {.msg_iov = &iov,
                         .msg_iovlen = 1,
                         .msg_control = control,
                         .msg_controllen = sizeof control};
    struct ucred sender = {0};
    int on = 1, ends[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) < 0 ||
        setsockopt(ends[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof on) < 0 ||
        send(ends[1], &byte, 1, 0) != 1 || recvmsg(ends[0], &msg, 0) != 1) {
        finding_absent(finding, "SO_PASSCRED");
        return;
    }
    if (CMSG_FIRSTHDR(&msg) &&
        CMSG_FIRSTHDR(&msg)->cmsg_type == SCM_CREDENTIALS)
        memcpy(&sender, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof sender);
    finding_judge(finding, "a record without a stamp", sender.pid == getpid());
}

void try_PIDFD(struct primitive_finding *finding)
{
    pid_t parent = getpid(), pid = fork();
    siginfo_t info = {0};
    int fd;

    if (pid == 0) {
        if (death_link(parent) == 0)
            pause();
        _exit(0);
    }
    fd = pid > 0 ? pidfd_open(pid, 0) : -1;
    finding_judge(finding, "pidfd_open, pidfd_send_signal or waitid",
          fd >= 0 && pidfd_send_signal(fd, SIGKILL, NULL, 0) == 0 &&
              waitid(P_PIDFD, (id_t)fd, &info, WEXITED) == 0);
    if (fd < 0 && pid > 0)
        kill(pid, SIGKILL);
}

void try_CLOSE_RANGE(struct primitive_finding *finding)
{
    int fd = open("/", O_PATH);

    finding_judge(finding, "close_range",
          fd >= 0 && close_range((unsigned)fd, (unsigned)fd, 0) == 0);
}

void try_MEMFD_SEALS(struct primitive_finding *finding)
{
    int fd = memfd_create("sp-probe", MFD_CLOEXEC | MFD_ALLOW_SEALING);

    finding_judge(finding, "memfd_create, or its seals",
          fd >= 0 && ftruncate(fd, 4096) == 0 &&
              fcntl(fd, F_ADD_SEALS,
                    F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0);
}

void try_NO_NEW_PRIVS(struct primitive_finding *finding)
{
    finding_judge(finding, "PR_SET_NO_NEW_PRIVS",
          prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
}

void try_CHILDREN(struct primitive_finding *finding)
{
    char path[64];

    snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
    finding_judge(finding, "/proc/self/task/*/children",
                  access(path, R_OK) == 0);
}

/* ---- default ---- */

void try_UNSANITIZED(struct primitive_finding *finding)
{
#ifdef SP_SANITIZE
    finding_because(finding, "built with sanitizers");
#else
    finding_present(finding, "%s", "");
#endif
}

void try_SECCOMP(struct primitive_finding *finding)
{
    struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    struct sock_fprog program = {1, &allow};

    finding_judge(finding, "seccomp",
          prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
              syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0);
}

void try_RLIMITS(struct primitive_finding *finding)
{
    static const struct {
        const char *name;
        int resource;
    } rows[] = {{"RLIMIT_AS", RLIMIT_AS},
                {"RLIMIT_FSIZE", RLIMIT_FSIZE},
                {"RLIMIT_MEMLOCK", RLIMIT_MEMLOCK},
                {"RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE},
                {"RLIMIT_NOFILE", RLIMIT_NOFILE},
                {"RLIMIT_NPROC", RLIMIT_NPROC}};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rlimit limit;

        if (getrlimit((__rlimit_resource_t)rows[i].resource, &limit) == 0) {
            limit.rlim_max = limit.rlim_cur;
            if (setrlimit((__rlimit_resource_t)rows[i].resource, &limit) == 0)
                continue;
        }
        finding_absent(finding, rows[i].name);
        return;
    }
    finding_present(finding, "%s", "");
}

/* The others are tried as this user: it is so, or there is none. */
void try_OWN_UID(struct primitive_finding *finding)
{
    if (geteuid() == 0)
        finding_because(finding, "root has given none");
    else
        finding_present(finding, "as uid %u", geteuid());
}

/* ---- Landlock ---- */

static long landlock_abi(void)
{
    return syscall(SYS_landlock_create_ruleset, NULL, 0,
                   LANDLOCK_CREATE_RULESET_VERSION);
}

void try_LANDLOCK(struct primitive_finding *finding)
{
    struct landlock_ruleset_attr rules = {
        .handled_access_fs = LANDLOCK_ACCESS_FS_EXECUTE};
    long abi = landlock_abi();
    long fd = abi > 0 ? syscall(SYS_landlock_create_ruleset, &rules,
                                sizeof rules, 0)
                      : -1;

    if (fd < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
        syscall(SYS_landlock_restrict_self, fd, 0) < 0)
        finding_absent(finding, "landlock");
    else
        finding_present(finding, "ABI %ld", abi);
}

static void need_abi(struct primitive_finding *finding, long wanted)
{
    long abi = landlock_abi();

    if (abi >= wanted) {
        finding_present(finding, "ABI %ld", abi);
        return;
    }
    snprintf(finding->detail, sizeof finding->detail,
             "ABI %ld, it is ABI %ld's", abi < 0 ? 0 : abi, wanted);
    finding->state = PRIMITIVE_ABSENT;
}

void try_LANDLOCK_TRUNCATE(struct primitive_finding *finding)
{
    need_abi(finding, 3);
}

void try_LANDLOCK_TCP(struct primitive_finding *finding)
{
    need_abi(finding, 4);
}

void try_LANDLOCK_IOCTL(struct primitive_finding *finding)
{
    need_abi(finding, 5);
}

void try_LANDLOCK_SCOPES(struct primitive_finding *finding)
{
    need_abi(finding, 6);
}

/* So on every kernel: who is to end them has ended. */
void try_SETTLED_DEATH(struct primitive_finding *finding)
{
    finding_because(finding, "in default nobody is left to end them");
}

/* ---- what spd alone can know ---- */

#define UNTRIED(NAME)                                                          \
    void try_##NAME(struct primitive_finding *finding)                         \
    {                                                                          \
        (void)finding;                                                         \
    }

UNTRIED(CGROUP)
UNTRIED(CGROUP_MEMORY)
UNTRIED(CGROUP_PIDS)
UNTRIED(CGROUP_CPU)
UNTRIED(CGROUP_KILL)
UNTRIED(DESCRIPTORS)
UNTRIED(MEMORY_DIRECTORY)

/* ---- all of them ---- */

static void (*const tries[])(struct primitive_finding *finding) = {
#define ROW(NAME, word, NEED, follows) try_##NAME,
    PRIMITIVE_TABLE(ROW)
#undef ROW
};

void primitive_try(enum primitive primitive, uid_t uid,
                   struct primitive_finding *out_finding)
{
    struct sandbox_record orders = {.uid = uid};
    pid_t parent = getppid();
    struct fault fault;

    /* where it has no uid to become, the others are tried as who it is */
    if (uid != SANDBOX_NO_UID && privileges_drop(&orders, &fault) < 0 &&
        primitive == PRIMITIVE_OWN_UID) {
        snprintf(out_finding->detail, sizeof out_finding->detail, "%.*s",
                 PRIMITIVE_DETAIL_MAX, fault.text);
        out_finding->state = PRIMITIVE_ABSENT;
        return;
    }
    if (death_link(parent) < 0)
        return; /* nobody wants to know any more */
    errno = 0;
    tries[primitive](out_finding);
}
