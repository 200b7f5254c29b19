/* SPDX-License-Identifier: MIT */
/* One hierarchy, whose state is in its files.  Only calls on paths below it are
 * played; all others are the real ones. */
#define _GNU_SOURCE
#include "cgroup_kernel.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "support/leftovers.h"

#define TEXT_SIZE 256

struct kernel_facts kernel;

static char top[LEFTOVERS_DIRECTORY_SIZE]; /* "" while nothing is played */
static char acts[4096];
static const char *refused_file;
static int refused_error;

/* The real ones, and those that stand in for them. */
int __real_mkdir(const char *path, mode_t mode);
int __wrap_mkdir(const char *path, mode_t mode);
int __real_rmdir(const char *path);
int __wrap_rmdir(const char *path);
ssize_t __real_write(int fd, const void *bytes, size_t size);
ssize_t __wrap_write(int fd, const void *bytes, size_t size);
FILE *__real_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode);
int __real_access(const char *path, int mode);
int __wrap_access(const char *path, int mode);
int __real_statfs(const char *path, struct statfs *out_about);
int __wrap_statfs(const char *path, struct statfs *out_about);
ssize_t __wrap_getxattr(const char *path, const char *name, void *value,
                        size_t size);
uid_t __wrap_geteuid(void);

static const struct controller {
    const char *name, *file, *text;
} controllers[] = {
    {"memory", "memory.max", "max\n"},
    {"pids", "pids.max", "max\n"},
    {"cpu", "cpu.weight", "100\n"},
};
#define CONTROLLERS (sizeof controllers / sizeof controllers[0])

/* ---- files ---- */

static bool is_played(const char *path)
{
    size_t size = strlen(top);

    return size > 0 && strncmp(path, top, size) == 0 &&
           (path[size] == '/' || path[size] == '\0');
}

static void get(const char *dir, const char *file, char out[TEXT_SIZE])
{
    char path[PATH_MAX];
    ssize_t got = -1;
    int fd;

    snprintf(path, sizeof path, "%s/%s", dir, file);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        got = read(fd, out, TEXT_SIZE - 1);
        close(fd);
    }
    out[got < 0 ? 0 : got] = '\0';
}

static void put(const char *dir, const char *file, const char *text)
{
    char path[PATH_MAX];
    int fd;

    snprintf(path, sizeof path, "%s/%s", dir, file);
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    cr_assert_geq(fd, 0, "%s", path);
    cr_assert_eq(__real_write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

/* Calls visit for each cgroup right below one. */
static void each_below(const char *dir,
                       void (*visit)(const char *dir, void *context),
                       void *context)
{
    DIR *directory = opendir(dir);
    const struct dirent *entry;
    char path[PATH_MAX];

    cr_assert_not_null(directory, "%s", dir);
    while ((entry = readdir(directory)))
        if (entry->d_type == DT_DIR && entry->d_name[0] != '.') {
            snprintf(path, sizeof path, "%s/%s", dir, entry->d_name);
            visit(path, context);
        }
    closedir(directory);
}

/* ---- lists of words in files ---- */

static bool lists(const char *dir, const char *file, const char *word)
{
    char text[TEXT_SIZE], *rest = text, *here;

    get(dir, file, text);
    while ((here = strsep(&rest, " \n")))
        if (strcmp(here, word) == 0)
            return true;
    return false;
}

static bool lists_any(const char *dir, const char *file)
{
    char text[TEXT_SIZE];

    get(dir, file, text);
    return text[strspn(text, " \n")] != '\0';
}

static void drop(const char *dir, const char *file, const char *word)
{
    char text[TEXT_SIZE], left[TEXT_SIZE] = "", *rest = text, *here;
    size_t size = 0;

    get(dir, file, text);
    while ((here = strsep(&rest, " \n")))
        if (*here && strcmp(here, word) != 0)
            size += (size_t)snprintf(left + size, sizeof left - size, "%s\n",
                                     here);
    put(dir, file, left);
}

static void add(const char *dir, const char *file, const char *word)
{
    char text[TEXT_SIZE];
    size_t size;

    drop(dir, file, word);
    get(dir, file, text);
    size = strlen(text);
    snprintf(text + size, sizeof text - size, "%s\n", word);
    put(dir, file, text);
}

/* ---- controllers ---- */

static void give(const char *dir, void *controller)
{
    const struct controller *row = controller;

    add(dir, "cgroup.controllers", row->name);
    put(dir, row->file, row->text);
}

static void take(const char *dir, void *controller)
{
    const struct controller *row = controller;
    char path[PATH_MAX];

    drop(dir, "cgroup.controllers", row->name);
    snprintf(path, sizeof path, "%s/%s", dir, row->file);
    unlink(path);
}

struct use {
    const char *controller;
    bool found;
};

static void find_use(const char *dir, void *context)
{
    struct use *use = context;

    use->found |= lists(dir, "cgroup.subtree_control", use->controller);
}

/* "+memory", "-memory".  0 or an error. */
static int control(const char *dir, const char *order)
{
    struct use use = {order + 1, false};

    if (!lists(dir, "cgroup.controllers", order + 1))
        return ENOENT;
    each_below(dir, find_use, &use);
    if (order[0] == '+' ? lists_any(dir, "cgroup.procs") : use.found)
        return EBUSY;
    (order[0] == '+' ? add : drop)(dir, "cgroup.subtree_control", order + 1);
    for (size_t i = 0; i < CONTROLLERS; i++)
        if (strcmp(controllers[i].name, order + 1) == 0)
            each_below(dir, order[0] == '+' ? give : take,
                       (void *)&controllers[i]);
    return 0;
}

/* ---- processes ---- */

static void leave(const char *dir, void *pid)
{
    drop(dir, "cgroup.procs", pid);
    each_below(dir, leave, pid);
}

/* 0 or an error. */
static int enter(const char *dir, const char *pid)
{
    char own[16];

    if (lists_any(dir, "cgroup.subtree_control"))
        return EBUSY;
    snprintf(own, sizeof own, "%d", (int)getpid());
    if (strcmp(pid, "0") == 0)
        pid = own;
    leave(top, (void *)pid);
    add(dir, "cgroup.procs", pid);
    return 0;
}

static void end_all(const char *dir, void *context)
{
    put(dir, "cgroup.procs", "");
    each_below(dir, end_all, context);
}

struct search {
    const char *pid;
    char found[PATH_MAX];
};

static void find_process(const char *dir, void *context)
{
    struct search *search = context;

    if (lists(dir, "cgroup.procs", search->pid))
        snprintf(search->found, sizeof search->found, "%s", dir);
    each_below(dir, find_process, search);
}

/* ---- what is done ---- */

/* With "PID" for ours. */
static void note(const char *what, const char *path, const char *order)
{
    char own[32];
    const char *rest = path + strlen(top) + 1, *found;
    size_t size = strlen(acts);

    snprintf(own, sizeof own, "libsp-%d", (int)getpid());
    found = strstr(rest, own);
    if (found)
        snprintf(acts + size, sizeof acts - size, "%s%.*slibsp-PID%s%s%s\n",
                 what, (int)(found - rest), rest, found + strlen(own),
                 *order ? ": " : "", order);
    else
        snprintf(acts + size, sizeof acts - size, "%s%s%s%s\n", what, rest,
                 *order ? ": " : "", order);
}

static void give_files(const char *dir)
{
    char parent[PATH_MAX];

    put(dir, "cgroup.controllers", "");
    put(dir, "cgroup.subtree_control", "");
    put(dir, "cgroup.procs", "");
    put(dir, "cgroup.events", "populated 0\n");
    put(dir, "cgroup.kill", "");
    snprintf(parent, sizeof parent, "%s", dir);
    *strrchr(parent, '/') = '\0';
    for (size_t i = 0; i < CONTROLLERS; i++)
        if (lists(parent, "cgroup.subtree_control", controllers[i].name))
            give(dir, (void *)&controllers[i]);
}

int __wrap_mkdir(const char *path, mode_t mode)
{
    if (!is_played(path))
        return __real_mkdir(path, mode);
    note("mkdir ", path, "");
    if (__real_mkdir(path, 0700) < 0)
        return -1;
    give_files(path);
    return 0;
}

static void find_any(const char *dir, void *context)
{
    (void)dir;
    *(bool *)context = true;
}

int __wrap_rmdir(const char *path)
{
    bool busy = false;

    if (!is_played(path) || access(path, F_OK) < 0)
        return __real_rmdir(path);
    note("rmdir ", path, "");
    each_below(path, find_any, &busy);
    if (busy || lists_any(path, "cgroup.procs")) {
        errno = EBUSY;
        return -1;
    }
    leftovers_remove(path);
    return 0;
}

/* 0 or an error. */
static int obey(const char *dir, const char *file, const char *order)
{
    if (refused_file && strcmp(file, refused_file) == 0)
        return refused_error;
    if (strcmp(file, "cgroup.subtree_control") == 0)
        return control(dir, order);
    if (strcmp(file, "cgroup.procs") == 0)
        return enter(dir, order);
    if (strcmp(file, "cgroup.kill") == 0)
        end_all(dir, NULL);
    else
        put(dir, file, order);
    return 0;
}

ssize_t __wrap_write(int fd, const void *bytes, size_t size)
{
    char link[48], path[PATH_MAX], order[TEXT_SIZE], *file;
    ssize_t length;

    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    length = readlink(link, path, sizeof path - 1);
    path[length < 0 ? 0 : length] = '\0';
    if (!is_played(path))
        return __real_write(fd, bytes, size);
    snprintf(order, sizeof order, "%.*s", (int)size, (const char *)bytes);
    note("", path, order);
    file = strrchr(path, '/');
    *file = '\0';
    errno = obey(path, file + 1, order);
    return errno ? -1 : (ssize_t)size;
}

/* ---- what is told ---- */

static FILE *tell(const char *text)
{
    FILE *file = tmpfile();

    cr_assert_not_null(file);
    fputs(text, file);
    rewind(file);
    return file;
}

static FILE *tell_where(const char *pid)
{
    struct search search = {pid, ""};
    char text[PATH_MAX + 8];

    find_process(top, &search);
    if (!search.found[0])
        return tell("1:cpu:/\n"); /* it is in one of v1 */
    snprintf(text, sizeof text, "1:cpu:/\n0::%s\n",
             search.found[strlen(top)] ? search.found + strlen(top) : "/");
    return tell(text);
}

FILE *__wrap_fopen(const char *path, const char *mode)
{
    char text[128], pid[16];
    int end = 0;

    if (!top[0])
        return __real_fopen(path, mode);
    if (strcmp(path, "/proc/self/mountinfo") == 0) {
        snprintf(text, sizeof text,
                 "20 1 0:20 / / rw - tmpfs none rw\n"
                 "21 20 0:21 / %s rw - %s none rw\n",
                 top, kernel.mounted ? "cgroup2" : "cgroup");
        return tell(text);
    }
    if (sscanf(path, "/proc/%15[0-9]/cgroup%n", pid, &end) == 1 && end > 0)
        return tell_where(pid);
    return __real_fopen(path, mode);
}

int __wrap_access(const char *path, int mode)
{
    if (!is_played(path) || mode != W_OK || kernel.writable)
        return __real_access(path, mode);
    errno = EACCES;
    return -1;
}

int __wrap_statfs(const char *path, struct statfs *out_about)
{
    if (__real_statfs(path, out_about) < 0)
        return -1;
    if (is_played(path) && kernel.v2)
        out_about->f_type = CGROUP2_SUPER_MAGIC;
    return 0;
}

ssize_t __wrap_getxattr(const char *path, const char *name, void *value,
                        size_t size)
{
    (void)path;
    if (!kernel.delegated || strcmp(name, "trusted.delegate") != 0 ||
        size < 1) {
        errno = ENODATA;
        return -1;
    }
    *(char *)value = '1';
    return 1;
}

uid_t __wrap_geteuid(void)
{
    return kernel.root ? 0 : 1000;
}

/* ---- for tests ---- */

void kernel_begin(const char *list)
{
    char text[TEXT_SIZE], order[TEXT_SIZE], *rest = text, *word;

    leftovers_directory(top);
    kernel = (struct kernel_facts){.mounted = true, .v2 = true,
                                   .writable = true};
    give_files(top);
    put(top, "cgroup.controllers", list);
    kernel_make("given");
    kernel_make("elsewhere");
    snprintf(text, sizeof text, "%s", list);
    while ((word = strsep(&rest, " "))) {
        snprintf(order, sizeof order, "+%s", word);
        cr_assert_eq(control(top, order), 0);
    }
    kernel_put("elsewhere", getpid());
}

void kernel_end(void)
{
    leftovers_remove(top);
    top[0] = '\0';
}

static char *next_text(void)
{
    static char texts[4][PATH_MAX];
    static unsigned turn;

    return texts[turn++ % 4];
}

const char *kernel_path(const char *cgroup)
{
    char *path = next_text();
    const char *own = strstr(cgroup, "PID");

    if (own)
        snprintf(path, PATH_MAX, "%s/%.*s%d%s", top, (int)(own - cgroup),
                 cgroup, (int)getpid(), own + 3);
    else
        snprintf(path, PATH_MAX, "%s%s%s", top, *cgroup ? "/" : "", cgroup);
    return path;
}

const char *kernel_text(const char *cgroup, const char *file)
{
    char text[TEXT_SIZE], *out = next_text();
    char path[PATH_MAX];

    snprintf(path, sizeof path, "%s/%s", kernel_path(cgroup), file);
    get(kernel_path(cgroup), file, text);
    text[strcspn(text, "\n")] = '\0';
    snprintf(out, PATH_MAX, "%s",
             __real_access(path, F_OK) == 0 ? text : "(none)");
    return out;
}

void kernel_make(const char *cgroup)
{
    const char *path = kernel_path(cgroup);

    cr_assert_eq(__real_mkdir(path, 0700), 0, "%s", path);
    give_files(path);
}

bool kernel_has(const char *cgroup)
{
    return __real_access(kernel_path(cgroup), F_OK) == 0;
}

void kernel_put(const char *cgroup, pid_t pid)
{
    char text[16];

    snprintf(text, sizeof text, "%d", (int)pid);
    leave(top, text);
    add(kernel_path(cgroup), "cgroup.procs", text);
}

void kernel_refuse(const char *file, int error)
{
    refused_file = file;
    refused_error = error;
}

void kernel_expect(const char *wanted)
{
    cr_expect_str_eq(acts, wanted, "what was done:\n%s", acts);
    acts[0] = '\0';
}
