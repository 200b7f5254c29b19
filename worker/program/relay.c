/* SPDX-License-Identifier: MIT */
/* Cuts a stream into lines. */
#define _GNU_SOURCE
#include "relay.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* So many reads at the end: who goes on writing is not waited for. */
#define FINISH_READS 64

void relay_init(struct relay *relay, int fd,
                void (*tell)(void *context, const char *line), void *context)
{
    relay->fd = fd;
    relay->open = true;
    relay->tell = tell;
    relay->context = context;
    relay->size = 0;
}

static void tell(struct relay *relay, size_t size)
{
    relay->line[size] = '\0';
    for (size_t i = 0; i < size; i++)
        if (relay->line[i] == '\0')
            relay->line[i] = '?';
    if (size > 0)
        relay->tell(relay->context, relay->line);
}

/* The lines at its beginning; a whole buffer is one, too. */
static void tell_lines(struct relay *relay)
{
    char *end;

    while ((end = memchr(relay->line, '\n', relay->size))) {
        size_t size = (size_t)(end - relay->line);

        tell(relay, size);
        relay->size -= size + 1;
        memmove(relay->line, end + 1, relay->size);
    }
    if (relay->size == RELAY_LINE_MAX) {
        tell(relay, relay->size);
        relay->size = 0;
    }
}

static void end(struct relay *relay)
{
    tell(relay, relay->size);
    relay->size = 0;
    relay->open = false;
}

bool relay_take(struct relay *relay)
{
    ssize_t got;

    if (!relay->open)
        return false;
    do
        got = read(relay->fd, relay->line + relay->size,
                   RELAY_LINE_MAX - relay->size);
    while (got < 0 && errno == EINTR);
    if (got == 0)
        end(relay);
    if (got <= 0)
        return false;
    relay->size += (size_t)got;
    tell_lines(relay);
    return true;
}

void relay_finish(struct relay *relay)
{
    for (int i = 0; i < FINISH_READS && relay_take(relay); i++)
        ;
    if (relay->open)
        end(relay);
}
