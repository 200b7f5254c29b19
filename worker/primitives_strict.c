/* SPDX-License-Identifier: MIT */
/* What strict needs besides: namespaces, and mounts in them, which end with
 * this process.  Caller: primitives.c. */
#define _GNU_SOURCE
#include "primitives_own.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ---- namespaces ---- */

static bool write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool wrote = fd >= 0 &&
                 write(fd, text, strlen(text)) == (ssize_t)strlen(text);

    if (fd >= 0)
        close(fd);
    return wrote;
}

static bool enter_user(struct primitive_finding *finding)
{
    char users[32], groups[32];

    snprintf(users, sizeof users, "%u %u 1", geteuid(), geteuid());
    snprintf(groups, sizeof groups, "%u %u 1", getegid(), getegid());
    if (unshare(CLONE_NEWUSER) < 0) {
        finding_absent(finding, "unshare of a user namespace");
        return false;
    }
    /* after a change of uid its files in /proc are root's otherwise */
    prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
    if (write_file("/proc/self/setgroups", "deny") &&
        write_file("/proc/self/uid_map", users) &&
        write_file("/proc/self/gid_map", groups))
        return true;
    finding_absent(finding, "uid_map");
    return false;
}

void try_NS_USER(struct primitive_finding *finding)
{
    if (enter_user(finding)) /* AppArmor lets it be made, but without rights */
        finding_judge(finding, "rights in it", unshare(CLONE_NEWUTS) == 0);
}

static void try_namespace(struct primitive_finding *finding, int kind)
{
    if (enter_user(finding))
        finding_judge(finding, "unshare", unshare(kind) == 0);
}

#define TRY_NAMESPACE(NAME, KIND)                                              \
    void try_##NAME(struct primitive_finding *finding)                  \
    {                                                                          \
        try_namespace(finding, KIND);                                          \
    }
TRY_NAMESPACE(NS_MOUNT, CLONE_NEWNS)
TRY_NAMESPACE(NS_NET, CLONE_NEWNET)
TRY_NAMESPACE(NS_IPC, CLONE_NEWIPC)
TRY_NAMESPACE(NS_UTS, CLONE_NEWUTS)
TRY_NAMESPACE(NS_CGROUP, CLONE_NEWCGROUP)
TRY_NAMESPACE(NS_PID, CLONE_NEWPID)
#undef TRY_NAMESPACE

/* ---- the empty root, in a mount namespace that ends with this process ---- */

static bool enter_mount(struct primitive_finding *finding)
{
    if (!enter_user(finding))
        return false;
    if (unshare(CLONE_NEWNS) == 0 &&
        mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0)
        return true;
    finding_absent(finding, "mount namespace");
    return false;
}

/* At a folder that every machine has. */
static bool mount_tmpfs(void)
{
    return mount("tmpfs", "/proc", "tmpfs", MS_NOSUID | MS_NODEV,
                 "size=64k") == 0;
}

void try_TMPFS(struct primitive_finding *finding)
{
    if (enter_mount(finding))
        finding_judge(finding, "mount of a tmpfs", mount_tmpfs());
}

static int copy_tree(void)
{
    return open_tree(AT_FDCWD, "/usr",
                     OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
}

void try_OPEN_TREE(struct primitive_finding *finding)
{
    if (enter_mount(finding))
        finding_judge(finding, "open_tree", copy_tree() >= 0);
}

void try_MOUNT_SETATTR(struct primitive_finding *finding)
{
    struct mount_attr readable = {.attr_set = MOUNT_ATTR_RDONLY};

    if (enter_mount(finding))
        finding_judge(finding, "mount_setattr",
              mount_setattr(copy_tree(), "", AT_EMPTY_PATH | AT_RECURSIVE,
                            &readable, sizeof readable) == 0);
}

void try_MOVE_MOUNT(struct primitive_finding *finding)
{
    if (enter_mount(finding))
        finding_judge(finding, "move_mount",
              mount_tmpfs() && mkdir("/proc/usr", 0700) == 0 &&
                  move_mount(copy_tree(), "", AT_FDCWD, "/proc/usr",
                             MOVE_MOUNT_F_EMPTY_PATH) == 0);
}

void try_PIVOT_ROOT(struct primitive_finding *finding)
{
    if (enter_mount(finding))
        finding_judge(finding, "pivot_root",
              mount_tmpfs() && chdir("/proc") == 0 &&
                  syscall(SYS_pivot_root, ".", ".") == 0 &&
                  umount2(".", MNT_DETACH) == 0);
}
