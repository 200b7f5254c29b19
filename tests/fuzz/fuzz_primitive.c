/* SPDX-License-Identifier: MIT */
/* Lines that sp-worker --probe prints, as spd reads them. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "wire/primitive.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is taken can be written again, and is then the same. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct primitive_report report = {0}, again = {0};
    char text[PRIMITIVES * PRIMITIVE_LINE_SIZE];
    char lacks[64];
    size_t len = 0;

    if (!primitive_parse((const char *)data, size, &report))
        return 0;
    for (int i = 0; i < PRIMITIVES; i++)
        len += primitive_line((enum primitive)i, &report.findings[i],
                              text + len);
    assert(primitive_parse(text, len, &again));
    for (int i = 0; i < PRIMITIVES; i++) {
        assert(again.findings[i].state == report.findings[i].state);
        assert(strcmp(again.findings[i].detail, report.findings[i].detail) ==
               0);
    }
    for (int tier = 0; tier < SANDBOX_TIERS; tier++)
        primitive_verdict(&report, (enum sandbox_tier)tier, lacks,
                          sizeof lacks);
    return 0;
}
