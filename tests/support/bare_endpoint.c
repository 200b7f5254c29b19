/* SPDX-License-Identifier: MIT */
/* A program that serves one endpoint and nothing else, so that the endpoint is
 * tested without spd and sessions:
 *
 *     bare_endpoint PATH [LIMIT=NUMBER]...
 *
 * It writes a newline to standard output when it listens, and ends in order at
 * the end of its standard input.  Requests are echoed, save these:
 *
 *     counters   answers NAME=NUMBER of each counter, kept=NUMBER of requests
 *                that are kept, waiting=NUMBER and subscribers=NUMBER as the
 *                endpoint tells them, each with a space behind it
 *     keep       is kept without an answer
 *     release    answers all that are kept with "released", then itself
 *     zeros N    answers N zero bytes
 *     fail TEXT  answers SP_EREPLY with the text
 *     drain      drains, and writes "drained" and ends when that is done
 *     leave      the same, but leaves those that wait to be accepted
 *
 * A cast is published to the SUB peers.  Requests and casts that begin with
 * "ended" are not admitted.  SIGUSR1 answers all that are kept. */
#define _GNU_SOURCE
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "endpoint/endpoint.h"

#define KEPT_MAX 4096

struct bare {
    struct event_base *base;
    struct endpoint *endpoint;
    struct endpoint_call *kept[KEPT_MAX];
    size_t kept_count;
    unsigned waiting;
    unsigned subscribers;
    unsigned batch; /* the largest so far */
};

/* ---- requests ---- */

static void answer_counters(struct bare *bare, struct endpoint_call *call)
{
    const struct endpoint_counters *counters =
        endpoint_counters(bare->endpoint);
    char text[1024];
    int len = 0;

#define COUNTER(name, help)                                                    \
    len += snprintf(text + len, sizeof text - (size_t)len, #name "=%llu ",     \
                    (unsigned long long)counters->name);
    ENDPOINT_COUNTER_TABLE(COUNTER)
#undef COUNTER
    len += snprintf(text + len, sizeof text - (size_t)len,
                    "kept=%zu waiting=%u subscribers=%u batch=%u ",
                    bare->kept_count, bare->waiting, bare->subscribers,
                    bare->batch);
    endpoint_reply(call, text, (size_t)len);
}

static void release(struct bare *bare)
{
    for (size_t i = 0; i < bare->kept_count; i++)
        endpoint_reply(bare->kept[i], "released", 8);
    bare->kept_count = 0;
}

static void answer_zeros(struct endpoint_call *call, const char *text)
{
    size_t size = strtoul(text, NULL, 10);
    char *zeros = calloc(1, size + 1);

    endpoint_reply(call, zeros, size);
    free(zeros);
}

static void on_drained(void *context)
{
    struct bare *bare = context;

    puts("drained");
    fflush(stdout);
    event_base_loopbreak(bare->base);
}

static bool is(const uint8_t *data, size_t size, const char *word)
{
    return size == strlen(word) && memcmp(data, word, size) == 0;
}

static const char *after(const char *text, const char *word)
{
    return strncmp(text, word, strlen(word)) == 0 ? text + strlen(word) : NULL;
}

static void on_call(void *context, struct endpoint_call *call,
                    const uint8_t *data, size_t size)
{
    struct bare *bare = context;
    char text[256] = "";
    const char *rest;

    if (size < sizeof text)
        memcpy(text, data, size);
    if (is(data, size, "counters")) {
        answer_counters(bare, call);
    } else if (is(data, size, "keep") && bare->kept_count < KEPT_MAX) {
        bare->kept[bare->kept_count++] = call;
    } else if (is(data, size, "release")) {
        release(bare);
        endpoint_reply(call, "released", 8);
    } else if (is(data, size, "drain") || is(data, size, "leave")) {
        endpoint_drain(bare->endpoint,
                       *data == 'd' ? ENDPOINT_BACKLOG_SERVE
                                    : ENDPOINT_BACKLOG_LEAVE,
                       on_drained);
        endpoint_reply(call, data, size);
    } else if (is(data, size, "eager")) {
        endpoint_set_eager(bare->endpoint, true);
        endpoint_reply(call, data, size);
    } else if (is(data, size, "pause")) {
        raise(SIGSTOP);
        endpoint_reply(call, data, size);
    } else if ((rest = after(text, "zeros "))) {
        answer_zeros(call, rest);
    } else if ((rest = after(text, "fail "))) {
        endpoint_reply_error(call, SP_EREPLY, rest, strlen(rest));
    } else {
        endpoint_reply(call, data, size);
    }
}

static void on_cast(void *context, const uint8_t *data, size_t size)
{
    struct bare *bare = context;

    endpoint_publish(bare->endpoint, data, size);
}

static bool privileged(void *context, int socket_fd)
{
    (void)context;
    (void)socket_fd;
    return true;
}

static enum sp_error admit(void *context,
                           const struct endpoint_request *request)
{
    (void)context;
    return request->size >= 5 && memcmp(request->data, "ended", 5) == 0
               ? SP_EENDED
               : SP_OK;
}

static void on_load(void *context, unsigned waiting, unsigned subscribers)
{
    struct bare *bare = context;

    bare->waiting = waiting;
    bare->subscribers = subscribers;
}

static void on_batch(void *context, unsigned messages)
{
    struct bare *bare = context;

    if (messages > bare->batch)
        bare->batch = messages;
}

static void on_release(evutil_socket_t number, short what, void *arg)
{
    (void)number;
    (void)what;
    release(arg);
}

/* ---- start and end ---- */

static int listen_on(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) < 0 ||
        listen(fd, 128) < 0) {
        fprintf(stderr, "bare_endpoint: %s: %s\n", path, strerror(errno));
        exit(1);
    }
    return fd;
}

static void set_limit(struct endpoint_limits *limits, const char *text)
{
    static const struct {
        const char *name;
        size_t offset, size;
    } rows[] = {
#define LIMIT(name)                                                            \
    {#name "=", offsetof(struct endpoint_limits, name),                        \
     sizeof(((struct endpoint_limits *)0)->name)}
        LIMIT(max_message),  LIMIT(max_connections), LIMIT(handshake_ms),
        LIMIT(frame_ms),     LIMIT(max_calls),       LIMIT(max_output),
        LIMIT(reserved),     LIMIT(reader_wait_ms),
#undef LIMIT
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *number = after(text, rows[i].name);
        unsigned long long value = number ? strtoull(number, NULL, 10) : 0;

        if (!number)
            continue;
        /* little-endian or not, each field is set by its own type */
        if (rows[i].size == sizeof(unsigned))
            *(unsigned *)((char *)limits + rows[i].offset) = (unsigned)value;
        else
            *(uint64_t *)((char *)limits + rows[i].offset) = value;
        return;
    }
    fprintf(stderr, "bare_endpoint: no such limit: %s\n", text);
    exit(1);
}

static void on_input(evutil_socket_t fd, short what, void *arg)
{
    char dropped[64];

    (void)what;
    if (read(fd, dropped, sizeof dropped) <= 0)
        event_base_loopbreak(arg);
}

int main(int argc, char **argv)
{
    static const struct endpoint_handlers handlers = {.privileged = privileged,
                                                    .admit = admit,
                                                    .on_call = on_call,
                                                    .on_cast = on_cast,
                                                    .on_load = on_load,
                                                    .on_batch = on_batch};
    struct endpoint_limits limits = ENDPOINT_LIMITS_DEFAULT;
    struct bare *bare = calloc(1, sizeof *bare);
    struct event *input, *usr1;
    int fd;

    if (argc < 2 || !bare)
        return 1;
    for (int i = 2; i < argc; i++)
        set_limit(&limits, argv[i]);
    signal(SIGPIPE, SIG_IGN);
    fd = listen_on(argv[1]);
    bare->base = event_base_new();
    bare->endpoint =
        endpoint_create(bare->base, fd, &limits, &handlers, bare);
    input = event_new(bare->base, STDIN_FILENO, EV_READ | EV_PERSIST, on_input,
                      bare->base);
    event_add(input, NULL);
    usr1 = evsignal_new(bare->base, SIGUSR1, on_release, bare);
    event_add(usr1, NULL);
    puts("");
    fflush(stdout);
    event_base_dispatch(bare->base);
    endpoint_destroy(bare->endpoint);
    release(bare); /* their clients have gone: allowed, and does nothing */
    event_free(input);
    event_free(usr1);
    event_base_free(bare->base);
    close(fd);
    unlink(argv[1]);
    free(bare);
    return 0;
}
