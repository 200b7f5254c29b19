/* SPDX-License-Identifier: MIT */
/* Strangers' lines: bounded in length, made printable, stamped with who wrote
 * them by the kernel's word. */
#define _GNU_SOURCE
#include "logsink.h"

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fdpass.h"
#include "base/log.h"
#include "base/text.h"

#define LINES_A_TURN 64
#define LINE_MAX_BYTES 2048

struct logsink {
    int fd; /* owned */
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

static int open_receiver(struct logsink *sink)
{
    int on = 1;

    sink->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (sink->fd < 0)
        return -1;
    unlink(sink->address.sun_path);
    if (setsockopt(sink->fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof on) < 0)
        return -1;
    return bind(sink->fd, (struct sockaddr *)&sink->address,
                sizeof sink->address);
}

struct logsink *logsink_create(struct event_base *base, const char *dir,
                               const char *name, logsink_name_fn *name_fn,
                               void *context)
{
    struct logsink *sink = calloc(1, sizeof *sink);

    if (!sink)
        return NULL;
    sink->fd = -1;
    sink->name_fn = name_fn;
    sink->context = context;
    sink->address.sun_family = AF_UNIX;
    if (snprintf(sink->address.sun_path, sizeof sink->address.sun_path,
                 "%s/log/%s", dir, name) >=
        (int)sizeof sink->address.sun_path) {
        errno = ENAMETOOLONG;
        goto fail;
    }
    if (open_receiver(sink) < 0)
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
    if (sink->fd >= 0) {
        close(sink->fd);
        unlink(sink->address.sun_path);
    }
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
