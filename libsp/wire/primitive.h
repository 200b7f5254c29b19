/* SPDX-License-Identifier: MIT */
/* wire/primitive.h - what the kernel has to offer so that sessions can be
 * confined: each primitive, who needs it, and what follows where it is missing.
 *
 * The table is the only list.  sp-worker --probe tries each and prints a line
 * for it, spd reads those lines as it reads all that strangers send, and spctl
 * doctor shows them.  Pure: whoever tries them is worker/primitives.c. */
#ifndef WIRE_PRIMITIVE_H
#define WIRE_PRIMITIVE_H

#include <stdbool.h>
#include <stddef.h>

#include "sandbox.h"

/* X(NAME, word): by whom it is needed.  A tier needs those of the tiers before
 * it, too; what is merely better with it, or a setting's, is needed by none. */
#define PRIMITIVE_NEED_TABLE(X)                                                \
    X(NONE, "all tiers")                                                       \
    X(DEFAULT, "default")                                                      \
    X(STRICT, "strict")                                                        \
    X(BETTER, "better with it")                                                \
    X(SETTING, "a setting")

enum primitive_need {
#define PRIMITIVE_NEED_ENUM_(NAME, word) PRIMITIVE_NEED_##NAME,
    PRIMITIVE_NEED_TABLE(PRIMITIVE_NEED_ENUM_)
#undef PRIMITIVE_NEED_ENUM_
};

/* X(NAME, word) */
#define PRIMITIVE_STATE_TABLE(X)                                               \
    X(UNKNOWN, "unknown")                                                      \
    X(PRESENT, "present")                                                      \
    X(ABSENT, "absent")

enum primitive_state {
#define PRIMITIVE_STATE_ENUM_(NAME, word) PRIMITIVE_##NAME,
    PRIMITIVE_STATE_TABLE(PRIMITIVE_STATE_ENUM_)
#undef PRIMITIVE_STATE_ENUM_
        PRIMITIVE_STATES
};

#define PRIMITIVE_NO_USER                                                      \
    "no tier strict: allow user namespaces (sysctl user.max_user_namespaces, " \
    "kernel.unprivileged_userns_clone, "                                       \
    "kernel.apparmor_restrict_unprivileged_userns)"
#define PRIMITIVE_NO_NAMESPACE                                                 \
    "no tier strict: it needs user namespaces and this kind, which a sysctl "  \
    "user.max_..._namespaces may have set to 0"

/* X(NAME, word, NEED, what follows where it is missing) */
#define PRIMITIVE_TABLE(X)                                                     \
    X(PDEATHSIG, "death-signal", NONE,                                         \
      "spd starts no session: their end could not be tied to its own")         \
    X(CLONE_PARENT, "clone-parent", NONE,                                      \
      "spd starts no session: a template's forks would not be its children")   \
    X(PASSCRED, "stamped-records", NONE,                                       \
      "spd starts no session: it takes process IDs from the kernel alone")     \
    X(PIDFD, "pidfd", NONE,                                                    \
      "spd starts no session: it waits and signals by pidfd (Linux 5.4)")      \
    X(CLOSE_RANGE, "close-range", NONE,                                        \
      "spd starts no session: descriptors are closed by range (Linux 5.9)")    \
    X(MEMFD_SEALS, "memfd-seals", NONE,                                        \
      "spd starts no session: the memory shared with one must be sealed")      \
    X(NO_NEW_PRIVS, "no-new-privs", NONE,                                      \
      "spd starts no session: programs could gain privileges")                 \
    X(CHILDREN, "children-list", NONE,                                         \
      "children that nobody announced are not found: the kernel needs "        \
      "CONFIG_PROC_CHILDREN and /proc mounted")                                \
    X(UNSANITIZED, "plain-build", DEFAULT,                                     \
      "sandbox = none alone: a build with sanitizers (SP_SANITIZE) cannot be " \
      "confined")                                                              \
    X(SECCOMP, "seccomp-filter", DEFAULT,                                      \
      "sandbox = none alone: the kernel needs CONFIG_SECCOMP_FILTER")          \
    X(RLIMITS, "resource-limits", DEFAULT,                                     \
      "sandbox = none alone: amounts cannot be bounded")                       \
    X(OWN_UID, "uid-of-its-own", DEFAULT,                                      \
      "sandbox = none alone while spd is root: it needs CAP_SETUID and "       \
      "CAP_SETGID, and uid_range in its user namespace")                       \
    X(LANDLOCK, "landlock", DEFAULT,                                           \
      "sandbox = none alone: the kernel needs Landlock (Linux 5.13, "          \
      "CONFIG_SECURITY_LANDLOCK, and \"landlock\" in the boot option lsm=)")   \
    X(LANDLOCK_TRUNCATE, "landlock-truncate", BETTER,                          \
      "system calls alone keep a module from truncating files (Linux 6.2)")    \
    X(LANDLOCK_TCP, "landlock-tcp", BETTER,                                    \
      "system calls alone keep a module from TCP (Linux 6.7)")                 \
    X(LANDLOCK_IOCTL, "landlock-ioctl", BETTER,                                \
      "system calls alone keep a module from devices' ioctls (Linux 6.10)")    \
    X(LANDLOCK_SCOPES, "landlock-scopes", BETTER,                              \
      "in default a session sends signals to nobody, itself included: "        \
      "abort() then ends it by SIGSEGV (Linux 6.12)")                          \
    X(SETTLED_DEATH, "total-death", BETTER,                                    \
      "in default, processes that a hostile module made unannounced may "      \
      "survive if spd is killed by SIGKILL at that moment; in strict none "    \
      "does")                                                                  \
    X(NS_USER, "user-namespace", STRICT, PRIMITIVE_NO_USER)                    \
    X(NS_MOUNT, "mount-namespace", STRICT, PRIMITIVE_NO_NAMESPACE)             \
    X(NS_NET, "net-namespace", STRICT, PRIMITIVE_NO_NAMESPACE)                 \
    X(NS_IPC, "ipc-namespace", STRICT, PRIMITIVE_NO_NAMESPACE)                 \
    X(NS_UTS, "uts-namespace", STRICT, PRIMITIVE_NO_NAMESPACE)                 \
    X(NS_CGROUP, "cgroup-namespace", STRICT, PRIMITIVE_NO_NAMESPACE)           \
    X(NS_PID, "pid-namespace", STRICT, PRIMITIVE_NO_NAMESPACE)                 \
    X(TMPFS, "tmpfs-mount", STRICT,                                            \
      "no tier strict: its empty root is a tmpfs in a user namespace")         \
    X(OPEN_TREE, "open-tree", STRICT,                                          \
      "no tier strict: library folders are put into its root by open_tree "    \
      "(Linux 5.2)")                                                           \
    X(MOUNT_SETATTR, "mount-setattr", STRICT,                                  \
      "no tier strict: what is in its root is made read-only by "              \
      "mount_setattr (Linux 5.12)")                                            \
    X(MOVE_MOUNT, "move-mount", STRICT,                                        \
      "no tier strict: library folders are put into its root by move_mount "   \
      "(Linux 5.2)")                                                           \
    X(PIVOT_ROOT, "pivot-root", STRICT,                                        \
      "no tier strict: the machine's root is left by pivot_root; it fails on " \
      "an initial RAM disk and in a chroot")                                   \
    X(CGROUP, "cgroup-v2", SETTING,                                            \
      "no limits on a module as a whole: run spd as a systemd service with "   \
      "Delegate=yes, or give it a cgroup by cgroup = PATH")                    \
    X(CGROUP_MEMORY, "cgroup-memory", SETTING,                                 \
      "no limit on the memory of a module as a whole")                         \
    X(CGROUP_PIDS, "cgroup-pids", SETTING,                                     \
      "no limit on the processes of a module as a whole")                      \
    X(CGROUP_CPU, "cgroup-cpu", SETTING,                                       \
      "no weight for the processor time of a module as a whole")               \
    X(CGROUP_KILL, "cgroup-kill", SETTING,                                     \
      "a module cannot be killed as a whole in one step (Linux 5.14)")         \
    X(DESCRIPTORS, "descriptors", SETTING,                                     \
      "fewer sessions than max_sessions: raise the hard limit (ulimit -Hn, "   \
      "LimitNOFILE=); each session needs two")                                 \
    X(MEMORY_DIRECTORY, "runtime-in-memory", BETTER,                           \
      "starts are several times slower: put the runtime directory on a tmpfs")

enum primitive {
#define PRIMITIVE_ENUM_(NAME, word, NEED, follows) PRIMITIVE_##NAME,
    PRIMITIVE_TABLE(PRIMITIVE_ENUM_)
#undef PRIMITIVE_ENUM_
        PRIMITIVES
};

#define PRIMITIVE_DETAIL_MAX 120

struct primitive_finding {
    enum primitive_state state;
    char detail[PRIMITIVE_DETAIL_MAX + 1]; /* printable; may be "" */
};

/* Of all; zeros: nothing is known. */
struct primitive_report {
    struct primitive_finding findings[PRIMITIVES];
};

const char *primitive_name(enum primitive primitive);
const char *primitive_needed_by(enum primitive primitive);
const char *primitive_follows(enum primitive primitive);
const char *primitive_state_name(enum primitive_state state);

/* A line is "NAME STATE" or "NAME STATE DETAIL", with a newline: printed to
 * out, which holds PRIMITIVE_LINE_SIZE.  Returns its length. */
#define PRIMITIVE_LINE_SIZE (PRIMITIVE_DETAIL_MAX + 64)
size_t primitive_line(enum primitive primitive,
                      const struct primitive_finding *finding, char *out);

/* Takes all lines of a text into the report.  False: one of them is none, or is
 * there twice; the report holds what was right before it. */
bool primitive_parse(const char *text, size_t size,
                     struct primitive_report *report);

/* Whether a tier can be kept where things are so.  out_lacks (of size bytes, at
 * least 1): the names of what it lacks, with ", " between them; "" if nothing.
 * What is unknown counts as missing. */
bool primitive_verdict(const struct primitive_report *report,
                       enum sandbox_tier tier, char *out_lacks, size_t size);

#endif
