/* SPDX-License-Identifier: MIT */
/* Gives up what root has, and what an administrator may have given spd's own
 * user besides. */
#define _GNU_SOURCE
#include "privileges.h"

#include <grp.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static int become(uid_t uid, struct fault *fault)
{
    gid_t gid = uid;

    if (setgroups(0, NULL) < 0)
        return fault_errno(fault, "setgroups");
    if (setresgid(gid, gid, gid) < 0)
        return fault_errno(fault, "setresgid to %u (of uid_range)", gid);
    if (setresuid(uid, uid, uid) < 0)
        return fault_errno(fault, "setresuid to %u (of uid_range)", uid);
    return 0;
}

int privileges_drop_capabilities(struct fault *fault)
{
    struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {0};

    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
        return fault_errno(fault, "PR_CAP_AMBIENT_CLEAR_ALL");
    if (syscall(SYS_capset, &head, none) < 0)
        return fault_errno(fault, "capset");
    return 0;
}

int privileges_drop(const struct sandbox_record *orders, struct fault *fault)
{
    if (orders->uid != SANDBOX_NO_UID && become(orders->uid, fault) < 0)
        return -1;
    if (geteuid() == 0)
        return fault_text(fault, "a uid of its own: root has given it none");
    if (privileges_drop_capabilities(fault) < 0)
        return -1;
    if (setresuid((uid_t)-1, 0, (uid_t)-1) == 0)
        return fault_text(fault, "a uid of its own: it can be root again");
    return 0;
}
