/* SPDX-License-Identifier: MIT */
/* worker/report: what a session writes is what spd reads, and the other way. */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "report.h"
#include "support/leaks.h"

TestSuite(report, .fini = leaks_check);

static struct slot_view look(const struct slot *slot)
{
    struct slot_view view;

    slot_read(slot, clock_now_ms(), &view);
    return view;
}

/* ---- the page ---- */

Test(report, a_session_maps_its_own_page_and_no_other)
{
    int fd = memfd_create("slots", MFD_CLOEXEC);
    struct slot *all, *slot;

    cr_assert_eq(ftruncate(fd, 4 * SLOT_SIZE), 0);
    all = mmap(NULL, 4 * SLOT_SIZE, PROT_READ, MAP_SHARED, fd, 0);
    slot = report_open(fd, 2);
    cr_assert_not_null(slot);
    close(fd);
    report_begin(slot, SLOT_CALL, NULL);
    for (int i = 0; i < 4; i++)
        cr_expect_eq(look(&all[i]).calls, i == 2);
    munmap(slot, SLOT_SIZE);
    munmap(all, 4 * SLOT_SIZE);
}

Test(report, without_the_memory_there_is_no_page)
{
    cr_expect_null(report_open(-1, 0));
}

/* The kernel's own copy fails where a process has no memory. */
Test(report, a_forked_process_does_not_have_the_page)
{
    int fd = memfd_create("slots", MFD_CLOEXEC), ends[2], status;
    struct slot *slot;
    pid_t pid;

    cr_assert_eq(ftruncate(fd, SLOT_SIZE), 0);
    cr_assert_eq(pipe(ends), 0);
    slot = report_open(fd, 0);
    cr_assert_eq(write(ends[1], slot, 1), 1);
    pid = fork();
    if (pid == 0)
        _exit(write(ends[1], slot, 1) < 0 ? 0 : 1);
    cr_assert_eq(waitpid(pid, &status, 0), pid);
    cr_expect_eq(status, 0);
    munmap(slot, SLOT_SIZE);
    close(ends[0]);
    close(ends[1]);
    close(fd);
}

/* ---- the session's half ---- */

Test(report, a_handler_is_told_while_it_runs)
{
    static struct slot slot;
    struct slot_request request = {.id = 0x80000001, .hash = 7};
    int64_t before = clock_now_ms();

    report_begin(&slot, SLOT_CALL, &request);
    cr_expect_eq(look(&slot).doing, SLOT_CALL);
    cr_expect_eq(look(&slot).request.id, 0x80000001);
    cr_expect_eq(look(&slot).request.hash, 7);
    cr_expect_geq(look(&slot).doing_since_ms, before - 20);
    cr_expect_eq(look(&slot).active_ms, 0);
    cr_expect_geq(report_end(&slot), 0);
    cr_expect_eq(look(&slot).doing, SLOT_NOTHING);
    cr_expect_geq(look(&slot).active_ms, before - 20);
}

Test(report, calls_and_casts_are_counted_apart_and_nothing_else)
{
    static struct slot slot;
    static const struct slot_request none;

    for (int doing = 0; doing < SLOT_DOINGS; doing++)
        report_begin(&slot, (enum slot_doing)doing, NULL);
    report_begin(&slot, SLOT_CAST, &none);
    cr_expect_eq(look(&slot).calls, 1);
    cr_expect_eq(look(&slot).casts, 2);
    cr_expect_eq(report_handled(&slot), 3);
}

Test(report, a_timer_is_no_activity)
{
    static struct slot slot;

    report_begin(&slot, SLOT_TIMER, NULL);
    report_end(&slot);
    cr_expect_eq(look(&slot).doing, SLOT_NOTHING);
    cr_expect_eq(look(&slot).active_ms, 0);
}

Test(report, a_late_reply_or_a_subscriber_that_leaves_is_activity)
{
    static struct slot replied, left;

    report_load(&replied, 1, 0);
    cr_expect_eq(look(&replied).active_ms, 0);
    report_load(&replied, 0, 0);
    cr_expect_gt(look(&replied).active_ms, 0);
    report_load(&left, 0, 2);
    cr_expect_eq(look(&left).active_ms, 0);
    report_load(&left, 0, 1);
    cr_expect_gt(look(&left).active_ms, 0);
}

/* A cast by PUSH has no id: that of the call before it is not its. */
Test(report, a_cast_without_an_id_has_no_request)
{
    static struct slot slot;
    struct slot_request request = {.id = 0x80000001, .hash = 7};

    report_begin(&slot, SLOT_CALL, &request);
    report_end(&slot);
    request.id = 0;
    report_begin(&slot, SLOT_CAST, &request);
    cr_expect_eq(look(&slot).request.id, 0);
}

Test(report, the_load_and_lost_lines_are_told)
{
    static struct slot slot;

    report_load(&slot, 3, 2);
    report_log_drop(&slot);
    report_log_drop(&slot);
    cr_expect_eq(look(&slot).waiting, 3);
    cr_expect_eq(look(&slot).subscribers, 2);
    cr_expect_eq(look(&slot).log_drops, 2);
}

Test(report, a_goodbye_has_its_end_and_its_reason)
{
    static struct slot slot;

    for (int end = 0; end <= SP_END_LAST; end++) {
        report_goodbye(&slot, (enum sp_end)end, "over");
        cr_expect(look(&slot).goodbye);
        cr_expect_eq(look(&slot).end, (enum sp_end)end);
        cr_expect_str_eq(look(&slot).reason, "over");
    }
}

Test(report, a_long_reason_is_cut_between_characters)
{
    static struct slot slot;
    char text[1025];

    for (size_t i = 0; i + 1 < sizeof text - 1; i += 2)
        memcpy(text + i, "\xc3\xa4", 2);
    text[1024] = '\0';
    report_goodbye(&slot, SP_END_FAILED, text);
    cr_expect_eq(strlen(look(&slot).reason), 254);
    cr_expect_null(strchr(look(&slot).reason, '\\'));
}

/* ---- spd's half ---- */

Test(report, an_order_is_read_as_it_was_given)
{
    static struct slot slot;
    struct report_order order;

    report_order_get(&slot, &order);
    cr_expect_eq(order.command, SLOT_GO_ON);
    slot_order(&slot, SLOT_DRAIN, SP_END_EXPIRED, "idle");
    report_order_get(&slot, &order);
    cr_expect_eq(order.command, SLOT_DRAIN);
    cr_expect_eq(order.end, SP_END_EXPIRED);
    cr_expect_str_eq(order.text, "idle");
}

/* The module can write there, too. */
Test(report, an_order_that_makes_no_sense_is_read_as_a_stop)
{
    static struct slot slot;
    struct report_order order;

    memset(&slot, 0xff, sizeof slot);
    report_order_get(&slot, &order);
    cr_expect_eq(order.command, SLOT_GO_ON);
    cr_expect_eq(order.end, SP_END_STOP);
    cr_expect_eq(strlen(order.text), SLOT_TEXT_SIZE - 1);
}
