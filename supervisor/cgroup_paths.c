/* SPDX-License-Identifier: MIT */
/* Lines of two files of /proc.  Names of directories in them may be anybody's
 * choice; spaces and backslashes stand there as \040 and the like. */
#define _GNU_SOURCE
#include "cgroup_paths.h"

#include <stdio.h>
#include <string.h>

/* ID, parent, device, root, mount point, options; then a "-" comes. */
#define FIELD_ROOT 3
#define FIELD_POINT 4

/* The field of this number; NULL without one. */
static const char *field(const char *line, int number)
{
    while (number-- > 0) {
        line = strchr(line, ' ');
        if (!line)
            return NULL;
        line++;
    }
    return line;
}

static bool is_octal(const char *text)
{
    return text[0] >= '0' && text[0] <= '3' && text[1] >= '0' &&
           text[1] <= '7' && text[2] >= '0' && text[2] <= '7';
}

/* A field that is followed by another one, without its escapes. */
static bool unescape(const char *from, char out[PATH_MAX])
{
    size_t len = 0;

    for (; *from != ' '; from++) {
        char byte = *from;

        if (byte == '\0' || len == PATH_MAX - 1)
            return false;
        if (byte == '\\' && is_octal(from + 1)) {
            byte = (char)((from[1] - '0') * 64 + (from[2] - '0') * 8 +
                          (from[3] - '0'));
            from += 3;
        }
        if (byte == '\0')
            return false;
        out[len++] = byte;
    }
    out[len] = '\0';
    return out[0] == '/';
}

bool cgroup_paths_mount(const char *line, struct cgroup_mount *out_mount)
{
    const char *type = strstr(line, " - ");
    const char *root = field(line, FIELD_ROOT);
    const char *point = field(line, FIELD_POINT);
    struct cgroup_mount mount;

    if (!type || !root || !point || point > type ||
        strncmp(type, " - cgroup2 ", 11) != 0 ||
        !unescape(root, mount.root) || !unescape(point, mount.point))
        return false;
    *out_mount = mount;
    return true;
}

bool cgroup_paths_own(const char *line, char out[PATH_MAX])
{
    size_t len;

    if (strncmp(line, "0::/", 4) != 0)
        return false;
    line += 3;
    len = strcspn(line, "\n");
    if (len >= PATH_MAX)
        return false;
    memcpy(out, line, len);
    out[len] = '\0';
    return true;
}

/* A process that is outside of the namespace's root is shown as "/..". */
static bool goes_up(const char *path)
{
    for (const char *at = path; (at = strstr(at, "/..")); at += 3)
        if (at[3] == '/' || at[3] == '\0')
            return true;
    return false;
}

bool cgroup_paths_join(const struct cgroup_mount *mount, const char *own,
                       char out[PATH_MAX])
{
    size_t root = strcmp(mount->root, "/") == 0 ? 0 : strlen(mount->root);

    if (goes_up(own) || goes_up(mount->root) ||
        strncmp(own, mount->root, root) != 0 ||
        (own[root] != '/' && own[root] != '\0'))
        return false;
    own += root;
    if (strcmp(own, "/") == 0)
        own = "";
    return snprintf(out, PATH_MAX, "%s%s", mount->point, own) < PATH_MAX;
}

bool cgroup_paths_listed(const char *list, const char *word)
{
    size_t len = strlen(word);

    for (list += strspn(list, " \n"); *list; list += strspn(list, " \n")) {
        size_t here = strcspn(list, " \n");

        if (here == len && memcmp(list, word, len) == 0)
            return true;
        list += here;
    }
    return false;
}
