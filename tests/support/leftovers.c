/* SPDX-License-Identifier: MIT */
/* The accounting behind "leaves nothing behind".  Called by the harness, and
 * by tests that start processes without it. */
#define _GNU_SOURCE
#include "leftovers.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/wait.h"

#define FDS_MAX 4096
#define TARGET_SIZE 96

struct leftovers {
    char (*targets)[TARGET_SIZE]; /* FDS_MAX; "" for a closed one */
};

/* What a descriptor is, as /proc says: "socket:[4711]", a path. */
static bool fd_target(int fd, char out[TARGET_SIZE])
{
    char link[64];
    ssize_t len;

    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    len = readlink(link, out, TARGET_SIZE - 1);
    out[len > 0 ? len : 0] = '\0';
    return len > 0;
}

struct leftovers *leftovers_note(void)
{
    struct leftovers *leftovers = calloc(1, sizeof *leftovers);

    cr_assert_not_null(leftovers);
    leftovers->targets = calloc(FDS_MAX, sizeof *leftovers->targets);
    cr_assert_not_null(leftovers->targets);
    for (int fd = 0; fd < FDS_MAX; fd++)
        fd_target(fd, leftovers->targets[fd]);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    return leftovers;
}

void leftovers_free(struct leftovers *leftovers)
{
    if (!leftovers)
        return;
    free(leftovers->targets);
    free(leftovers);
}

static int count_new_fds(const struct leftovers *leftovers, bool tell)
{
    char target[TARGET_SIZE];
    int found = 0;

    for (int fd = 0; fd < FDS_MAX; fd++) {
        if (!fd_target(fd, target) ||
            strcmp(target, leftovers->targets[fd]) == 0)
            continue;
        if (tell)
            cr_log_error("descriptor %d left open: %s", fd, target);
        found++;
    }
    return found;
}

static int allowed_sockets;

void leftovers_allow_sockets(int count)
{
    allowed_sockets = count;
}

/* nng's own threads close what is closed a moment later. */
static bool fds_are_closed(void *context)
{
    return count_new_fds(context, false) <= allowed_sockets;
}

static void name_process(pid_t pid, char *out, size_t size)
{
    char path[64];
    FILE *file;

    snprintf(path, sizeof path, "/proc/%d/comm", (int)pid);
    snprintf(out, size, "?");
    file = fopen(path, "re");
    if (!file)
        return;
    if (fgets(out, (int)size, file))
        out[strcspn(out, "\n")] = '\0';
    fclose(file);
}

/* Kills and reaps every child; returns how many there were. */
static int end_children(void)
{
    int found = 0;
    siginfo_t info;

    for (;;) {
        char path[64], list[4096] = "", name[32];
        FILE *file;
        pid_t pid;

        snprintf(path, sizeof path, "/proc/self/task/%d/children",
                 (int)getpid());
        file = fopen(path, "re");
        if (!file || !fgets(list, sizeof list, file) ||
            (pid = (pid_t)strtol(list, NULL, 10)) <= 1) {
            if (file)
                fclose(file);
            return found;
        }
        fclose(file);
        name_process(pid, name, sizeof name);
        cr_log_error("process %d (%s) left behind", (int)pid, name);
        found++;
        kill(pid, SIGKILL);
        if (waitid(P_PID, (id_t)pid, &info, WEXITED) < 0)
            return found;
    }
}

static bool has_children(void)
{
    siginfo_t info;

    return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 ||
           errno != ECHILD;
}

void leftovers_check(struct leftovers *leftovers)
{
    bool closed = wait_for(fds_are_closed, leftovers, WAIT_MS);
    int fds = closed ? 0 : count_new_fds(leftovers, true);
    int children = has_children() ? end_children() + 1 : 0;

    leftovers_free(leftovers);
    cr_assert(fds == 0, "%d descriptors left open", fds);
    cr_assert(children == 0, "processes left behind");
}

static bool reap_ended(void *unused)
{
    siginfo_t info;

    (void)unused;
    do
        info.si_pid = 0;
    while (waitid(P_ALL, 0, &info, WEXITED | WNOHANG) == 0 && info.si_pid > 0);
    return !has_children();
}

void leftovers_reap_orphans(int timeout_ms)
{
    bool gone = wait_for(reap_ended, NULL, timeout_ms);

    if (!gone)
        end_children();
    cr_assert(gone, "orphans still live after %d ms", timeout_ms);
}

void leftovers_check_empty(const char *directory)
{
    DIR *dir = opendir(directory);
    const struct dirent *entry;
    int found = 0;

    if (!dir)
        return;
    while ((entry = readdir(dir)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        cr_log_error("%s/%s left behind", directory, entry->d_name);
        found++;
    }
    closedir(dir);
    cr_assert(found == 0, "%d files left in %s", found, directory);
}

#define DIRECTORIES_MAX 32
static char directories[DIRECTORIES_MAX][LEFTOVERS_DIRECTORY_SIZE];

static void remove_directories(void)
{
    for (size_t i = 0; i < DIRECTORIES_MAX; i++)
        if (directories[i][0])
            leftovers_remove(directories[i]);
}

void leftovers_directory(char out[LEFTOVERS_DIRECTORY_SIZE])
{
    static size_t count;

    strcpy(out, "/tmp/spt-XXXXXX");
    cr_assert_not_null(mkdtemp(out), "mkdtemp: %s", strerror(errno));
    if (count == 0)
        atexit(remove_directories);
    cr_assert_lt(count, DIRECTORIES_MAX);
    strcpy(directories[count++], out);
}

static int remove_one(const char *path, const struct stat *st, int type,
                      struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

void leftovers_remove(const char *directory)
{
    nftw(directory, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}
