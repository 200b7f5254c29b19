/* SPDX-License-Identifier: MIT */
/* wire/sandbox.h - what spd tells a template about its confinement: the first
 * record on the control socket (template.h), before anything is loaded.
 *
 * What each of it means for a user is in worker/SANDBOX.md; how it is done, in
 * worker/sandbox/. */
#ifndef WIRE_SANDBOX_H
#define WIRE_SANDBOX_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* X(NAME, word), from the least to the most. */
#define SANDBOX_TIER_TABLE(X)                                                  \
    X(NONE, "none")                                                            \
    X(DEFAULT, "default")                                                      \
    X(STRICT, "strict")

enum sandbox_tier {
#define SANDBOX_TIER_ENUM_(NAME, word) SANDBOX_##NAME,
    SANDBOX_TIER_TABLE(SANDBOX_TIER_ENUM_)
#undef SANDBOX_TIER_ENUM_
        SANDBOX_TIERS
};

/* X(KIND, file, words): namespaces that strict has of its own, in the order in
 * which they are made; file is that of /proc/PID/ns. */
#define SANDBOX_NAMESPACE_TABLE(X)                                             \
    X(USER, "user", "user")                                                    \
    X(NS, "mnt", "mount")                                                      \
    X(IPC, "ipc", "ipc")                                                       \
    X(UTS, "uts", "uts")                                                       \
    X(CGROUP, "cgroup", "cgroup")                                              \
    X(NET, "net", "network")                                                   \
    X(PID, "pid", "pid")

/* What is allowed on top; a bit each. */
enum sandbox_allow {
    SANDBOX_ALLOW_FORK = 1 << 0,
    SANDBOX_ALLOW_WX = 1 << 1,
    SANDBOX_ALLOW_NETWORK = 1 << 2,
    SANDBOX_ALLOW_COMMAND = 1 << 3, /* sessions run a program */
    SANDBOX_ALLOW_ALL = (1 << 4) - 1,
};

/* Of all paths of allow_read together. */
#define SANDBOX_PATHS_MAX 4096
/* No uid of its own: spd is not root. */
#define SANDBOX_NO_UID UINT32_MAX

/* Followed by paths_size bytes: paths that may be read, each with its NUL. */
struct sandbox_record {
    uint32_t tier;        /* enum sandbox_tier */
    uint32_t allow;       /* enum sandbox_allow */
    uint64_t memory;      /* bytes of address space of one process */
    uint64_t cpu_seconds; /* of one session's process; 0: no limit */
    uint32_t open_files;  /* descriptors of one session */
    uint32_t uid;         /* and gid, to become; SANDBOX_NO_UID */
    uint32_t paths_size;
    uint32_t landlock_abi; /* at least; 0: any */
    uint64_t threads;      /* of one session's program */
};

static_assert(sizeof(struct sandbox_record) == 48, "");

/* Whether the len bytes are such a record: exact size, known tier and bits,
 * each path absolute and terminated. */
bool sandbox_record_valid(const struct sandbox_record *record, size_t len);

/* The path behind this one in a valid record; of NULL the first.  NULL: there
 * is none. */
const char *sandbox_record_path(const struct sandbox_record *record,
                                const char *previous);

/* "none", "default" or "strict". */
const char *sandbox_tier_name(enum sandbox_tier tier);

#endif
