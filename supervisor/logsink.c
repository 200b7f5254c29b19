/* SPDX-License-Identifier: MIT */
/* Strangers' lines: bounded in length and number, made printable, stamped with
 * who wrote them by the kernel's word. */
#define _GNU_SOURCE
#include "logsink.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fdpass.h"
#include "base/log.h"
#include "lines.h"
#include "meter.h"
#include "runtime.h"

#define DATAGRAMS_A_TURN 64
#define LINES_A_TURN 64
#define WHO_SIZE 256
/* How long a sink with a process over its rate is left alone, so that a flood
 * costs spd next to nothing. */
#define PAUSE_MS 10
/* Of a sending socket, which the kernel doubles: 8 short lines under way.  A
 * receiver holds 11 (net.unix.max_dgram_qlen and one), so that whoever floods
 * cannot take the whole of it.  What is longer than that in one write is
 * lost. */
#define SEND_BUFFER 3072

TAILQ_HEAD(meter_list, log_meter);

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
    struct event *event;  /* owned; something to read */
    struct event *resume; /* owned; while `event` is not pending */
    struct event *say;    /* owned; the next of `unsaid` is due */
    struct logsink_owner owner;
    struct log_meter others;  /* of those who have none */
    struct meter_list unsaid; /* have dropped lines that nobody was told of,
                               * in the order of their due_ms */
};

/* ---- what is dropped ---- */

static struct log_meter *meter_of(struct logsink *sink, pid_t pid)
{
    struct log_meter *meter =
        sink->owner.find_meter(sink->owner.context, pid);

    return meter ? meter : &sink->others;
}

static void arm(struct logsink *sink, int64_t now_ms)
{
    const struct log_meter *first = TAILQ_FIRST(&sink->unsaid);
    int64_t ms = first && first->due_ms > now_ms ? first->due_ms - now_ms : 0;
    struct timeval delay = {(time_t)(ms / 1000),
                            (suseconds_t)(ms % 1000 * 1000)};

    if (first)
        event_add(sink->say, &delay);
}

/* Whether this line may be logged. */
static bool admit(struct logsink *sink, struct log_meter *meter, pid_t pid,
                  int64_t now_ms)
{
    bool was_unsaid = meter->unsaid > 0;

    if (meter_pass(meter, sink->owner.rate, now_ms)) {
        ++*sink->owner.lines;
        return true;
    }
    ++*sink->owner.dropped;
    meter->pid = pid;
    if (!was_unsaid) {
        TAILQ_INSERT_TAIL(&sink->unsaid, meter, link);
        if (TAILQ_FIRST(&sink->unsaid) == meter)
            arm(sink, now_ms);
    }
    return false;
}

static void say_dropped(struct logsink *sink, struct log_meter *meter)
{
    char who[WHO_SIZE];
    uint64_t count = meter_take_unsaid(meter);

    TAILQ_REMOVE(&sink->unsaid, meter, link);
    sink->owner.name_writer(sink->owner.context, meter->pid, who, sizeof who);
    log_info("%s: %llu line%s dropped", who, (unsigned long long)count,
             count == 1 ? "" : "s");
}

static void on_say(evutil_socket_t fd, short what, void *arg)
{
    struct logsink *sink = arg;
    struct log_meter *meter;
    int64_t now_ms = clock_now_ms();

    (void)fd;
    (void)what;
    for (int i = 0; i < LINES_A_TURN; i++) {
        meter = TAILQ_FIRST(&sink->unsaid);
        if (!meter || meter->due_ms > now_ms)
            break;
        say_dropped(sink, meter);
    }
    arm(sink, now_ms);
}

void logsink_forget(struct logsink *sink, struct log_meter *meter)
{
    if (meter->unsaid > 0)
        say_dropped(sink, meter);
}

/* ---- what is logged ---- */

/* The number of lines logged.  A name is only looked up for those. */
static int log_lines(struct logsink *sink, pid_t pid, struct lines lines)
{
    struct log_meter *meter = meter_of(sink, pid);
    int64_t now_ms = clock_now_ms();
    char printable[LINES_SIZE];
    char who[WHO_SIZE];
    struct lines line;
    int count = 0;

    while (lines_next(&lines, &line)) {
        if (!admit(sink, meter, pid, now_ms))
            continue;
        if (count++ == 0)
            sink->owner.name_writer(sink->owner.context, pid, who, sizeof who);
        lines_print(&line, printable);
        log_info("%s: %s", who, printable);
    }
    return count;
}

void logsink_drain(struct logsink *sink)
{
    int lines = 0;

    for (int i = 0; i < DATAGRAMS_A_TURN && lines < LINES_A_TURN; i++) {
        char bytes[LINES_SIZE];
        pid_t pid;
        ssize_t got =
            fdpass_recv_stamped(sink->fd, bytes, sizeof bytes, &pid);

        if (got < 0 && errno == EPROTO) /* longer than a line may be: */
            got = sizeof bytes;         /* its beginning is here */
        if (got < 0)
            return;
        lines += log_lines(sink, pid, (struct lines){bytes, (size_t)got});
    }
}

/* ---- the sockets ---- */

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
    static const struct timeval pause = {0, PAUSE_MS * 1000};
    struct logsink *sink = arg;
    uint64_t dropped = *sink->owner.dropped;

    (void)fd;
    (void)what;
    logsink_drain(sink);
    if (*sink->owner.dropped > dropped &&
        evtimer_add(sink->resume, &pause) == 0)
        event_del(sink->event);
}

static void on_resume(evutil_socket_t fd, short what, void *arg)
{
    struct logsink *sink = arg;

    (void)fd;
    (void)what;
    event_add(sink->event, NULL);
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
                               const struct logsink_owner *owner)
{
    struct logsink *sink = calloc(1, sizeof *sink);

    if (!sink)
        return NULL;
    sink->fd = -1;
    sink->runtime = runtime;
    sink->owner = *owner;
    TAILQ_INIT(&sink->unsaid);
    sink->address.sun_family = AF_UNIX;
    if (open_receiver(sink, name) < 0)
        goto fail;
    sink->event =
        event_new(base, sink->fd, EV_READ | EV_PERSIST, on_readable, sink);
    sink->resume = evtimer_new(base, on_resume, sink);
    sink->say = evtimer_new(base, on_say, sink);
    if (!sink->event || !sink->resume || !sink->say ||
        event_add(sink->event, NULL) < 0)
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
    logsink_forget(sink, &sink->others);
    if (sink->event)
        event_free(sink->event);
    if (sink->resume)
        event_free(sink->resume);
    if (sink->say)
        event_free(sink->say);
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
    static const int size = SEND_BUFFER;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0)
        return -1;
    if (setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size) < 0 ||
        connect(fd, (const struct sockaddr *)&sink->address,
                sizeof sink->address) < 0) {
        close(fd);
        return -1;
    }
    return fd;
}
