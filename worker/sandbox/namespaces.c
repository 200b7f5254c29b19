/* SPDX-License-Identifier: MIT */
/* unshare(), one kind after the other, so that the one that is missing has a
 * name; and the user namespace's one user. */
#define _GNU_SOURCE
#include "namespaces.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "layers.h"
#include "privileges.h"

static const struct kind {
    const char *name;
    const char *file; /* of /proc/PID/ns, and in the names of limits */
    int flag;
    bool built;
} kinds[] = {
#define KIND(KIND, file, words)                                                \
    {words, file, CLONE_NEW##KIND, HAS_LAYER(KIND)},
    SANDBOX_NAMESPACE_TABLE(KIND)
#undef KIND
};

/* ---- its one user ---- */

static int write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    ssize_t wrote;

    if (fd < 0)
        return -1;
    wrote = write(fd, text, strlen(text));
    close(fd);
    return wrote == (ssize_t)strlen(text) ? 0 : -1;
}

static int map_ids(uid_t uid, gid_t gid)
{
    char users[32], groups[32];

    snprintf(users, sizeof users, "%u %u 1", uid, uid);
    snprintf(groups, sizeof groups, "%u %u 1", gid, gid);
    return write_file("/proc/self/setgroups", "deny") < 0 ||
                   write_file("/proc/self/uid_map", users) < 0 ||
                   write_file("/proc/self/gid_map", groups) < 0
               ? -1
               : 0;
}

/* It keeps its numbers.  Once it has changed its uid its files in /proc are
 * root's, unless it is dumpable for a moment. */
static int map_user(uid_t uid, gid_t gid, struct fault *fault)
{
    int dumpable = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
    int mapped;

    prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
    mapped = map_ids(uid, gid);
    if (mapped < 0)
        fault_errno(fault, "user namespace (its uid_map)");
    if (dumpable != 1)
        prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    return mapped;
}

/* ---- all of them ---- */

static bool is_wanted(const struct kind *kind,
                      const struct sandbox_record *orders)
{
    return kind->built && (kind->flag != CLONE_NEWNET ||
                           !(orders->allow & SANDBOX_ALLOW_NETWORK));
}

/* "No space left on device" would help nobody. */
static int refuse(const struct kind *kind, struct fault *fault)
{
    if (errno == ENOSPC)
        return fault_text(fault, "%s namespace: user.max_%s_namespaces allows "
                                 "no more here",
                          kind->name, kind->file);
    return fault_errno(fault, "%s namespace (unshare)", kind->name);
}

static int enter_all(const struct sandbox_record *orders, struct fault *fault)
{
    uid_t uid = geteuid();
    gid_t gid = getegid();

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        const struct kind *kind = &kinds[i];

        if (!is_wanted(kind, orders))
            continue;
        if (unshare(kind->flag) < 0)
            return refuse(kind, fault);
        if (kind->flag == CLONE_NEWUSER && map_user(uid, gid, fault) < 0)
            return -1;
    }
    return 0;
}

/* In the holder. */
static int empty_root(void *context, struct fault *fault)
{
    struct namespaces *namespaces = context;

    if (LAYER(EMPTY_ROOT, root_empty(&namespaces->root, fault)) < 0)
        return -1;
    return privileges_drop_capabilities(fault);
}

int namespaces_enter(struct namespaces *namespaces,
                     const struct sandbox_record *orders,
                     const char *const *files, pid_t supervisor,
                     int control_fd, struct fault *fault)
{
    struct holder_orders holder = {.control_fd = control_fd,
                                   .on_loaded = empty_root,
                                   .context = namespaces};
    int started;

    holder.supervisor_fd = pidfd_open(supervisor, 0);
    if (holder.supervisor_fd < 0)
        return fault_errno(fault, "pidfd_open");
    started = enter_all(orders, fault);
    if (started == 0)
        started = LAYER(ROOT, root_enter(&namespaces->root, orders, files,
                                         fault));
    if (started == 0)
        started = holder_start(&namespaces->holder, &holder, fault);
    close(holder.supervisor_fd);
    return started < 0 ? -1 : privileges_drop_capabilities(fault);
}

int namespaces_seal(struct namespaces *namespaces, struct fault *fault)
{
    return holder_tell_loaded(&namespaces->holder, fault);
}
