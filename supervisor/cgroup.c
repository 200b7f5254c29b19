/* SPDX-License-Identifier: MIT */
/* Finds what spd has been given of cgroup v2, and prepares it at its start.
 *
 * As any user, what can be written to has been given.  Root can write to all of
 * it: there the mark counts that systemd puts on (Delegate=yes), or the path
 * that is configured. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "cgroup_dir.h"
#include "cgroup_own.h"
#include "cgroup_paths.h"
#include "settings.h"

#define CLOSE_MS 1000
#define ITSELF "spd"
/* Somebody sweeps it away between our mkdir and our lock. */
#define LOCK_TRIES 8

__attribute__((format(printf, 2, 3))) static int
refuse(struct cgroup *cgroup, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(cgroup->why, sizeof cgroup->why, format, args);
    va_end(args);
    return -1;
}

/* ---- where it is ---- */

static bool find_mount(struct cgroup_mount *out_mount)
{
    FILE *file = fopen("/proc/self/mountinfo", "re");
    char *line = NULL;
    size_t room = 0;
    bool found = false;

    while (file && !found && getline(&line, &room, file) > 0)
        found = cgroup_paths_mount(line, out_mount);
    free(line);
    if (file)
        fclose(file);
    return found;
}

static bool find_own(pid_t pid, char out[PATH_MAX])
{
    char line[PATH_MAX + 8], path[48];
    bool found = false;
    FILE *file;

    snprintf(path, sizeof path, "/proc/%d/cgroup", (int)pid);
    file = fopen(path, "re");
    while (file && !found && fgets(line, sizeof line, file))
        found = cgroup_paths_own(line, out);
    if (file)
        fclose(file);
    return found;
}

/* ---- whose it is ---- */

static bool is_marked(const char *path)
{
    static const char *const names[] = {"trusted.delegate", "user.delegate"};
    char value[2];

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (getxattr(path, names[i], value, sizeof value) == 1 &&
            value[0] == '1')
            return true;
    return false;
}

static int find_given(struct cgroup *cgroup)
{
    struct cgroup_mount mount;
    char own[PATH_MAX];

    if (!find_mount(&mount))
        return refuse(cgroup, "cgroup v2 is not mounted");
    if (!find_own(getpid(), own) ||
        !cgroup_paths_join(&mount, own, cgroup->base))
        return refuse(cgroup, "spd is in no cgroup below %.300s", mount.point);
    if (strcmp(own, "/") == 0)
        return refuse(cgroup,
                      "%.300s: spd is in the root of the hierarchy",
                      cgroup->base);
    if (geteuid() == 0 && !is_marked(cgroup->base))
        return refuse(cgroup, "%.300s: not delegated (Delegate=yes)",
                      cgroup->base);
    return 0;
}

static int take_given(struct cgroup *cgroup, const char *path)
{
    struct statfs about;

    snprintf(cgroup->base, sizeof cgroup->base, "%s", path);
    if (statfs(path, &about) < 0)
        return refuse(cgroup, "%.300s: %s", path, strerrordesc_np(errno));
    if (about.f_type != CGROUP2_SUPER_MAGIC)
        return refuse(cgroup, "%.300s: not a cgroup of v2", path);
    return 0;
}

/* ---- what becomes of it ---- */

static int make_own(struct cgroup *cgroup)
{
    char path[PATH_MAX];

    cgroup_dir_sweep(cgroup->base);
    if (snprintf(path, sizeof path, "%s/" CGROUP_PREFIX "%d", cgroup->base,
                 (int)getpid()) >= PATH_MAX)
        return refuse(cgroup, "its path is too long");
    for (int i = 0; cgroup->lock < 0 && i < LOCK_TRIES; i++) {
        if (mkdir(path, 0755) < 0 && errno != EEXIST)
            break;
        cgroup->lock = cgroup_dir_lock(path);
    }
    if (cgroup->lock < 0)
        return refuse(cgroup, "%.300s: %s", path, strerrordesc_np(errno));
    memcpy(cgroup->path, path, sizeof path);
    return 0;
}

/* Only a cgroup without processes can have controllers for those below it:
 * spd steps down into one of its own. */
static int step_down(struct cgroup *cgroup)
{
    char path[PATH_MAX], own[PATH_MAX];
    struct cgroup_mount mount;
    char here[PATH_MAX];

    if (!find_mount(&mount) || !find_own(getpid(), own) ||
        !cgroup_paths_join(&mount, own, here) ||
        strcmp(here, cgroup->base) != 0 ||
        snprintf(path, sizeof path, "%s/" ITSELF, cgroup->path) >= PATH_MAX ||
        mkdir(path, 0755) < 0)
        return -1;
    if (cgroup_dir_write(path, "cgroup.procs", "0") < 0) {
        rmdir(path);
        return -1;
    }
    cgroup->moved = true;
    return 0;
}

static int enable_in(const char *path, const char *controller)
{
    char order[32];

    snprintf(order, sizeof order, "+%s", controller);
    return cgroup_dir_write(path, "cgroup.subtree_control", order);
}

/* -1 and errno. */
static int enable_in_base(struct cgroup *cgroup, const char *controller)
{
    if (enable_in(cgroup->base, controller) == 0)
        return 0;
    if (errno != EBUSY)
        return -1;
    if (!cgroup->moved && step_down(cgroup) == 0)
        return enable_in(cgroup->base, controller);
    errno = EBUSY; /* by processes that are not ours */
    return -1;
}

/* For the cgroups of modules: in BASE, then in libsp-PID. */
static void enable(struct cgroup *cgroup, const char *controller)
{
    char there[CGROUP_TEXT_SIZE];
    size_t len = strlen(cgroup->controllers);

    cgroup_dir_read(cgroup->base, "cgroup.controllers", there, sizeof there);
    if (!cgroup_paths_listed(there, controller))
        return;
    if (enable_in_base(cgroup, controller) < 0) {
        refuse(cgroup, "+%s: %s", controller,
               errno == EBUSY ? "other processes are in it"
                              : strerrordesc_np(errno));
        return;
    }
    if (enable_in(cgroup->path, controller) < 0)
        refuse(cgroup, "%.300s: +%s: %s", cgroup->path, controller,
               strerrordesc_np(errno));
    else
        snprintf(cgroup->controllers + len, sizeof cgroup->controllers - len,
                 "%s%s", len > 0 ? " " : "", controller);
}

/* What the setting says, and whether spd may write to it. */
static struct cgroup *find(const char *setting)
{
    struct cgroup *cgroup = calloc(1, sizeof *cgroup);
    int found;

    if (!cgroup)
        return NULL;
    cgroup->lock = -1;
    if (strcmp(setting, "off") == 0)
        found = refuse(cgroup, "cgroup = off");
    else if (strcmp(setting, "auto") == 0)
        found = find_given(cgroup);
    else
        found = take_given(cgroup, setting);
    if (found == 0 && access(cgroup->base, W_OK) < 0)
        found = refuse(cgroup, "%.300s: not delegated: %s", cgroup->base,
                       strerrordesc_np(errno));
    cgroup->found = found == 0;
    return cgroup;
}

struct cgroup *cgroup_look(const char *setting)
{
    struct cgroup *cgroup = find(setting);

    if (!cgroup || !cgroup->found)
        return cgroup;
    cgroup_dir_read(cgroup->base, "cgroup.controllers", cgroup->controllers,
                    sizeof cgroup->controllers);
    cgroup->controllers[strcspn(cgroup->controllers, "\n")] = '\0';
    return cgroup;
}

struct cgroup *cgroup_open(const char *setting)
{
    struct cgroup *cgroup = find(setting);

    if (!cgroup || !cgroup->found)
        return cgroup;
    cgroup->found = make_own(cgroup) == 0;
    if (cgroup->found) {
#define ENABLE(setting, controller, file) enable(cgroup, controller);
        CGROUP_LIMIT_TABLE(ENABLE)
#undef ENABLE
    }
    return cgroup;
}

void cgroup_close(struct cgroup *cgroup)
{
    if (!cgroup)
        return;
    if (cgroup->moved) { /* back, where it will let us */
#define DISABLE(setting, controller, file)                                     \
    cgroup_dir_write(cgroup->path, "cgroup.subtree_control", "-" controller);  \
    cgroup_dir_write(cgroup->base, "cgroup.subtree_control", "-" controller);
        CGROUP_LIMIT_TABLE(DISABLE)
#undef DISABLE
        cgroup_dir_write(cgroup->base, "cgroup.procs", "0");
    }
    if (cgroup->path[0])
        cgroup_dir_remove(cgroup->path, CLOSE_MS);
    if (cgroup->lock >= 0)
        close(cgroup->lock);
    free(cgroup);
}

/* ---- what there is ---- */

bool cgroup_found(const struct cgroup *cgroup)
{
    return cgroup->found;
}

bool cgroup_has_controller(const struct cgroup *cgroup, const char *controller)
{
    return cgroup_paths_listed(cgroup->controllers, controller);
}

/* BASE has it as those below it have. */
bool cgroup_has_file(const struct cgroup *cgroup, const char *file)
{
    char path[PATH_MAX];

    return cgroup->found &&
           snprintf(path, sizeof path, "%s/%s", cgroup->base, file) <
               PATH_MAX &&
           access(path, F_OK) == 0;
}

/* ---- in words ---- */

void cgroup_describe(const struct cgroup *cgroup, char out[CGROUP_TEXT_SIZE])
{
    if (!cgroup->found)
        snprintf(out, CGROUP_TEXT_SIZE, "not used: %.480s", cgroup->why);
    else
        snprintf(out, CGROUP_TEXT_SIZE, "in %.300s, controllers %.40s%s%.140s",
                 cgroup->path[0] ? cgroup->path : cgroup->base,
                 cgroup->controllers[0] ? cgroup->controllers : "none",
                 cgroup->why[0] ? "; " : "", cgroup->why);
}

static int check_one(const struct cgroup *cgroup, const char *setting,
                     const char *controller, char out_text[CGROUP_TEXT_SIZE])
{
    if (cgroup_paths_listed(cgroup->controllers, controller))
        return 0;
    if (!cgroup->path[0])
        snprintf(out_text, CGROUP_TEXT_SIZE, "%s: cgroup v2: %.400s", setting,
                 cgroup->why);
    else
        snprintf(out_text, CGROUP_TEXT_SIZE,
                 "%s: cgroup v2: no %s controller in %.300s%s%.100s", setting,
                 controller, cgroup->base, cgroup->why[0] ? ": " : "",
                 cgroup->why);
    return -1;
}

bool cgroup_asked(const struct module_settings *settings)
{
#define ASKED(setting, controller, file) settings->setting > 0 ||
    return CGROUP_LIMIT_TABLE(ASKED) false;
#undef ASKED
}

int cgroup_check(const struct cgroup *cgroup,
                 const struct module_settings *settings,
                 char out_text[CGROUP_TEXT_SIZE])
{
#define CHECK(setting, controller, file)                                       \
    if (settings->setting > 0 &&                                               \
        check_one(cgroup, #setting, controller, out_text) < 0)                 \
        return -1;
    CGROUP_LIMIT_TABLE(CHECK)
#undef CHECK
    return 0;
}

void cgroup_limits_text(pid_t pid, char *out, size_t size)
{
    char own[PATH_MAX], path[PATH_MAX], value[24];
    struct cgroup_mount mount;
    size_t len = 0;
    char *leaf;

    out[0] = '\0';
    if (!find_own(pid, own) || !strstr(own, "/" CGROUP_PREFIX) ||
        !find_mount(&mount) || !cgroup_paths_join(&mount, own, path) ||
        !(leaf = strrchr(path, '/')))
        return;
    *leaf = '\0'; /* the module's, whose limits they are */
#define TELL(setting, controller, file)                                        \
    if (len < size && cgroup_dir_read(path, file, value, sizeof value) == 0) { \
        value[strcspn(value, "\n")] = '\0';                                    \
        len += (size_t)snprintf(out + len, size - len, ", " file " %s",        \
                                value);                                        \
    }
    CGROUP_LIMIT_TABLE(TELL)
#undef TELL
}
