/* SPDX-License-Identifier: MIT */
/* What stands behind an Erlang port: writes back each packet, which has its
 * length in front, four bytes, the most significant first.  Used by
 * port.escript. */
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

static void read_all(unsigned char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t part = read(STDIN_FILENO, bytes, size);

        if (part <= 0)
            exit(0);
        bytes += part;
        size -= (size_t)part;
    }
}

static void write_all(const unsigned char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t part = write(STDOUT_FILENO, bytes, size);

        if (part < 0)
            exit(1);
        bytes += part;
        size -= (size_t)part;
    }
}

/* A small packet takes one read and one write, as in any careful program. */
int main(void)
{
    static unsigned char bytes[4 + 2 * 1024 * 1024];
    size_t held = 0;

    for (;;) {
        ssize_t part = read(STDIN_FILENO, bytes + held, 4096 - held);
        size_t size;

        if (part <= 0)
            return 0;
        held += (size_t)part;
        if (held < 4)
            continue;
        size = 4 + ((size_t)bytes[0] << 24 | (size_t)bytes[1] << 16 |
                    (size_t)bytes[2] << 8 | bytes[3]);
        if (size > sizeof bytes)
            return 1;
        if (held < size)
            read_all(bytes + held, size - held);
        write_all(bytes, size);
        held = 0;
    }
}
