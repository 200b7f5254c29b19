/* SPDX-License-Identifier: MIT */
/* confinement/tiers.h - a test for each tier of the sandbox:
 *
 *     TIER_TEST(suite, behaviour)
 *     {
 *         struct harness *harness = tier_start(tier, "[module a]\n...");
 *
 * is a test of that name for each, of which `tier` is the name.  A build with
 * sanitizers cannot be confined, and has none of them. */
#ifndef CONFINEMENT_TIERS_H
#define CONFINEMENT_TIERS_H

#include <criterion/criterion.h>
#include <stdbool.h>

#include "support/harness.h"

/* X(suite, name, tier) */
#define TIER_TABLE(X, suite, name)                                             \
    X(suite, name, default)                                                    \
    X(suite, name, strict)

#ifdef SP_TEST_SANDBOX
#define TIER_DISABLED true
#else
#define TIER_DISABLED false
#endif

#define TIER_TEST_(suite, name, tier)                                          \
    Test(suite, name##_in_##tier, .disabled = TIER_DISABLED)                   \
    {                                                                          \
        name(#tier);                                                           \
    }
#define TIER_TEST(suite, name)                                                 \
    static void name(const char *tier);                                        \
    TIER_TABLE(TIER_TEST_, suite, name)                                        \
    static void name(const char *tier)

/* As harness_start(), with "sandbox = TIER" for each @TIER@ in config. */
struct harness *tier_start(const char *tier, const char *config);

#endif
