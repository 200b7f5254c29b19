/* SPDX-License-Identifier: MIT */
/* An spd of our own: a private directory, a configuration in it, and
 * sp_supervisor_start().  The configuration sets the limits that the page's
 * buttons run into.  Who already has an spd does not need this file. */
#define _GNU_SOURCE
#include "own.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sp/client.h>

#include "options.h"

/* Short: a runtime directory's path is at most 33 bytes. */
#define DIR_TEMPLATE "/tmp/sp-frontend-XXXXXX"

struct own {
    char dir[sizeof DIR_TEMPLATE]; /* "" until it is made */
    char config[sizeof DIR_TEMPLATE + sizeof "/spd.conf"];
    char runtime[sizeof DIR_TEMPLATE + sizeof "/run"];
    const char *runtime_dir; /* `runtime`, or borrowed from the options */
    struct sp_supervisor *supervisor; /* owned */
};

static void complain(const char *what, const char *which)
{
    fprintf(stderr, "sp-frontend: %s %s: %s\n", what, which, strerror(errno));
}

/* The path of a file that lies beside this program, as "spd" or
 * "../lib/libsp/examples/visitor.so".  False: there is none. */
static bool path_beside(const char *name, char out[PATH_MAX])
{
    ssize_t len = readlink("/proc/self/exe", out, PATH_MAX - 1);
    char *slash;
    size_t room;

    if (len < 0)
        return false;
    out[len] = '\0';
    slash = strrchr(out, '/');
    room = (size_t)(out + PATH_MAX - (slash + 1));
    if (strlen(name) >= room)
        return false;
    strcpy(slash + 1, name);
    return access(out, R_OK) == 0;
}

static bool config_write(const char *config)
{
    char module[PATH_MAX] = FRONTEND_VISITOR_SO, *real;
    FILE *file;
    bool written;

    real = path_beside(FRONTEND_VISITOR_SO, module) ? realpath(module, NULL)
                                                    : NULL;
    if (!real) {
        complain("cannot find the module", module);
        return false;
    }
    file = fopen(config, "wxe");
    if (!file) {
        complain("cannot write", config);
        free(real);
        return false;
    }
    fprintf(file,
            "[supervisor]\n"
            "default_module = visitor\n"
            "max_sessions = 500\n"
            "[module visitor]\n"
            "path = %s\n"
            "call_limit = 2s\n"
            "memory = 64M\n"
            "idle_timeout = 30m\n",
            real);
    free(real);
    written = !ferror(file);
    if (fclose(file) != 0 || !written) {
        complain("cannot write", config);
        return false;
    }
    return true;
}

static bool prepare(struct own *own, const struct options *options)
{
    if (options->runtime_dir && options->config)
        return true;
    strcpy(own->dir, DIR_TEMPLATE);
    if (!mkdtemp(own->dir)) {
        complain("cannot make", own->dir);
        own->dir[0] = '\0';
        return false;
    }
    snprintf(own->config, sizeof own->config, "%s/spd.conf", own->dir);
    snprintf(own->runtime, sizeof own->runtime, "%s/run", own->dir);
    return options->config || config_write(own->config);
}

struct own *own_start(const struct options *options)
{
    struct own *own = calloc(1, sizeof *own);
    struct sp_result *result = sp_result_new();
    const char *config = options->config;
    char spd[PATH_MAX];

    if (!own || !result || !prepare(own, options))
        goto fail;
    if (!config)
        config = own->config;
    own->runtime_dir = options->runtime_dir ? options->runtime_dir
                                            : own->runtime;
    if (sp_supervisor_start(own->runtime_dir, config,
                            path_beside("spd", spd) ? spd : NULL,
                            &own->supervisor, result) != SP_OK) {
        fprintf(stderr, "sp-frontend: cannot start spd: %s\n",
                sp_result_text(result));
        goto fail;
    }
    sp_result_free(result);
    return own;
fail:
    sp_result_free(result);
    own_stop(own);
    return NULL;
}

void own_stop(struct own *own)
{
    if (!own)
        return;
    sp_supervisor_stop(own->supervisor);
    if (*own->dir) {
        unlink(own->config);
        rmdir(own->runtime);
        rmdir(own->dir);
    }
    free(own);
}

const char *own_runtime_dir(const struct own *own)
{
    return own->runtime_dir;
}
