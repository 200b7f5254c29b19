/* SPDX-License-Identifier: MIT */
/* /proc under libFuzzer, where a hostile process has chosen names and mappings:
 * the name in stat changes nothing that is read behind it, and all is in
 * range. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "children.h"
#include "procfs.h"

#define FIELDS                                                                 \
    ") S 1 77 76 0 -1 4194560 90 0 0 0 30 12 0 0 20 0 1 0 5123 2265088 129\n"
#define NAME_MAX_BYTES 64

/* As a name, it hides nothing. */
static void check_name(const char *name, size_t size)
{
    char text[NAME_MAX_BYTES + sizeof "77 (" FIELDS];
    size_t len = size < NAME_MAX_BYTES ? size : NAME_MAX_BYTES;
    struct procfs_stat stat;

    memcpy(text, "77 (", 4);
    if (len > 0)
        memcpy(text + 4, name, len);
    memcpy(text + 4 + len, FIELDS, sizeof FIELDS - 1);
    assert(procfs_parse_stat(text, 4 + len + sizeof FIELDS - 1, &stat));
    assert(stat.session == 76 && stat.start_ticks == 5123);
    assert(stat.cpu_ticks == 42);
}

static void check_children(const char *text, size_t size)
{
    static struct children children;

    children = (struct children){.fd = -1};
    while (size > 0) {
        size_t part = size < CHILDREN_READ_SIZE ? size : CHILDREN_READ_SIZE;

        children_parse(&children, text, part);
        assert(children.count <= CHILDREN_READ_SIZE / 2);
        for (size_t i = 0; i < children.count; i++)
            assert(children.pids[i] > 0);
        text += part;
        size -= part;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct procfs_stat stat = {.session = -1};
    const char *text = (const char *)data;

    if (procfs_parse_stat(text, size, &stat))
        assert(stat.session >= 0);
    else
        assert(stat.session == -1);
    procfs_parse_maps(text, size, 0xfd00, 4711);
    check_name(text, size);
    check_children(text, size);
    return 0;
}
