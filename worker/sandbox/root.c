/* SPDX-License-Identifier: MIT */
/* The new root is a tmpfs of a few pages.  Each path of the old one that is to
 * be there is a mount of its own in it, read-only, at the same place: with the
 * folders above it, and the symbolic links that lead to it. */
#define _GNU_SOURCE
#include "root.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* As many as the kernel follows. */
#define LINKS_MAX 40

#define TMPFS_SIZE "1m"
#define TMPFS_INODES "8192" /* more than allow_read has bytes */

/* ---- one path ---- */

/* Whether the path leads to the same file in the new root already. */
static bool is_shown(int root_fd, const char *path)
{
    struct open_how how = {.flags = O_PATH | O_CLOEXEC,
                           .resolve = RESOLVE_IN_ROOT};
    struct stat there, here;
    int fd = (int)syscall(SYS_openat2, root_fd, path, &how, sizeof how);
    bool same;

    if (fd < 0)
        return false;
    same = fstat(fd, &there) == 0 && stat(path, &here) == 0 &&
           there.st_dev == here.st_dev && there.st_ino == here.st_ino;
    close(fd);
    return same;
}

/* A copy of what is mounted at and below the path, read-only. */
static int clone_tree(const char *path)
{
    struct mount_attr readable = {.attr_set = MOUNT_ATTR_RDONLY |
                                              MOUNT_ATTR_NOSUID |
                                              MOUNT_ATTR_NODEV};
    int tree = open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC |
                                             AT_RECURSIVE);

    if (tree >= 0 && mount_setattr(tree, "", AT_EMPTY_PATH | AT_RECURSIVE,
                                   &readable, sizeof readable) < 0) {
        close(tree);
        return -1;
    }
    return tree;
}

static int make_place(int root_fd, const char *path, mode_t type)
{
    int made = S_ISDIR(type) ? mkdirat(root_fd, path + 1, 0755)
                             : mknodat(root_fd, path + 1, S_IFREG | 0444, 0);

    return made < 0 && errno != EEXIST ? -1 : 0;
}

/* No part of the path is a symbolic link, and the folders above it exist. */
static int mount_at(int root_fd, const char *path, mode_t type)
{
    int tree = clone_tree(path);
    int mounted = -1;

    if (tree < 0)
        return -1;
    if (make_place(root_fd, path, type) == 0)
        mounted =
            move_mount(tree, "", root_fd, path + 1, MOVE_MOUNT_F_EMPTY_PATH);
    close(tree);
    return mounted;
}

/* The first `len` bytes of the path are a symbolic link: makes the same, and
 * writes where the path leads. */
static int follow(int root_fd, const char *path, size_t len,
                  char out[PATH_MAX])
{
    char link[PATH_MAX], target[PATH_MAX];
    ssize_t size;
    int folder, wrote;

    snprintf(link, sizeof link, "%.*s", (int)len, path);
    size = readlink(link, target, sizeof target - 1);
    if (size < 0)
        return -1;
    target[size] = '\0';
    if (symlinkat(target, root_fd, link + 1) < 0 && errno != EEXIST)
        return -1;
    folder = target[0] == '/' ? 0 : (int)(strrchr(link, '/') + 1 - link);
    wrote = snprintf(out, PATH_MAX, "%.*s%s%s", folder, link, target,
                     path + len);
    if (wrote >= PATH_MAX) {
        errno = ENAMETOOLONG;
        return -1;
    }
    return 0;
}

/* Walks down the path, without a link, and mounts what is at its end.  Returns
 * how many bytes of it are a link; 0: none, and it is done; -1 and errno. */
static int walk(int root_fd, const char *path)
{
    size_t len = 0;

    for (;;) {
        char part[PATH_MAX];
        struct stat status;

        len += strspn(path + len, "/");
        len += strcspn(path + len, "/");
        if (snprintf(part, sizeof part, "%.*s", (int)len, path) >= PATH_MAX) {
            errno = ENAMETOOLONG;
            return -1;
        }
        if (lstat(part, &status) < 0)
            return -1;
        if (S_ISLNK(status.st_mode))
            return (int)len;
        if (path[len + strspn(path + len, "/")] == '\0')
            return mount_at(root_fd, part, status.st_mode);
        if (make_place(root_fd, part, S_IFDIR) < 0)
            return -1;
    }
}

/* 1: it is mounted now; 0: it was there, with at most a link more; -1 and
 * errno. */
static int show(int root_fd, const char *path)
{
    char now[PATH_MAX], next[PATH_MAX];

    if (is_shown(root_fd, path))
        return 0;
    snprintf(now, sizeof now, "%s", path);
    for (int links = 0; links < LINKS_MAX; links++) {
        int link = walk(root_fd, now);

        if (link <= 0)
            return link < 0 ? -1 : 1;
        if (follow(root_fd, now, (size_t)link, next) < 0)
            return -1;
        if (is_shown(root_fd, next))
            return 0;
        memcpy(now, next, sizeof now);
    }
    errno = ELOOP;
    return -1;
}

/* ---- all of them ---- */

static int show_configured(int root_fd, const struct sandbox_record *orders,
                           struct fault *fault)
{
    const char *path = NULL;

    while ((path = sandbox_record_path(orders, path)))
        if (show(root_fd, path) < 0)
            return fault_errno(fault, "allow_read %.200s", path);
    return 0;
}

/* What a program needs to be run, it needs for good. */
static int show_loading(struct root *root, int root_fd, bool for_good,
                        const char *const *files, struct fault *fault)
{
    int shown;

    for (size_t i = 0; i < LIBRARIES; i++) {
        shown = show(root_fd, libraries[i]);
        if (shown < 0 && errno != ENOENT)
            return fault_errno(fault, "mount namespace: %s", libraries[i]);
        root->libraries[i] = shown > 0 && !for_good;
    }
    for (; *files; files++) {
        shown = show(root_fd, *files);
        if (shown < 0)
            return fault_errno(fault, "%.300s, as uid %u", *files, geteuid());
        if (shown > 0 && !for_good)
            root->module = *files;
    }
    return 0;
}

/* ---- the new root ---- */

/* Mounted nowhere; -1 and errno. */
static int open_tmpfs(void)
{
    int fs = fsopen("tmpfs", FSOPEN_CLOEXEC);
    int mount = -1;

    if (fs < 0)
        return -1;
    if (fsconfig(fs, FSCONFIG_SET_STRING, "size", TMPFS_SIZE, 0) == 0 &&
        fsconfig(fs, FSCONFIG_SET_STRING, "nr_inodes", TMPFS_INODES, 0) == 0 &&
        fsconfig(fs, FSCONFIG_SET_STRING, "mode", "0755", 0) == 0 &&
        fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
        mount = fsmount(fs, FSMOUNT_CLOEXEC,
                        MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
                            MOUNT_ATTR_NOEXEC);
    close(fs);
    return mount;
}

/* Everything may be read: the new root is the old one, but for writing. */
static bool wants_all(const struct sandbox_record *orders)
{
    const char *path = NULL;

    while ((path = sandbox_record_path(orders, path)))
        if (path[strspn(path, "/")] == '\0')
            return true;
    return false;
}

/* Where the old root was; nothing leads there any more. */
static int pivot(int root_fd)
{
    if (fchdir(root_fd) < 0 || syscall(SYS_pivot_root, ".", ".") < 0)
        return -1;
    return umount2(".", MNT_DETACH) < 0 || chdir("/") < 0 ? -1 : 0;
}

static int fill(struct root *root, int root_fd,
                const struct sandbox_record *orders,
                const char *const *files, struct fault *fault)
{
    bool for_good = orders->allow & SANDBOX_ALLOW_COMMAND;
    struct mount_attr readable = {.attr_set = MOUNT_ATTR_RDONLY};

    if (show_configured(root_fd, orders, fault) < 0 ||
        show_loading(root, root_fd, for_good, files, fault) < 0)
        return -1;
    if (mount_setattr(root_fd, "", AT_EMPTY_PATH, &readable, sizeof readable) <
        0)
        return fault_errno(fault, "mount namespace (mount_setattr)");
    if (pivot(root_fd) < 0)
        return fault_errno(fault, "mount namespace (pivot_root)");
    return 0;
}

int root_enter(struct root *root, const struct sandbox_record *orders,
               const char *const *files, struct fault *fault)
{
    bool all = wants_all(orders);
    int root_fd, filled = -1;

    *root = (struct root){.module = NULL};
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        return fault_errno(fault, "mount namespace (MS_PRIVATE)");
    root_fd = all ? clone_tree("/") : open_tmpfs();
    if (root_fd < 0)
        return fault_errno(fault, "mount namespace (%s)",
                           all ? "open_tree" : "a tmpfs");
    if (move_mount(root_fd, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH) < 0)
        fault_errno(fault, "mount namespace (move_mount)");
    else
        filled = fill(root, root_fd, orders, files, fault);
    close(root_fd);
    return filled;
}

/* ---- once the module is loaded ---- */

static int hide(const char *path, struct fault *fault)
{
    if (umount2(path, MNT_DETACH) < 0)
        return fault_errno(fault, "mount namespace (umount2 of %.300s)", path);
    return 0;
}

int root_empty(const struct root *root, struct fault *fault)
{
    if (root->module && hide(root->module, fault) < 0)
        return -1;
    for (size_t i = LIBRARIES; i > 0; i--)
        if (root->libraries[i - 1] && hide(libraries[i - 1], fault) < 0)
            return -1;
    return 0;
}
