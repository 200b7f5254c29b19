/* SPDX-License-Identifier: MIT */
/* wire/primitive: lines about primitives, and what follows for each tier. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "support/leaks.h"
#include "wire/primitive.h"

TestSuite(primitive, .fini = leaks_check);

/* ---- lines ---- */

static bool parse(const char *text, struct primitive_report *out_report)
{
    *out_report = (struct primitive_report){0};
    return primitive_parse(text, strlen(text), out_report);
}

Test(primitive, lines_are_read_as_they_are_written)
{
    struct primitive_report report;
    char text[PRIMITIVES * PRIMITIVE_LINE_SIZE];
    size_t size = 0;

    for (int i = 0; i < PRIMITIVES; i++) {
        struct primitive_finding finding = {
            .state = (enum primitive_state)(i % PRIMITIVE_STATES)};

        if (i % 2)
            memset(finding.detail, 'x', PRIMITIVE_DETAIL_MAX);
        size += primitive_line((enum primitive)i, &finding, text + size);
    }
    cr_assert(primitive_parse(text, size, &report));
    for (int i = 0; i < PRIMITIVES; i++) {
        cr_expect_eq((int)report.findings[i].state, i % PRIMITIVE_STATES);
        cr_expect_eq(strlen(report.findings[i].detail),
                     i % 2 ? PRIMITIVE_DETAIL_MAX : 0);
    }
}

Test(primitive, of_which_nothing_is_said_is_unknown)
{
    struct primitive_report report;

    cr_assert(parse("landlock present ABI 2\n", &report));
    cr_expect_eq(report.findings[PRIMITIVE_LANDLOCK].state, PRIMITIVE_PRESENT);
    cr_expect_str_eq(report.findings[PRIMITIVE_LANDLOCK].detail, "ABI 2");
    cr_expect_eq(report.findings[PRIMITIVE_SECCOMP].state, PRIMITIVE_UNKNOWN);
    cr_expect(parse("", &report));
}

Test(primitive, what_is_no_line_is_refused)
{
    static const char *const wrong[] = {
        "\n",
        "landlock\n",
        "landlock \n",
        "landlock present",
        "landlock present \n",
        "landlock presently\n",
        "landlocked present\n",
        " landlock present\n",
        "landlock  present\n",
        "LANDLOCK present\n",
        "landlock present\tABI\n",
        "landlock present \x1b[31m\n",
        "landlock present caf\xc3\xa9\n",
        "landlock present\nlandlock absent\n",
    };
    struct primitive_report report;

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        cr_expect_not(parse(wrong[i], &report), "line %zu", i);
    cr_expect_not(primitive_parse("landlock present \0\n", 19, &report));
}

Test(primitive, a_detail_that_is_too_long_is_refused)
{
    struct primitive_report report;
    char text[PRIMITIVE_DETAIL_MAX + 64];

    snprintf(text, sizeof text, "pidfd absent %0*d\n", PRIMITIVE_DETAIL_MAX, 0);
    cr_expect(parse(text, &report));
    snprintf(text, sizeof text, "pidfd absent %0*d\n",
             PRIMITIVE_DETAIL_MAX + 1, 0);
    cr_expect_not(parse(text, &report));
}

Test(primitive, each_has_a_name_of_its_own_and_says_what_follows)
{
    for (int i = 0; i < PRIMITIVES; i++) {
        enum primitive primitive = (enum primitive)i;

        cr_expect_null(strchr(primitive_name(primitive), ' '));
        cr_expect_lt(strlen(primitive_name(primitive)), 20);
        cr_expect_gt(strlen(primitive_follows(primitive)), 20);
        for (int other = 0; other < i; other++)
            cr_expect_str_neq(primitive_name(primitive),
                              primitive_name((enum primitive)other));
    }
}

/* ---- verdicts ---- */

static struct primitive_report all(enum primitive_state state)
{
    struct primitive_report report;

    for (int i = 0; i < PRIMITIVES; i++)
        report.findings[i] = (struct primitive_finding){.state = state};
    return report;
}

static void expect(const struct primitive_report *report,
                   enum sandbox_tier tier, const char *lacks)
{
    char text[1024];

    cr_expect_eq(primitive_verdict(report, tier, text, sizeof text), !*lacks);
    cr_expect_str_eq(text, lacks);
}

Test(primitive, where_all_is_present_all_tiers_can_be_kept)
{
    struct primitive_report report = all(PRIMITIVE_PRESENT);

    for (int tier = 0; tier < SANDBOX_TIERS; tier++)
        expect(&report, (enum sandbox_tier)tier, "");
}

/* Landlock's first ABI, and no more of it. */
Test(primitive, linux_5_15_keeps_all_tiers)
{
    struct primitive_report report = all(PRIMITIVE_PRESENT);

    report.findings[PRIMITIVE_LANDLOCK_TRUNCATE].state = PRIMITIVE_ABSENT;
    report.findings[PRIMITIVE_LANDLOCK_TCP].state = PRIMITIVE_ABSENT;
    report.findings[PRIMITIVE_LANDLOCK_IOCTL].state = PRIMITIVE_ABSENT;
    report.findings[PRIMITIVE_LANDLOCK_SCOPES].state = PRIMITIVE_ABSENT;
    for (int tier = 0; tier < SANDBOX_TIERS; tier++)
        expect(&report, (enum sandbox_tier)tier, "");
}

/* Landlock left out of lsm=, user namespaces for root alone. */
Test(primitive, a_linux_6_1_may_lack_landlock_and_user_namespaces)
{
    struct primitive_report report = all(PRIMITIVE_PRESENT);

    report.findings[PRIMITIVE_LANDLOCK].state = PRIMITIVE_ABSENT;
    report.findings[PRIMITIVE_NS_USER].state = PRIMITIVE_ABSENT;
    expect(&report, SANDBOX_NONE, "");
    expect(&report, SANDBOX_DEFAULT, "landlock");
    expect(&report, SANDBOX_STRICT, "landlock, user-namespace");
}

Test(primitive, what_is_unknown_counts_as_missing)
{
    struct primitive_report report = all(PRIMITIVE_PRESENT);

    report.findings[PRIMITIVE_PIDFD].state = PRIMITIVE_UNKNOWN;
    for (int tier = 0; tier < SANDBOX_TIERS; tier++)
        expect(&report, (enum sandbox_tier)tier, "pidfd");
}

Test(primitive, settings_and_comfort_are_needed_by_no_tier)
{
    struct primitive_report report = all(PRIMITIVE_PRESENT);

    report.findings[PRIMITIVE_CGROUP].state = PRIMITIVE_ABSENT;
    report.findings[PRIMITIVE_DESCRIPTORS].state = PRIMITIVE_ABSENT;
    report.findings[PRIMITIVE_MEMORY_DIRECTORY].state = PRIMITIVE_ABSENT;
    expect(&report, SANDBOX_STRICT, "");
}

Test(primitive, what_a_tier_lacks_is_cut_to_fit)
{
    struct primitive_report report = all(PRIMITIVE_ABSENT);
    char text[16];

    cr_expect_not(
        primitive_verdict(&report, SANDBOX_STRICT, text, sizeof text));
    cr_expect_eq(strlen(text), sizeof text - 1);
}
