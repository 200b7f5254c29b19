/* SPDX-License-Identifier: MIT */
/* Landlock has no library: the kernel's interface is called directly, and what
 * the kernel has and this build's headers lack is named here.  Layers only ever
 * take away: a later one cannot give back. */
#define _GNU_SOURCE
#include "landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "libraries.h"

/* As of ABI 6; an older kernel is given what it knows: see size_for(). */
struct ruleset {
    uint64_t files;
    uint64_t network;
    uint64_t scoped;
};

#define FILES_ABI_1 ((1ULL << 13) - 1)
#define FILE_REFER (1ULL << 13)     /* ABI 2 */
#define FILE_TRUNCATE (1ULL << 14)  /* ABI 3 */
#define FILE_IOCTL_DEV (1ULL << 15) /* ABI 5 */
#define NETWORK_TCP 3ULL            /* bind and connect: ABI 4 */
#define SCOPE_ABSTRACT_UNIX 1ULL    /* ABI 6 */
#define SCOPE_SIGNAL 2ULL

enum { ABI_NETWORK = 4, ABI_SCOPES = 6 };

static uint64_t files_of(int abi)
{
    return FILES_ABI_1 | (abi >= 2 ? FILE_REFER : 0) |
           (abi >= 3 ? FILE_TRUNCATE : 0) | (abi >= 5 ? FILE_IOCTL_DEV : 0);
}

/* The kernel refuses a struct that is larger than its own, unless the rest is
 * zero. */
static int ruleset_open(const struct ruleset *rules)
{
    return (int)syscall(SYS_landlock_create_ruleset, rules, sizeof *rules, 0);
}

/* ---- rules ---- */

#define READ LANDLOCK_ACCESS_FS_READ_FILE
#define RUN (READ | LANDLOCK_ACCESS_FS_EXECUTE)

/* A file can be so used, and a folder read too, with all below it. */
static int allow(int ruleset, const char *path, uint64_t access)
{
    struct landlock_path_beneath_attr rule = {.allowed_access = access};
    struct stat status;
    int added;

    rule.parent_fd = open(path, O_PATH | O_CLOEXEC);
    if (rule.parent_fd < 0)
        return -1;
    if (fstat(rule.parent_fd, &status) == 0 && S_ISDIR(status.st_mode))
        rule.allowed_access |= LANDLOCK_ACCESS_FS_READ_DIR;
    added = (int)syscall(SYS_landlock_add_rule, ruleset,
                         LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
    close(rule.parent_fd);
    return added;
}

static int allow_configured(int ruleset, const struct sandbox_record *orders,
                            struct fault *fault)
{
    const char *path = NULL;

    while ((path = sandbox_record_path(orders, path)))
        if (allow(ruleset, path, READ) < 0)
            return fault_errno(fault, "allow_read %.200s", path);
    return 0;
}

/* The loader, which is what the kernel runs of a program, is a library. */
static int allow_loading(int ruleset, const struct sandbox_record *orders,
                         const char *const *files, struct fault *fault)
{
    uint64_t access = orders->allow & SANDBOX_ALLOW_COMMAND ? RUN : READ;

    for (size_t i = 0; i < LIBRARIES; i++)
        if (allow(ruleset, libraries[i], access) < 0 && errno != ENOENT)
            return fault_errno(fault, "Landlock: %s", libraries[i]);
    for (; *files; files++)
        if (allow(ruleset, *files, access) < 0)
            return fault_errno(fault, "%.300s, as uid %u", *files, geteuid());
    return 0;
}

/* ---- layers ---- */

static struct ruleset rules_of(const struct sandbox_record *orders, int abi)
{
    struct ruleset rules = {.files = files_of(abi)};

    if (abi >= ABI_NETWORK && !(orders->allow & SANDBOX_ALLOW_NETWORK))
        rules.network = NETWORK_TCP;
    if (abi >= ABI_SCOPES)
        rules.scoped = SCOPE_SIGNAL | SCOPE_ABSTRACT_UNIX;
    return rules;
}

/* Whether one is of use; to the kernel one that forbids nothing is an error. */
static bool wanted(const struct sandbox_record *orders,
                   enum landlock_layer layer, const struct ruleset *rules)
{
    switch (layer) {
    case LANDLOCK_SEALED:
        return !(orders->allow & SANDBOX_ALLOW_COMMAND);
    case LANDLOCK_SESSION:
        return rules->scoped != 0;
    case LANDLOCK_LOAD:
    case LANDLOCK_LAYERS:
        break;
    }
    return true;
}

static int open_layers(const struct sandbox_record *orders,
                       const char *const *files, struct landlock *landlock,
                       struct fault *fault)
{
    struct ruleset rules = rules_of(orders, landlock->abi);
    struct ruleset scopes = {.scoped = rules.scoped};
    int *fds = landlock->fds;

    for (int i = 0; i < LANDLOCK_LAYERS; i++) {
        if (!wanted(orders, (enum landlock_layer)i, &rules))
            continue;
        fds[i] = ruleset_open(i == LANDLOCK_SESSION ? &scopes : &rules);
        if (fds[i] < 0)
            return fault_errno(fault, "Landlock (landlock_create_ruleset)");
    }
    if (allow_loading(fds[LANDLOCK_LOAD], orders, files, fault) < 0 ||
        allow_configured(fds[LANDLOCK_LOAD], orders, fault) < 0)
        return -1;
    return fds[LANDLOCK_SEALED] < 0
               ? 0
               : allow_configured(fds[LANDLOCK_SEALED], orders, fault);
}

/* Of this kernel; less than 1 and errno: it has none. */
static int abi_here(void)
{
    return (int)syscall(SYS_landlock_create_ruleset, NULL, 0,
                        LANDLOCK_CREATE_RULESET_VERSION);
}

int landlock_open(const struct sandbox_record *orders,
                  const char *const *files, struct landlock *out_landlock,
                  struct fault *fault)
{
    struct landlock landlock = {.abi = abi_here(), .fds = {-1, -1, -1}};

    if (landlock.abi < 1)
        return fault_errno(fault, "Landlock (landlock_create_ruleset)");
    if ((uint32_t)landlock.abi < orders->landlock_abi)
        return fault_text(fault, "Landlock: this kernel's interface is %d, "
                                 "landlock_abi asks for %u",
                          landlock.abi, orders->landlock_abi);
    if (open_layers(orders, files, &landlock, fault) < 0) {
        for (int i = 0; i < LANDLOCK_LAYERS; i++)
            if (landlock.fds[i] >= 0)
                close(landlock.fds[i]);
        return -1;
    }
    *out_landlock = landlock;
    return 0;
}

int landlock_enter(struct landlock *landlock, enum landlock_layer layer)
{
    int fd = landlock->fds[layer];

    if (fd < 0)
        return 0;
    landlock->fds[layer] = -1;
    if (syscall(SYS_landlock_restrict_self, fd, 0) < 0)
        return -1;
    return close(fd);
}

bool landlock_scopes_signals(void)
{
    return abi_here() >= ABI_SCOPES;
}
