/* SPDX-License-Identifier: MIT */
/* Threads on one connection.  There are two roles, each one thread's at a time:
 *
 *   reading   waits in recv() for whatever comes
 *   writing   waits in poll() until the socket takes more; it takes the
 *             reading over too while nobody has it, so that a peer that does
 *             not read before it has written cannot block both
 *
 * Who needs a role that is taken sleeps.  Who leaves wakes one sleeper for each
 * role that is free then.  A single thread's small call is one sendmsg() and
 * one recv().  Callers: channel_local.c. */
#define _GNU_SOURCE
#include "line.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <utlist.h>

#include "base/clock.h"
#include "dial.h"
#include "result.h"

#define LINE_MAGIC 0x6c696e65u

struct line {
    struct cache_entry entry; /* first */
    uint32_t magic;
    const struct place *place; /* borrowed */
    pthread_mutex_t lock;      /* guards all below */
    bool connected;
    bool reading;
    bool writing;
    bool writer_waits; /* the writer sleeps until the reader has read */
    int recv_timeout;  /* SO_RCVTIMEO as it is set now, in ms; 0: none */
    struct conn conn;
    struct waiter *sleepers; /* in order of arrival */
};

/* One call in one thread; on its stack. */
struct waiter {
    struct conn_request request; /* first */
    struct line *line;
    int64_t deadline;
    bool asleep;
    pthread_cond_t woken;
    struct waiter *prev, *next; /* line.sleepers */
};

/* ---- a line in the cache ---- */

static struct cache_entry *line_create(void *context, const char *key)
{
    struct line *line = calloc(1, sizeof *line);

    (void)key; /* the cache writes it to the entry */
    if (!line)
        return NULL;
    line->magic = LINE_MAGIC;
    line->place = context;
    pthread_mutex_init(&line->lock, NULL);
    return &line->entry;
}

struct line *line_of_entry(struct cache_entry *entry)
{
    struct line *line = (struct line *)entry;

    assert(line->magic == LINE_MAGIC);
    return line;
}

static void line_destroy(struct cache_entry *entry)
{
    struct line *line = line_of_entry(entry);

    assert(!line->reading && !line->writing && !line->sleepers);
    if (line->connected)
        conn_fini(&line->conn);
    pthread_mutex_destroy(&line->lock);
    line->magic = 0;
    free(line);
}

const struct cache_type line_cache_type = {line_create, line_destroy};

bool line_usable(struct line *line)
{
    bool usable;

    pthread_mutex_lock(&line->lock);
    usable = line->connected && conn_usable(&line->conn);
    pthread_mutex_unlock(&line->lock);
    return usable;
}

/* ---- sleeping and waking; under the lock ---- */

static void wake(struct line *line, struct waiter *waiter)
{
    if (!waiter->asleep)
        return;
    waiter->asleep = false;
    DL_DELETE(line->sleepers, waiter);
    pthread_cond_signal(&waiter->woken);
}

static void request_over(struct conn_request *request)
{
    struct waiter *waiter = (struct waiter *)request;

    wake(waiter->line, waiter);
}

static void sleep_until_woken(struct line *line, struct waiter *waiter)
{
    struct timespec until = {
        .tv_sec = waiter->deadline / 1000,
        .tv_nsec = waiter->deadline % 1000 * 1000000,
    };
    int error = 0;

    waiter->asleep = true;
    DL_APPEND(line->sleepers, waiter);
    while (waiter->asleep && error != ETIMEDOUT) {
        if (waiter->deadline == DEADLINE_NEVER)
            pthread_cond_wait(&waiter->woken, &line->lock);
        else
            error = pthread_cond_clockwait(&waiter->woken, &line->lock,
                                           CLOCK_MONOTONIC, &until);
    }
    if (waiter->asleep)
        DL_DELETE(line->sleepers, waiter);
    waiter->asleep = false;
}

/* Which of the two roles gets this waiter's request on. */
static bool wants_writing(const struct line *line, const struct waiter *waiter)
{
    return conn_unwritten(&waiter->request) && !line->conn.write_over;
}

static void wake_first(struct line *line, bool for_writing)
{
    struct waiter *waiter;

    DL_FOREACH (line->sleepers, waiter)
        if (wants_writing(line, waiter) == for_writing) {
            wake(line, waiter);
            return;
        }
}

/* What a thread does before it leaves, or goes on without a role it had. */
static void hand_over(struct line *line)
{
    if (!line->sleepers)
        return;
    if (!line->writing)
        wake_first(line, true);
    if (!line->reading)
        wake_first(line, false);
}

/* ---- the two roles; under the lock, which they leave while they wait ---- */

/* Early wake-ups do no harm, late ones do; so the time-out in the socket may
 * be up to half too short before a system call is spent on it. */
static void set_recv_timeout(struct line *line, int left)
{
    int set = line->recv_timeout;
    struct timeval time;

    if (left < 0 ? set == 0 : set > 0 && set <= left && set >= left / 2)
        return;
    if (left < 0)
        left = 0;
    time = (struct timeval){.tv_sec = left / 1000,
                            .tv_usec = left % 1000 * 1000};
    if (setsockopt(line->conn.fd, SOL_SOCKET, SO_RCVTIMEO, &time,
                   sizeof time) == 0)
        line->recv_timeout = left;
}

static void reader_done(struct line *line)
{
    line->reading = false;
    if (line->writer_waits && !line->writing)
        wake_first(line, true);
    line->writer_waits = false;
}

static void read_once(struct line *line, int left)
{
    uint8_t lent[CONN_LENT_SIZE];
    int fd = line->conn.fd;
    size_t size;
    uint8_t *room = conn_read_room(&line->conn, lent, sizeof lent, &size);
    ssize_t got;
    int error;

    set_recv_timeout(line, left);
    line->reading = true;
    pthread_mutex_unlock(&line->lock);
    got = recv(fd, room, size, 0);
    error = errno;
    pthread_mutex_lock(&line->lock);
    conn_read_done(&line->conn, room, got, error);
    reader_done(line);
}

/* What has come can only be left to the reader when there is one: it is about
 * to read it, and says when it has. */
static void write_once(struct line *line, struct waiter *waiter, int left)
{
    struct pollfd poller = {.fd = line->conn.fd, .events = POLLIN | POLLOUT};
    bool reads = !line->reading;
    int ready;

    line->writing = true;
    line->reading = true;
    pthread_mutex_unlock(&line->lock);
    ready = poll(&poller, 1, left);
    pthread_mutex_lock(&line->lock);
    line->writing = false;
    if (reads && ready > 0 && (poller.revents & ~POLLOUT))
        conn_on_readable(&line->conn);
    if (reads)
        reader_done(line);
    if (ready > 0 && (poller.revents & ~POLLIN)) {
        conn_on_writable(&line->conn);
    } else if (ready > 0 && !reads && line->reading) {
        line->writer_waits = true;
        sleep_until_woken(line, waiter);
    }
    if (!wants_writing(line, waiter))
        hand_over(line);
}

/* One step towards the end of a request.  False: its deadline has passed. */
static bool step(struct line *line, struct waiter *waiter)
{
    bool writes = wants_writing(line, waiter);
    int left = deadline_left(waiter->deadline);

    if (left == 0)
        return false;
    if (writes && !line->writing)
        write_once(line, waiter, left);
    else if (!writes && !line->reading)
        read_once(line, left);
    else
        sleep_until_woken(line, waiter);
    return true;
}

/* ---- one request ---- */

static enum sp_error line_connect(struct line *line, int64_t deadline,
                                  struct sp_result *result)
{
    struct dial_pause pause = DIAL_PAUSE_FIRST;
    enum sp_error error;
    int fd;

    while (!line->connected) {
        error = dial(line->place, line->entry.key, &fd, result);
        if (error == SP_OK) {
            conn_init(&line->conn, fd);
            if (*line->entry.key)
                line->conn.reply_max = line->place->reply_max;
            line->connected = true;
            return SP_OK;
        }
        if (error != SP_EAGAIN)
            return error;
        pthread_mutex_unlock(&line->lock);
        if (!dial_pause(&pause, deadline)) {
            pthread_mutex_lock(&line->lock);
            return error;
        }
        pthread_mutex_lock(&line->lock);
    }
    return SP_OK;
}

enum outcome line_run(struct line *line, enum conn_kind kind, const void *body,
                      size_t size, int64_t deadline, struct sp_result *result)
{
    struct waiter waiter = {
        .request = {.kind = kind, .body = body, .size = size,
                    .on_over = request_over, .reply = result->data},
        .line = line,
        .deadline = deadline,
        .woken = PTHREAD_COND_INITIALIZER,
    };
    struct conn_request *request = &waiter.request;
    enum outcome outcome = OUTCOME_OVER;

    pthread_mutex_lock(&line->lock);
    if (line_connect(line, deadline, result) == SP_OK) {
        conn_send(&line->conn, request);
        while (request->state != CONN_REQUEST_OVER)
            if (!step(line, &waiter))
                conn_withdraw(&line->conn, request);
        hand_over(line);
        outcome = outcome_of(request, line->conn.greeted, result);
    }
    pthread_mutex_unlock(&line->lock);
    pthread_cond_destroy(&waiter.woken);
    return outcome;
}
