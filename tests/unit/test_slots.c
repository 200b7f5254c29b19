/* SPDX-License-Identifier: MIT */
/* supervisor/slots: pages of one sealed piece of memory. */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "slots.h"
#include "support/leaks.h"

TestSuite(slots, .fini = leaks_check);

static bool all_zero(const struct slot *slot)
{
    static const char zeros[SLOT_SIZE];

    return memcmp(slot, zeros, SLOT_SIZE) == 0;
}

Test(slots, are_as_many_as_were_asked_for_and_no_more)
{
    struct slots *slots = slots_create(3);
    struct slot_place places[4] = {0};

    cr_assert_not_null(slots);
    for (int i = 0; i < 3; i++)
        cr_expect_eq(slots_take(slots, &places[i]), 0);
    cr_expect_eq(slots_take(slots, &places[3]), -1);
    cr_expect_eq(errno, ENOBUFS);
    slots_give(&places[1]);
    cr_expect_eq(slots_take(slots, &places[3]), 0);
    for (int i = 0; i < 4; i++)
        slots_give(&places[i]);
    slots_destroy(slots);
}

Test(slots, are_pages_of_their_own_and_clean_when_they_are_taken_again)
{
    struct slots *slots = slots_create(2);
    struct slot_place a, b;

    cr_assert_eq(slots_take(slots, &a), 0);
    cr_assert_eq(slots_take(slots, &b), 0);
    cr_expect_neq(a.index, b.index);
    cr_expect(all_zero(slots_at(&a)));
    memset(slots_at(&a), 0xaa, SLOT_SIZE);
    cr_expect(all_zero(slots_at(&b)));
    slots_give(&a);
    cr_assert_eq(slots_take(slots, &a), 0);
    cr_expect(all_zero(slots_at(&a)));
    slots_give(&a);
    slots_give(&b);
    slots_destroy(slots);
}

Test(slots, are_given_back_once)
{
    struct slots *slots = slots_create(2);
    struct slot_place place;

    cr_assert_eq(slots_take(slots, &place), 0);
    slots_give(&place);
    cr_expect_null(place.slots);
    slots_give(&place); /* of nothing is nothing */
    slots_destroy(slots);
}

/* A template that could take the pages away would kill spd with SIGBUS. */
Test(slots, memory_cannot_be_resized_by_who_has_it)
{
    struct slots *slots = slots_create(2);
    int fd = slots_fd(slots);

    cr_expect_eq(ftruncate(fd, 0), -1);
    cr_expect_eq(ftruncate(fd, 3 * SLOT_SIZE), -1);
    cr_expect_eq(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), -1);
    slots_close(slots);
    cr_expect_eq(slots_fd(slots), -1);
    slots_destroy(slots);
}

Test(slots, take_no_memory_before_they_are_used_and_give_it_back)
{
    struct slots *slots = slots_create(1 << 16);
    struct slot_place places[64];
    struct stat before, used, after;

    cr_assert_eq(fstat(slots_fd(slots), &before), 0);
    for (int i = 0; i < 64; i++) {
        cr_assert_eq(slots_take(slots, &places[i]), 0);
        slots_at(&places[i])->session.calls = 1;
    }
    cr_assert_eq(fstat(slots_fd(slots), &used), 0);
    for (int i = 0; i < 64; i++)
        slots_give(&places[i]);
    cr_assert_eq(fstat(slots_fd(slots), &after), 0);
    cr_expect_eq(before.st_blocks, 0);
    cr_expect_geq(used.st_blocks * 512, 64 * SLOT_SIZE);
    cr_expect_eq(after.st_blocks, 0);
    slots_destroy(slots);
}
