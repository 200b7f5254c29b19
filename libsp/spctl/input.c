/* SPDX-License-Identifier: MIT */
/* Reads a file or standard input to its end.  Memory grows with the bytes that
 * have come, and reading ends at the limit.  Callers: cmd-call.c, cmd-cast.c,
 * cmd-start.c. */
#define _GNU_SOURCE
#include "input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "complaint.h"
#include "invocation.h"

#define FIRST_CAPACITY 4096
#define STDIN_NAME "standard input"

/* Reads on into the room that is left.  1: go on; 0: the end; -1: errno. */
static int read_some(int fd, char *bytes, size_t *size, size_t capacity)
{
    ssize_t got;

    do
        got = read(fd, bytes + *size, capacity - *size);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return -1;
    *size += (size_t)got;
    return got > 0;
}

static enum sp_error read_whole(int fd, const char *name, size_t limit,
                                struct input *out_input)
{
    size_t capacity = FIRST_CAPACITY, size = 0;
    char *bytes = malloc(capacity);
    int more = 1;

    while (bytes && more > 0 && size <= limit) {
        char *larger = bytes;

        if (size == capacity)
            larger = realloc(bytes, capacity *= 2);
        if (!larger)
            break;
        bytes = larger;
        more = read_some(fd, bytes, &size, capacity);
    }
    if (more == 0 && size <= limit) {
        *out_input = (struct input){bytes, size, bytes};
        return SP_OK;
    }
    if (more < 0)
        complain(SP_ESYSTEM, "cannot read %s: %s", name, strerror(errno));
    free(bytes);
    if (more < 0)
        return SP_ESYSTEM;
    if (size > limit)
        return complain(SP_EMSGSIZE, "%s holds more than %zu bytes", name,
                        limit);
    return complain(SP_ENOMEM, "no memory for %s", name);
}

static enum sp_error read_file(const char *path, size_t limit,
                               struct input *out_input)
{
    enum sp_error error;
    int fd;

    if (strcmp(path, "-") == 0)
        return read_whole(STDIN_FILENO, STDIN_NAME, limit, out_input);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return complain(SP_ESYSTEM, "cannot open %s: %s", path,
                        strerror(errno));
    error = read_whole(fd, path, limit, out_input);
    close(fd);
    return error;
}

static void take_word(const char *word, struct input *out_input)
{
    *out_input = (struct input){word, strlen(word), NULL};
}

enum sp_error input_request(const struct invocation *invocation, size_t index,
                            struct input *out_input)
{
    if (invocation->operand_count > index) {
        take_word(invocation->operands[index], out_input);
        return SP_OK;
    }
    if (isatty(STDIN_FILENO) && !invocation_has(invocation, OPTION_QUIET))
        complain(SP_OK, "reading from the terminal; end with Ctrl-D on an "
                        "empty line");
    return read_whole(STDIN_FILENO, STDIN_NAME, INPUT_REQUEST_MAX, out_input);
}

enum sp_error input_argument(const struct invocation *invocation,
                             struct input *out_input)
{
    const char *arg = invocation->values[OPTION_ARG];
    const char *path = invocation->values[OPTION_ARG_FILE];

    if (arg && path)
        return complain_usage(invocation->command,
                              "--arg and --arg-file exclude each other");
    if (path)
        return read_file(path, INPUT_ARG_MAX, out_input);
    take_word(arg ? arg : "", out_input);
    return SP_OK;
}

void input_fini(struct input *input)
{
    free(input->owned);
    *input = (struct input){0};
}
