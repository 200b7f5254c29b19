/* SPDX-License-Identifier: MIT */
/* What a session writes to standard error, under libFuzzer: no byte is lost or
 * read twice, each line is printable and none can pass for two, and no more
 * lines are let through than the rate allows. */
#include <assert.h>
#include <string.h>

#include "base/text.h"
#include "lines.h"
#include "meter.h"

#define RATE 10

static void check_printed(const struct lines *line)
{
    char out[LINES_SIZE], again[4 * LINES_SIZE];

    memset(out, 0xa5, sizeof out);
    lines_print(line, out);
    assert(memchr(out, '\0', sizeof out));
    for (const char *c = out; *c; c++)
        assert((unsigned char)*c >= 0x20 && *c != 0x7f);
    text_printable(again, sizeof again, out, strlen(out));
    assert(strcmp(again, out) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *begin = (const char *)data;
    struct lines lines = {begin, size};
    struct log_meter meter = {0};
    unsigned passed = 0, count = 0;
    size_t newlines = 0, sum = 0;
    struct lines line;

    for (size_t i = 0; i < size; i++)
        newlines += begin[i] == '\n';
    while (lines_next(&lines, &line)) {
        assert(line.size > 0 && line.bytes >= begin);
        assert(line.bytes + line.size <= begin + size);
        assert(!memchr(line.bytes, '\n', line.size));
        sum += line.size;
        count++;
        passed += meter_pass(&meter, RATE, 1000);
        check_printed(&line);
    }
    assert(sum + newlines == size);
    assert(lines.size == 0);
    assert(passed == (count < RATE ? count : RATE));
    assert(meter.dropped == count - passed);
    return 0;
}
