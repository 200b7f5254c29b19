/* SPDX-License-Identifier: MIT */
/* Plain nng: each session a process with a REP socket, its client a REQ socket
 * over a Unix socket; and that same REQ socket against others:
 *
 *   peer-nng session COUNT   a session of the spd of $SP_RUNTIME_DIR
 *   peer-nng echo COUNT      a process that writes back the frames that it
 *                            reads, and knows nothing of them
 *   peer-nng MEASURE COUNT   see peer.h */
#include "peer.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <nng/nng.h>
#include <nng/protocol/reqrep0/rep.h>
#include <nng/protocol/reqrep0/req.h>

#include "bench.h"
#include "measure.h"
#include "samples.h"
#include "stamp.h"

struct dialled {
    nng_socket socket;
    pid_t pid;
};

static void check(int error, const char *what)
{
    if (error == 0)
        return;
    fprintf(stderr, "bench: %s: %s\n", what, nng_strerror(error));
    exit(1);
}

/* ---- the server ---- */

_Noreturn static void serve(const char *url)
{
    nng_socket socket;
    nng_msg *message;

    check(nng_rep0_open(&socket), "rep");
    nng_socket_set_size(socket, NNG_OPT_RECVMAXSZ, 0);
    check(nng_listen(socket, url, NULL, 0), "listen");
    peer_serving();
    for (;;) {
        check(nng_recvmsg(socket, &message, 0), "receive");
        check(nng_sendmsg(socket, message, 0), "send");
    }
}

/* ---- the client ---- */

static struct dialled *dial(const char *url, pid_t pid)
{
    struct dialled *dialled = malloc(sizeof *dialled);

    if (!dialled)
        measure_fail("malloc");
    dialled->pid = pid;
    check(nng_req0_open(&dialled->socket), "req");
    nng_socket_set_size(dialled->socket, NNG_OPT_RECVMAXSZ, 0);
    check(nng_dial(dialled->socket, url, NULL, 0), "dial");
    return dialled;
}

static void *dialled_start(size_t number)
{
    char url[64];

    snprintf(url, sizeof url, "abstract://sp-bench-nng-%d-%zu", (int)getpid(),
             number);
    return dial(url, peer_serve(url));
}

static void dialled_call(void *session, char *bytes, size_t size)
{
    struct dialled *dialled = session;
    nng_msg *message;

    check(nng_msg_alloc(&message, 0), "message");
    check(nng_msg_append(message, bytes, size), "message");
    check(nng_sendmsg(dialled->socket, message, 0), "send");
    check(nng_recvmsg(dialled->socket, &message, 0), "receive");
    if (nng_msg_len(message) != size)
        measure_wrong("call");
    memcpy(bytes, nng_msg_body(message), size);
    nng_msg_free(message);
}

static pid_t dialled_pid(void *session)
{
    return ((struct dialled *)session)->pid;
}

static void dialled_end(void *session)
{
    struct dialled *dialled = session;

    nng_close(dialled->socket);
    if (dialled->pid > 0)
        peer_reap(dialled->pid);
    free(dialled);
}

/* ---- the same socket against others ---- */

static void measure_dialled(struct dialled *dialled, size_t count)
{
    char message[STAMP_SIZE] = {'x'};
    struct samples samples;

    samples_init(&samples, count);
    for (size_t i = 0; i < count + count / 10; i++) {
        uint64_t start = samples_clock();

        stamp_put(message, i);
        dialled_call(dialled, message, sizeof message);
        if (i >= count / 10)
            samples_add(&samples, start);
        if (stamp_get(message) != i)
            measure_wrong("call");
    }
    dialled_end(dialled);
    samples_print(&samples);
}

static void measure_session(size_t count, size_t more)
{
    struct bench bench;
    char url[SP_URL_MAX + 1];

    (void)more;
    bench_open(&bench);
    bench_start(&bench, "dialled", "echo");
    bench_check(&bench, sp_session_url(bench.client, "dialled", url,
                                       sizeof url), "url");
    measure_dialled(dial(url, 0), count);
    bench_end(&bench, "dialled");
    bench_close(&bench);
}

/* A frame of a request is that of its reply. */
static void echo_serve(int listener)
{
    static const char hello[8] = {0, 'S', 'P', 0, 0, 0x31, 0, 0};
    int fd = accept(listener, NULL, NULL);
    char bytes[4096];
    ssize_t size;

    if (fd < 0 || write(fd, hello, sizeof hello) != sizeof hello ||
        recv(fd, bytes, sizeof hello, MSG_WAITALL) != sizeof hello)
        _exit(1);
    while ((size = read(fd, bytes, sizeof bytes)) > 0)
        if (write(fd, bytes, (size_t)size) != size)
            _exit(1);
    _exit(0);
}

static pid_t echo_start(const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    size_t len = strlen(name);
    pid_t pid;

    memcpy(address.sun_path + 1, name, len);
    if (listener < 0 ||
        bind(listener, (struct sockaddr *)&address,
             (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + len)) ||
        listen(listener, 1) != 0)
        measure_fail("listen");
    pid = fork();
    if (pid < 0)
        measure_fail("fork");
    if (pid == 0)
        echo_serve(listener);
    close(listener);
    return pid;
}

static void measure_echo(size_t count, size_t more)
{
    char url[64];
    pid_t pid;

    (void)more;
    snprintf(url, sizeof url, "abstract://sp-bench-echo-%d", (int)getpid());
    pid = echo_start(url + strlen("abstract://"));
    measure_dialled(dial(url, pid), count);
}

int main(int argc, char **argv)
{
    static const struct peer peer = {dialled_start, dialled_call, dialled_pid,
                                     dialled_end, dialled_end};
    static const struct measure measures[] = {
        {"session", measure_session},
        {"echo", measure_echo},
        {NULL, NULL},
    };

    if (argc == 3 && strcmp(argv[1], "serve") == 0)
        serve(argv[2]);
    if (argc == 3 && (strcmp(argv[1], "session") == 0 ||
                      strcmp(argv[1], "echo") == 0))
        return measure_main(argc, argv, measures);
    return peer_main(argc, argv, &peer);
}
