/* SPDX-License-Identifier: MIT */
/* worker/program/relay: a stream cut into lines. */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "program/relay.h"
#include "support/leaks.h"

static int ends[2];
static struct relay relay;
static char told[4 * RELAY_LINE_MAX]; /* lines, each in <> */

static void tell(void *context, const char *line)
{
    size_t size = strlen(told);

    cr_assert_eq(context, told);
    snprintf(told + size, sizeof told - size, "<%s>", line);
}

static void set_up(void)
{
    cr_assert_eq(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
    relay_init(&relay, ends[0], tell, told);
    told[0] = '\0';
}

static void tear_down(void)
{
    close(ends[0]);
    if (ends[1] >= 0)
        close(ends[1]);
    leaks_check();
}

TestSuite(relay, .init = set_up, .fini = tear_down);

static void put(const char *bytes, size_t size)
{
    cr_assert_eq(write(ends[1], bytes, size), (ssize_t)size);
    cr_expect(relay_take(&relay));
}

Test(relay, tells_lines)
{
    put("one\ntwo\n\nth", 11);
    cr_expect_str_eq(told, "<one><two>");
    put("ree\n", 4);
    cr_expect_str_eq(told, "<one><two><three>");
    cr_expect_not(relay_take(&relay));
    cr_expect(relay.open);
}

Test(relay, tells_a_nul_byte_as_a_question_mark)
{
    put("a\0b\n", 4);
    cr_expect_str_eq(told, "<a?b>");
}

Test(relay, tells_the_last_line_without_an_end)
{
    put("one", 3);
    close(ends[1]);
    ends[1] = -1;
    cr_expect_not(relay_take(&relay));
    cr_expect_not(relay.open);
    cr_expect_not(relay_take(&relay));
    cr_expect_str_eq(told, "<one>");
}

Test(relay, tells_what_is_there_when_it_is_finished)
{
    cr_assert_eq(write(ends[1], "one\ntwo", 7), 7);
    relay_finish(&relay);
    cr_expect_str_eq(told, "<one><two>");
    relay_finish(&relay);
    cr_expect_str_eq(told, "<one><two>");
}

Test(relay, cuts_what_is_longer_than_a_line)
{
    char line[RELAY_LINE_MAX + 10];

    memset(line, 'x', sizeof line);
    line[sizeof line - 1] = '\n';
    cr_assert_eq(write(ends[1], line, sizeof line), (ssize_t)sizeof line);
    while (relay_take(&relay))
        ;
    cr_expect_eq(strcspn(told, ">"), RELAY_LINE_MAX + 1);
    cr_expect_str_eq(told + RELAY_LINE_MAX + 2, "<xxxxxxxxx>");
}
