/* SPDX-License-Identifier: MIT */
/* Configurations of one tier. */
#define _GNU_SOURCE
#include "tiers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MARK "@TIER@"

struct harness *tier_start(const char *tier, const char *config)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    struct harness *harness;
    const char *mark;

    cr_assert_not_null(out);
    for (; (mark = strstr(config, MARK)); config = mark + strlen(MARK))
        fprintf(out, "%.*ssandbox = %s", (int)(mark - config), config, tier);
    fputs(config, out);
    fclose(out);
    harness = harness_start(text);
    free(text);
    return harness;
}
