/* SPDX-License-Identifier: MIT */
/* Standard output at start and end, and what is on the other side of it.
 * Commands print with stdio in between. */
#define _GNU_SOURCE
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "complaint.h"

#define WIDTH_DEFAULT 80
#define WIDTH_LEAST 40

void output_init(void)
{
    signal(SIGPIPE, SIG_IGN);
    setvbuf(stderr, NULL, _IOLBF, 0); /* a message is one write */
    /* opened the wrong way round: using a closed one stays an error */
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) < 0)
            (void)!open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY);
}

bool output_finish(void)
{
    if (fflush(stdout) < 0)
        complain(SP_ESYSTEM, "cannot write the output: %s", strerror(errno));
    else if (ferror(stdout))
        complain(SP_ESYSTEM, "cannot write all of the output");
    else
        return true;
    return false;
}

bool output_is_terminal(void)
{
    return isatty(STDOUT_FILENO);
}

unsigned output_width(void)
{
    struct winsize size;

    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 ||
        size.ws_col < WIDTH_LEAST)
        return WIDTH_DEFAULT;
    return size.ws_col;
}

static enum sp_error no_memory(void)
{
    return complain(SP_ENOMEM, "%s", sp_strerror(SP_ENOMEM));
}

/* A failure is stdout's, and output_finish() sees it. */
static void dump(const json_t *value)
{
    (void)json_dumpf(value, stdout, JSON_ENCODE_ANY);
}

json_t *output_bytes(const void *data, size_t size)
{
    const unsigned char *bytes = data;
    json_t *text = json_stringn(data, size);
    json_t *array;

    if (text)
        return text;
    array = json_array();
    for (size_t i = 0; array && i < size; i++)
        if (json_array_append_new(array, json_integer(bytes[i])) < 0) {
            json_decref(array);
            return NULL;
        }
    return array;
}

enum sp_error output_json(json_t *value)
{
    if (!value)
        return no_memory();
    dump(value);
    putchar('\n');
    json_decref(value);
    return SP_OK;
}

enum sp_error output_json_lines(json_t *array)
{
    const json_t *element;
    size_t i;

    if (!array)
        return no_memory();
    putchar('[');
    json_array_foreach(array, i, element)
    {
        fputs(i > 0 ? ",\n" : "\n", stdout);
        dump(element);
    }
    puts(i > 0 ? "\n]" : "]");
    json_decref(array);
    return SP_OK;
}
