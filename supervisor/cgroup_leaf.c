/* SPDX-License-Identifier: MIT */
/* Cgroups of modules and of their templates.  A process that is being killed
 * keeps its leaf for a moment: whoever comes next removes it. */
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "cgroup_dir.h"
#include "cgroup_own.h"
#include "settings.h"

struct cgroup_leaf {
    struct cgroup *cgroup; /* borrowed */
    char path[PATH_MAX];
};

static struct cgroup_leaf *make(struct cgroup *cgroup, const char *parent,
                                const char *name)
{
    struct cgroup_leaf *leaf = malloc(sizeof *leaf);

    if (!leaf)
        return NULL;
    leaf->cgroup = cgroup;
    if (snprintf(leaf->path, sizeof leaf->path, "%s/%s%s%lu", parent, name,
                 *name ? "." : "", ++cgroup->made) >= PATH_MAX)
        errno = ENAMETOOLONG;
    else if (mkdir(leaf->path, 0755) == 0)
        return leaf;
    free(leaf);
    return NULL;
}

static int limit(const struct cgroup_leaf *leaf, const char *file,
                 uint64_t value)
{
    char text[24];

    if (value == 0)
        return 0;
    snprintf(text, sizeof text, "%" PRIu64, value);
    return cgroup_dir_write(leaf->path, file, text);
}

struct cgroup_leaf *cgroup_leaf_create(struct cgroup *cgroup, const char *name,
                                       const struct module_settings *settings)
{
    struct cgroup_leaf *leaf;

    if (!cgroup->path[0]) {
        errno = ENOTSUP;
        return NULL;
    }
    leaf = make(cgroup, cgroup->path, name);
    if (!leaf)
        return NULL;
#define LIMIT(setting, controller, file)                                       \
    if (limit(leaf, file, settings->setting) < 0)                              \
        goto fail;
    CGROUP_LIMIT_TABLE(LIMIT)
#undef LIMIT
    return leaf;
fail:;
    int saved = errno;

    cgroup_leaf_destroy(leaf);
    errno = saved;
    return NULL;
}

struct cgroup_leaf *cgroup_leaf_below(struct cgroup_leaf *parent)
{
    return parent ? make(parent->cgroup, parent->path, "") : NULL;
}

int cgroup_leaf_enter(const struct cgroup_leaf *leaf, pid_t pid)
{
    char text[16];

    if (!leaf)
        return 0;
    if (pid <= 1) { /* 0 is whoever writes it */
        errno = EINVAL;
        return -1;
    }
    snprintf(text, sizeof text, "%d", (int)pid);
    return cgroup_dir_write(leaf->path, "cgroup.procs", text);
}

void cgroup_leaf_destroy(struct cgroup_leaf *leaf)
{
    if (!leaf)
        return;
    if (cgroup_dir_remove(leaf->path, 0) < 0) {
        cgroup_dir_kill(leaf->path);
        if (cgroup_dir_remove(leaf->path, 0) < 0)
            log_debug("cgroup %s: %s: removed later", leaf->path,
                      strerrordesc_np(errno));
    }
    free(leaf);
}
