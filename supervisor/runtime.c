/* SPDX-License-Identifier: MIT */
/* The runtime directory as its owner sees it:
 *
 *   lock  control  sessions/ID  log/MODULE  pool/NUMBER
 *
 * Whoever holds the lock owns everything in it, so that what lies there at
 * start is a dead spd's and can go. */
#define _GNU_SOURCE
#include "runtime.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 128
#define LOCK "lock"

static const char *const subdirs[] = {RUNDIR_SESSIONS, RUNDIR_LOG, RUNDIR_POOL};
#define SUBDIRS (sizeof subdirs / sizeof subdirs[0])

static int system_error(const char *path, char *out_text, size_t text_size)
{
    snprintf(out_text, text_size, "%s: %s", path, strerrordesc_np(errno));
    return -1;
}

/* ---- directories ---- */

static int find_group(struct runtime *runtime, const char *name,
                      char *out_text, size_t text_size)
{
    const struct group *group;

    runtime->shared = *name != '\0';
    if (!runtime->shared)
        return 0;
    group = getgrnam(name);
    if (!group) {
        snprintf(out_text, text_size, "group = %s: there is no such group",
                 name);
        return -1;
    }
    runtime->group = group->gr_gid;
    return 0;
}

/* The group may search it, and so reach what it can name. */
static int share(const struct runtime *runtime, const char *path, mode_t mode)
{
    if (!runtime->shared)
        return 0;
    return lchown(path, (uid_t)-1, runtime->group) < 0 ||
                   chmod(path, mode) < 0
               ? -1
               : 0;
}

static int make_top(struct runtime *runtime, char *out_text, size_t text_size)
{
    enum rundir_error error;
    uid_t owner;
    int fd;

    if (mkdir(runtime->dir, 0700) == 0)
        runtime->made = true;
    else if (errno != EEXIST)
        return system_error(runtime->dir, out_text, text_size);
    error = rundir_open(runtime->dir, &fd, &owner);
    if (error == RUNDIR_OK) {
        close(fd);
        if (owner != geteuid())
            error = RUNDIR_WRONG_OWNER; /* root's, and we are not root */
    }
    if (error != RUNDIR_OK) {
        rundir_explain(error, runtime->dir, out_text, text_size);
        return -1;
    }
    if (share(runtime, runtime->dir, 0710) < 0)
        return system_error(runtime->dir, out_text, text_size);
    return 0;
}

static void path_of(const struct runtime *runtime, const char *name,
                    char out[RUNDIR_PATH_SIZE])
{
    snprintf(out, RUNDIR_PATH_SIZE, "%s/%s", runtime->dir, name);
}

static void empty_directory(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    const struct dirent *entry;

    if (!dir) {
        if (fd >= 0)
            close(fd);
        return;
    }
    while ((entry = readdir(dir)))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            unlinkat(fd, entry->d_name, 0);
    closedir(dir);
}

static int open_path(const char *path)
{
    return open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static int make_subdirs(struct runtime *runtime, char *out_text,
                        size_t text_size)
{
    char path[RUNDIR_PATH_SIZE];

    for (size_t i = 0; i < SUBDIRS; i++) {
        path_of(runtime, subdirs[i], path);
        empty_directory(path);
        rmdir(path); /* made anew, so that owner and mode are right */
        if (mkdir(path, 0700) < 0)
            return system_error(path, out_text, text_size);
    }
    path_of(runtime, RUNDIR_SESSIONS, path);
    runtime->sessions_fd = open_path(path);
    if (runtime->sessions_fd < 0 || share(runtime, path, 0710) < 0)
        return system_error(path, out_text, text_size);
    path_of(runtime, RUNDIR_LOG, path);
    runtime->log_fd = open_path(path);
    if (runtime->log_fd < 0)
        return system_error(path, out_text, text_size);
    path_of(runtime, RUNDIR_POOL, path);
    runtime->pool_fd = open_path(path);
    if (runtime->pool_fd < 0)
        return system_error(path, out_text, text_size);
    rundir_control_path(runtime->dir, path);
    unlink(path);
    return 0;
}

/* ---- the lock ---- */

static bool is_at(int fd, const char *path)
{
    struct stat held;
    struct stat there;

    return fstat(fd, &held) == 0 && lstat(path, &there) == 0 &&
           held.st_dev == there.st_dev && held.st_ino == there.st_ino;
}

/* A spd that ends removes its lock file: whoever opened it just before holds a
 * lock on a file that is no more, and tries again. */
static int take_lock(struct runtime *runtime, char *out_text, size_t text_size)
{
    char path[RUNDIR_PATH_SIZE];

    path_of(runtime, LOCK, path);
    for (;;) {
        int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

        if (fd < 0)
            return system_error(path, out_text, text_size);
        if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
            int saved = errno;

            close(fd);
            errno = saved;
            if (errno != EWOULDBLOCK)
                return system_error(path, out_text, text_size);
            snprintf(out_text, text_size,
                     "runtime directory %s: another spd is running there",
                     runtime->dir);
            return -1;
        }
        if (is_at(fd, path)) {
            runtime->lock_fd = fd;
            return 0;
        }
        close(fd);
    }
}

/* ---- the whole ---- */

int runtime_open(struct runtime *runtime, const char *given, const char *group,
                 char *out_text, size_t text_size)
{
    enum rundir_error error;

    *runtime = RUNTIME_CLOSED;
    error = rundir_resolve(given, runtime->dir);
    if (error != RUNDIR_OK) {
        rundir_explain(error, runtime->dir, out_text, text_size);
        return -1;
    }
    if (find_group(runtime, group, out_text, text_size) < 0 ||
        make_top(runtime, out_text, text_size) < 0 ||
        take_lock(runtime, out_text, text_size) < 0)
        return -1;
    if (make_subdirs(runtime, out_text, text_size) < 0) {
        runtime_close(runtime);
        return -1;
    }
    return 0;
}

static void remove_all(const struct runtime *runtime)
{
    char path[RUNDIR_PATH_SIZE];

    rundir_control_path(runtime->dir, path);
    unlink(path);
    for (size_t i = 0; i < SUBDIRS; i++) {
        path_of(runtime, subdirs[i], path);
        empty_directory(path);
        rmdir(path);
    }
    path_of(runtime, LOCK, path);
    unlink(path);
    if (runtime->made)
        rmdir(runtime->dir);
}

static void close_fd(int fd)
{
    if (fd >= 0)
        close(fd);
}

void runtime_close(struct runtime *runtime)
{
    char path[RUNDIR_PATH_SIZE];

    path_of(runtime, LOCK, path);
    if (runtime->lock_fd >= 0 && is_at(runtime->lock_fd, path))
        remove_all(runtime);
    close_fd(runtime->sessions_fd);
    close_fd(runtime->log_fd);
    close_fd(runtime->pool_fd);
    close_fd(runtime->lock_fd);
    *runtime = RUNTIME_CLOSED;
}

/* ---- is it still there? ---- */

int runtime_watch(const struct runtime *runtime)
{
    int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    int saved;

    if (fd < 0 ||
        inotify_add_watch(fd, runtime->dir,
                          IN_DELETE | IN_MOVED_FROM | IN_DELETE_SELF |
                              IN_MOVE_SELF | IN_ONLYDIR) >= 0)
        return fd;
    saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

bool runtime_intact(const struct runtime *runtime, char *out_text,
                    size_t text_size)
{
    const struct {
        const char *name;
        int fd;
    } held[] = {{LOCK, runtime->lock_fd},
                {RUNDIR_SESSIONS, runtime->sessions_fd},
                {RUNDIR_LOG, runtime->log_fd},
                {RUNDIR_POOL, runtime->pool_fd}};
    char path[RUNDIR_PATH_SIZE];

    rundir_control_path(runtime->dir, path);
    if (access(path, F_OK) < 0)
        goto missing;
    for (size_t i = 0; i < sizeof held / sizeof held[0]; i++) {
        path_of(runtime, held[i].name, path);
        if (!is_at(held[i].fd, path))
            goto missing;
    }
    return true;
missing:
    snprintf(out_text, text_size, "%s is missing, or is not ours any more",
             path);
    return false;
}

/* ---- sockets ---- */

/* Mode 0600, or 0660 and the group, from the first moment on. */
static int listen_at(const struct runtime *runtime, const char *path)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int bound;
    int saved;

    if (fd < 0)
        return -1;
    memcpy(address.sun_path, path, strlen(path) + 1);
    /* what is bound gets the mode of the socket, less the umask */
    bound = fchmod(fd, 0600) < 0
                ? -1
                : bind(fd, (struct sockaddr *)&address, sizeof address);
    if (bound == 0 && share(runtime, path, 0660) == 0 &&
        listen(fd, BACKLOG) == 0)
        return fd;
    saved = errno;
    if (bound == 0)
        unlink(path);
    close(fd);
    errno = saved;
    return -1;
}

int runtime_listen_control(const struct runtime *runtime)
{
    char path[RUNDIR_PATH_SIZE];

    rundir_control_path(runtime->dir, path);
    return listen_at(runtime, path);
}

int runtime_listen_session(const struct runtime *runtime, const char *id)
{
    char path[RUNDIR_PATH_SIZE];

    rundir_session_path(runtime->dir, id, path);
    return listen_at(runtime, path);
}

void runtime_unlink_session(const struct runtime *runtime, const char *id)
{
    unlinkat(runtime->sessions_fd, id, 0);
}

int runtime_listen_pooled(const struct runtime *runtime,
                          char out_name[RUNTIME_POOL_NAME_SIZE])
{
    static uint64_t number;
    char path[RUNDIR_PATH_SIZE];

    snprintf(out_name, RUNTIME_POOL_NAME_SIZE, "%llu",
             (unsigned long long)++number);
    snprintf(path, sizeof path, "%.*s/" RUNDIR_POOL "/%s", RUNDIR_MAX,
             runtime->dir, out_name);
    return listen_at(runtime, path);
}

int runtime_name_pooled(const struct runtime *runtime, const char *name,
                        const char *id)
{
    return renameat2(runtime->pool_fd, name, runtime->sessions_fd, id,
                     RENAME_NOREPLACE);
}

void runtime_unlink_pooled(const struct runtime *runtime, const char *name)
{
    unlinkat(runtime->pool_fd, name, 0);
}

void runtime_unlink_log(const struct runtime *runtime, const char *name)
{
    unlinkat(runtime->log_fd, name, 0);
}
