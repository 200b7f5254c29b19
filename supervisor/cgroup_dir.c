/* SPDX-License-Identifier: MIT */
/* Files of cgroup v2.  Which cgroups there are is cgroup.c's business. */
#define _GNU_SOURCE
#include "cgroup_dir.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Ours are three deep; a stranger's may be as deep as it likes. */
#define DEPTH_MAX 4
#define SWEEP_MS 1000

static int open_file(const char *path, const char *file, int flags)
{
    char full[PATH_MAX];

    if (snprintf(full, sizeof full, "%s/%s", path, file) >= PATH_MAX) {
        errno = ENAMETOOLONG;
        return -1;
    }
    return open(full, flags | O_CLOEXEC | O_NOFOLLOW);
}

int cgroup_dir_write(const char *path, const char *file, const char *text)
{
    int fd = open_file(path, file, O_WRONLY);
    ssize_t wrote;
    int saved;

    if (fd < 0)
        return -1;
    wrote = write(fd, text, strlen(text));
    saved = errno;
    close(fd);
    errno = saved;
    return wrote < 0 ? -1 : 0;
}

int cgroup_dir_read(const char *path, const char *file, char *out, size_t size)
{
    int fd = open_file(path, file, O_RDONLY);
    ssize_t got;
    int saved;

    out[0] = '\0';
    if (fd < 0)
        return -1;
    got = read(fd, out, size - 1);
    saved = errno;
    close(fd);
    errno = saved;
    out[got < 0 ? 0 : got] = '\0';
    return got < 0 ? -1 : 0;
}

int cgroup_dir_lock(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    struct stat held, there;
    int saved;

    if (fd < 0)
        return -1;
    if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
        errno = ENOENT;
        if (fstat(fd, &held) == 0 && lstat(path, &there) == 0 &&
            held.st_ino == there.st_ino)
            return fd;
    }
    saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

int cgroup_dir_kill(const char *path)
{
    return cgroup_dir_write(path, "cgroup.kill", "1");
}

/* Until nobody is in it or below, or the time is up.  The kernel says each
 * change of cgroup.events by POLLPRI. */
static void await_empty(const char *path, int timeout_ms)
{
    int fd = open_file(path, "cgroup.events", O_RDONLY);
    struct pollfd events = {.fd = fd, .events = POLLPRI};
    char text[256];
    ssize_t got;

    while (fd >= 0 && (got = pread(fd, text, sizeof text - 1, 0)) > 0) {
        text[got] = '\0';
        if (!strstr(text, "populated 1") || poll(&events, 1, timeout_ms) <= 0)
            break;
    }
    if (fd >= 0)
        close(fd);
}

static bool is_child(const struct dirent *entry)
{
    return entry->d_type == DT_DIR && strcmp(entry->d_name, ".") != 0 &&
           strcmp(entry->d_name, "..") != 0;
}

static int remove_tree(const char *path, int depth)
{
    DIR *directory = depth > 0 ? opendir(path) : NULL;
    const struct dirent *entry;
    char child[PATH_MAX];

    while (directory && (entry = readdir(directory)))
        if (is_child(entry) &&
            snprintf(child, sizeof child, "%s/%s", path, entry->d_name) <
                PATH_MAX)
            remove_tree(child, depth - 1);
    if (directory)
        closedir(directory);
    return rmdir(path);
}

int cgroup_dir_remove(const char *path, int timeout_ms)
{
    if (remove_tree(path, DEPTH_MAX) == 0 || errno == ENOENT)
        return 0;
    if (errno != EBUSY || timeout_ms == 0)
        return -1;
    await_empty(path, timeout_ms);
    return remove_tree(path, DEPTH_MAX);
}

static bool is_ours(const struct dirent *entry)
{
    const char *digits = entry->d_name + sizeof CGROUP_PREFIX - 1;

    return is_child(entry) &&
           strncmp(entry->d_name, CGROUP_PREFIX, sizeof CGROUP_PREFIX - 1) ==
               0 &&
           isdigit((unsigned char)*digits) &&
           digits[strspn(digits, "0123456789")] == '\0';
}

void cgroup_dir_sweep(const char *path)
{
    DIR *directory = opendir(path);
    const struct dirent *entry;
    char child[PATH_MAX];

    while (directory && (entry = readdir(directory))) {
        int lock;

        if (!is_ours(entry) || snprintf(child, sizeof child, "%s/%s", path,
                                        entry->d_name) >= PATH_MAX)
            continue;
        lock = cgroup_dir_lock(child);
        if (lock < 0)
            continue; /* its spd lives */
        cgroup_dir_kill(child);
        cgroup_dir_remove(child, SWEEP_MS);
        close(lock);
    }
    if (directory)
        closedir(directory);
}
