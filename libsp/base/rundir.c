/* SPDX-License-Identifier: MIT */
/* The runtime directory's name, its check and the paths in it. */
#define _GNU_SOURCE
#include "rundir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum rundir_error take(const char *path, char out[RUNDIR_MAX + 1])
{
    size_t len = strlen(path);

    snprintf(out, RUNDIR_MAX + 1, "%s", path);
    if (path[0] != '/')
        return RUNDIR_NOT_ABSOLUTE;
    if (len > RUNDIR_MAX)
        return RUNDIR_TOO_LONG;
    while (len > 1 && out[len - 1] == '/')
        out[--len] = '\0';
    return RUNDIR_OK;
}

/* secure_getenv: a set-uid program does not let its caller choose. */
enum rundir_error rundir_resolve(const char *given, char out[RUNDIR_MAX + 1])
{
    const char *env = secure_getenv("SP_RUNTIME_DIR");
    const char *xdg = secure_getenv("XDG_RUNTIME_DIR");
    char path[4096];

    if (given)
        return take(given, out);
    if (env && *env)
        return take(env, out);
    if (geteuid() == 0)
        return take("/run/libsp", out);
    if (xdg && *xdg)
        snprintf(path, sizeof path, "%s/libsp", xdg);
    else
        snprintf(path, sizeof path, "/tmp/libsp-%lu", (unsigned long)geteuid());
    return take(path, out);
}

/* Others are kept out: they may do nothing, and the group may at most search
 * (0710), so that IDs cannot be listed. */
#define OPEN_BITS (S_IRGRP | S_IWGRP | S_IRWXO)

enum rundir_error rundir_open(const char *path, int *out_fd, uid_t *out_owner)
{
    struct stat st;
    int fd;

    /* O_PATH: the group may search the directory but not read it */
    fd = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        if (errno == ENOENT)
            return RUNDIR_MISSING;
        if (errno == ELOOP || errno == ENOTDIR)
            return RUNDIR_SYMLINK;
        return RUNDIR_SYSTEM;
    }
    if (fstat(fd, &st) < 0) {
        close(fd);
        return RUNDIR_SYSTEM;
    }
    if (st.st_uid != 0 && st.st_uid != geteuid()) {
        close(fd);
        return RUNDIR_WRONG_OWNER;
    }
    if (st.st_mode & OPEN_BITS) {
        close(fd);
        return RUNDIR_OPEN_MODE;
    }
    *out_fd = fd;
    *out_owner = st.st_uid;
    return RUNDIR_OK;
}

void rundir_explain(enum rundir_error error, const char *path, char *out,
                    size_t out_size)
{
    struct stat st = {0};
    int saved = errno;

    switch (error) {
    case RUNDIR_OK:
        snprintf(out, out_size, "%s: a runtime directory", path);
        return;
    case RUNDIR_NOT_ABSOLUTE:
        snprintf(out, out_size,
                 "runtime directory '%s': not an absolute path", path);
        return;
    case RUNDIR_TOO_LONG:
        snprintf(out, out_size,
                 "runtime directory '%s...': longer than %d bytes, which a "
                 "socket's path under it would not fit",
                 path, RUNDIR_MAX);
        return;
    case RUNDIR_MISSING:
        snprintf(out, out_size,
                 "no supervisor: there is no directory %s (is spd running?)",
                 path);
        return;
    case RUNDIR_SYMLINK:
        snprintf(out, out_size,
                 "runtime directory %s: a symbolic link or no directory; not "
                 "trusted",
                 path);
        return;
    case RUNDIR_WRONG_OWNER:
        if (lstat(path, &st) < 0)
            st.st_uid = (uid_t)-1;
        snprintf(out, out_size,
                 "runtime directory %s: owned by user %lu, neither root nor "
                 "you (%lu); not trusted",
                 path, (unsigned long)st.st_uid, (unsigned long)geteuid());
        return;
    case RUNDIR_OPEN_MODE:
        lstat(path, &st);
        snprintf(out, out_size,
                 "runtime directory %s: mode %04o lets others in; not trusted "
                 "(chmod 700 it)",
                 path, (unsigned)(st.st_mode & 07777));
        return;
    case RUNDIR_SYSTEM:
        snprintf(out, out_size, "runtime directory %s: %s", path,
                 strerrordesc_np(saved));
        return;
    }
}

void rundir_session_path(const char *path, const char *id,
                         char out[RUNDIR_PATH_SIZE])
{
    snprintf(out, RUNDIR_PATH_SIZE, "%.*s/" RUNDIR_SESSIONS "/%.*s",
             RUNDIR_MAX, path, SP_ID_MAX, id);
}

void rundir_control_path(const char *path, char out[RUNDIR_PATH_SIZE])
{
    snprintf(out, RUNDIR_PATH_SIZE, "%.*s/" RUNDIR_CONTROL, RUNDIR_MAX, path);
}
