/* SPDX-License-Identifier: MIT */
/* Which tier, and configurations of it. */
#define _GNU_SOURCE
#include "tier.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MARK "@TIER@"

const char *tier_name(void)
{
    const char *tier = getenv("SP_TEST_TIER");

    if (!tier || !*tier)
        return "default";
    cr_assert(strcmp(tier, "default") == 0 || strcmp(tier, "strict") == 0,
              "SP_TEST_TIER=%s is no tier", tier);
    return tier;
}

bool tier_is_strict(void)
{
    return strcmp(tier_name(), "strict") == 0;
}

/* Landlock's, which keeps signals in as of 6. */
static long abi_here(void)
{
    return syscall(SYS_landlock_create_ruleset, NULL, 0, 1);
}

const char *tier_abort_signal(void)
{
    return abi_here() >= 6 ? "SIGABRT" : "SIGSEGV";
}

struct harness *tier_start(const char *config)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    struct harness *harness;
    const char *mark;

    cr_assert_not_null(out);
    for (; (mark = strstr(config, MARK)); config = mark + strlen(MARK))
        fprintf(out, "%.*ssandbox = %s", (int)(mark - config), config,
                tier_name());
    fputs(config, out);
    fclose(out);
    harness = harness_start(text);
    free(text);
    return harness;
}
