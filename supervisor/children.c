/* SPDX-License-Identifier: MIT */
/* /proc/PID/task/PID/children: numbers with a space behind each. */
#define _GNU_SOURCE
#include "children.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* No process has so high a number that a digit more would not fit. */
#define CHILDREN_CUT (INT_MAX / 10)

int children_open(struct children *children)
{
    return children_open_of(children, getpid());
}

int children_open_of(struct children *children, pid_t parent)
{
    char path[64];

    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)parent,
             (int)parent);
    children->fd = open(path, O_RDONLY | O_CLOEXEC);
    children->unended = 0;
    children->count = children->next = 0;
    return children->fd < 0 ? -1 : 0;
}

void children_close(struct children *children)
{
    close(children->fd);
    children->fd = -1;
}

void children_parse(struct children *children, const char *text, size_t size)
{
    children->count = children->next = 0;
    for (size_t i = 0; i < size; i++) {
        if (text[i] >= '0' && text[i] <= '9') {
            children->unended =
                children->unended % CHILDREN_CUT * 10 + (text[i] - '0');
        } else if (children->unended > 0) {
            children->pids[children->count++] = children->unended;
            children->unended = 0;
        }
    }
}

pid_t children_next(struct children *children)
{
    char text[CHILDREN_READ_SIZE];

    while (children->next == children->count) {
        ssize_t got = read(children->fd, text, sizeof text);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return 0;
        children_parse(children, text, (size_t)got);
    }
    return children->pids[children->next++];
}

pid_t *children_list(size_t *out_count)
{
    struct children children;
    pid_t *pids = NULL;
    size_t room = 0;
    pid_t pid;

    *out_count = 0;
    if (children_open(&children) < 0)
        return NULL;
    while ((pid = children_next(&children)) > 0) {
        if (*out_count == room) {
            size_t more = room ? room * 2 : 64;
            pid_t *grown = realloc(pids, more * sizeof *pids);

            if (!grown)
                break;
            pids = grown;
            room = more;
        }
        pids[(*out_count)++] = pid;
    }
    children_close(&children);
    return pids;
}
