/* SPDX-License-Identifier: MIT */
/* confinement/tier.h - the tier of the sandbox that is under test: that of the
 * environment variable SP_TEST_TIER, which ctest sets once for each; `default`
 * without it. */
#ifndef CONFINEMENT_TIER_H
#define CONFINEMENT_TIER_H

#include <criterion/criterion.h>
#include <stdbool.h>

#include "support/harness.h"
#include "support/leaks.h"

/* a build with sanitizers cannot be confined */
#ifdef SP_TEST_SANDBOX
#define TIER_DISABLED true
#else
#define TIER_DISABLED false
#endif

#define TIER_SUITE(suite)                                                      \
    TestSuite(suite, .fini = leaks_check, .timeout = 120,                      \
              .disabled = TIER_DISABLED)

/* "default" or "strict"; anything else fails the test. */
const char *tier_name(void);
bool tier_is_strict(void);

/* What abort() ends a confined process by: before Linux 6.12 it can send itself
 * no signal, and faults instead. */
const char *tier_abort_signal(void);

/* As harness_start(), with "sandbox = TIER" for each @TIER@ in config. */
struct harness *tier_start(const char *config);

#endif
