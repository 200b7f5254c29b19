/* SPDX-License-Identifier: MIT */
/* A small HTTP client.  It writes and reads at once, since a server may answer
 * a request that is too large before it has read all of it. */
#define _GNU_SOURCE
#include "http.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "support/wait.h"

static int dial(uint16_t port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons(port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    cr_assert(fd >= 0);
    cr_assert(connect(fd, (struct sockaddr *)&address, sizeof address) == 0,
              "connect to port %u: %s", port, strerror(errno));
    return fd;
}

/* Writes what the socket takes.  A server that has closed wants no more. */
static void write_some(int fd, const char **bytes, size_t *size)
{
    ssize_t sent = send(fd, *bytes, *size, MSG_NOSIGNAL | MSG_DONTWAIT);

    if (sent >= 0) {
        *bytes += sent;
        *size -= (size_t)sent;
    } else if (errno != EAGAIN) {
        *size = 0;
    }
}

/* False: that was all.  A reset after the response is as good as its end. */
static bool read_some(int fd, struct buf *in)
{
    ssize_t len;

    cr_assert(buf_reserve(in, 4096));
    len = recv(fd, buf_tail(in), buf_room(in), MSG_DONTWAIT);
    if (len > 0)
        buf_commit(in, (size_t)len);
    return len > 0 || (len < 0 && errno == EAGAIN);
}

static void exchange(int fd, const char *bytes, size_t size, struct buf *in)
{
    int64_t deadline = deadline_after(WAIT_MS);
    bool open = true;

    while (open) {
        struct pollfd on = {fd, POLLIN, 0};

        if (size > 0)
            on.events |= POLLOUT;
        cr_assert(poll(&on, 1, deadline_left(deadline)) > 0,
                  "no HTTP response");
        if (on.revents & POLLOUT)
            write_some(fd, &bytes, &size);
        if (on.revents & (POLLIN | POLLHUP | POLLERR))
            open = read_some(fd, in);
    }
}

/* Cuts "HTTP/1.1 200 OK CRLF headers CRLF CRLF body" into its pieces. */
static struct http_response response_of(struct buf *in)
{
    struct http_response response = {0};
    size_t size = buf_size(in);
    char *end;

    cr_assert(buf_append(in, "", 1));
    response.bytes = malloc(size + 1);
    cr_assert_not_null(response.bytes);
    memcpy(response.bytes, buf_data(in), size + 1);
    buf_fini(in);
    cr_assert(sscanf(response.bytes, "HTTP/1.%*d %d", &response.status) == 1,
              "no HTTP response in %zu bytes", size);
    response.head = strstr(response.bytes, "\r\n");
    end = strstr(response.bytes, "\r\n\r\n");
    cr_assert(response.head && end);
    end[2] = '\0';
    response.head += 2;
    response.body = end + 4;
    response.body_size = size - (size_t)(response.body - response.bytes);
    return response;
}

struct http_response http_send_raw(uint16_t port, const void *bytes,
                                   size_t size)
{
    struct buf in = BUF_EMPTY;
    int fd = dial(port);

    exchange(fd, bytes, size, &in);
    close(fd);
    return response_of(&in);
}

struct http_response http_send(const struct http_request *request)
{
    struct buf out = BUF_EMPTY;
    struct http_response response;
    char *head;
    int len;

    len = asprintf(&head,
                   "%s %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n%s",
                   request->method ? request->method : "GET",
                   request->path ? request->path : "/",
                   request->host ? request->host : "127.0.0.1",
                   request->headers ? request->headers : "");
    cr_assert(len > 0 && buf_append(&out, head, (size_t)len));
    free(head);
    len = request->body
              ? asprintf(&head, "Content-Length: %zu\r\n\r\n",
                         request->body_size)
              : asprintf(&head, "\r\n");
    cr_assert(len > 0 && buf_append(&out, head, (size_t)len));
    free(head);
    cr_assert(buf_append(&out, request->body, request->body_size));
    response = http_send_raw(request->port, buf_data(&out), buf_size(&out));
    buf_fini(&out);
    return response;
}

int http_dial(const struct http_request *request)
{
    int fd = dial(request->port);

    cr_assert(dprintf(fd, "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\n%s\r\n",
                      request->path ? request->path : "/",
                      request->headers ? request->headers : "") > 0);
    return fd;
}

void http_free(struct http_response *response)
{
    free(response->bytes);
    *response = (struct http_response){0};
}

void http_header(const struct http_response *response, const char *name,
                 char *out, size_t size)
{
    size_t len = strlen(name);

    out[0] = '\0';
    for (const char *line = response->head; *line;
         line = strstr(line, "\r\n") + 2) {
        const char *end = strstr(line, "\r\n");

        if (strncasecmp(line, name, len) != 0 || line[len] != ':')
            continue;
        line += len + 1;
        line += strspn(line, " ");
        snprintf(out, size, "%.*s", (int)(end - line), line);
        return;
    }
}
