/* SPDX-License-Identifier: MIT */
/* Strangers' lines: bounded in length, made printable, stamped with who wrote
 * them by the kernel's word. */
#define _GNU_SOURCE
#include "logsink.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fdpass.h"
#include "base/log.h"
#include "base/text.h"
#include "runtime.h"

#define LINES_A_TURN 64
#define LINE_MAX_BYTES 2048

/* Sockets of one name at once: the longest path ends in ".9999". */
#define SAME_NAME_MAX 9999
static_assert(RUNDIR_MAX + sizeof "/" RUNDIR_LOG "/" - 1 + SP_ID_MAX +
                      sizeof ".9999" <=
                  RUNDIR_PATH_SIZE,
              "the longest path fits a socket address");

struct logsink {
    const struct runtime *runtime; /* borrowed */
    int fd;                        /* owned */
    bool bound;
    struct sockaddr_un address;
    struct event *event; /* owned */
    logsink_name_fn *name_fn;
    void *context; /* borrowed */
};

static void log_lines(const struct logsink *sink, pid_t pid, const char *bytes,
                      size_t len)
{
    char who[256];

    sink->name_fn(sink->context, pid, who, sizeof who);
    while (len > 0) {
        const char *newline = memchr(bytes, '\n', len);
        size_t size = newline ? (size_t)(newline - bytes) : len;
        char line[LINE_MAX_BYTES];

        text_printable(line, sizeof line, bytes, size);
        if (size > 0)
            log_info("%s: %s", who, line);
        if (newline)
            size++;
        bytes += size;
        len -= size;
    }
}

void logsink_drain(struct logsink *sink)
{
    for (int i = 0; i < LINES_A_TURN; i++) {
        char bytes[LINE_MAX_BYTES];
        pid_t pid;
        ssize_t got =
            fdpass_recv_stamped(sink->fd, bytes, sizeof bytes, &pid);

        if (got < 0 && errno == EPROTO) {
            /* longer than a line may be: its beginning is here */
            log_lines(sink, pid, bytes, sizeof bytes);
            continue;
        }
        if (got < 0)
            return;
        log_lines(sink, pid, bytes, (size_t)got);
    }
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    logsink_drain(arg);
}

/* The first free one of NAME, NAME.2, ... */
static int bind_name(struct logsink *sink, const char *name)
{
    size_t size = sizeof sink->address.sun_path;

    for (unsigned n = 1; n <= SAME_NAME_MAX; n++) {
        char *path = sink->address.sun_path;
        int len = snprintf(path, size, "%s/" RUNDIR_LOG "/%s",
                           sink->runtime->dir, name);

        if (n > 1)
            len += snprintf(path + len, size - (size_t)len, ".%u", n);
        if (bind(sink->fd, (struct sockaddr *)&sink->address,
                 sizeof sink->address) == 0) {
            sink->bound = true;
            return 0;
        }
        if (errno != EADDRINUSE)
            return -1;
    }
    return -1;
}

static int open_receiver(struct logsink *sink, const char *name)
{
    int on = 1;

    sink->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (sink->fd < 0 ||
        setsockopt(sink->fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof on) < 0)
        return -1;
    return bind_name(sink, name);
}

struct logsink *logsink_create(struct event_base *base,
                               const struct runtime *runtime, const char *name,
                               logsink_name_fn *name_fn, void *context)
{
    struct logsink *sink = calloc(1, sizeof *sink);

    if (!sink)
        return NULL;
    sink->fd = -1;
    sink->name_fn = name_fn;
    sink->context = context;
    sink->runtime = runtime;
    sink->address.sun_family = AF_UNIX;
    if (open_receiver(sink, name) < 0)
        goto fail;
    sink->event =
        event_new(base, sink->fd, EV_READ | EV_PERSIST, on_readable, sink);
    if (!sink->event || event_add(sink->event, NULL) < 0)
        goto fail;
    return sink;
fail:
    logsink_destroy(sink);
    return NULL;
}

void logsink_destroy(struct logsink *sink)
{
    int saved = errno;

    if (!sink)
        return;
    if (sink->event)
        event_free(sink->event);
    if (sink->bound)
        runtime_unlink_log(sink->runtime,
                           strrchr(sink->address.sun_path, '/') + 1);
    if (sink->fd >= 0)
        close(sink->fd);
    free(sink);
    errno = saved;
}

int logsink_open(const struct logsink *sink)
{
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0)
        return -1;
    if (connect(fd, (const struct sockaddr *)&sink->address,
                sizeof sink->address) < 0) {
        close(fd);
        return -1;
    }
    return fd;
}
