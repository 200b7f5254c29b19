/* SPDX-License-Identifier: MIT */
/* base/buf: a queue of bytes.  A long random run is compared with a plain
 * array that does the same. */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "support/leaks.h"

TestSuite(buf, .fini = leaks_check);

static void append_text(struct buf *buf, const char *text)
{
    cr_assert(buf_append(buf, text, strlen(text)));
}

static void assert_holds(const struct buf *buf, const char *text)
{
    cr_assert_eq(buf_size(buf), strlen(text));
    cr_assert_arr_eq(buf_data(buf), text, strlen(text));
}

Test(buf, starts_empty_and_without_memory)
{
    struct buf buf = BUF_EMPTY;

    cr_assert_eq(buf_size(&buf), 0);
    cr_assert_eq(buf.capacity, 0);
    cr_assert_null(buf.bytes);
    buf_fini(&buf);
}

Test(buf, gives_back_what_was_appended_in_order)
{
    struct buf buf = BUF_EMPTY;

    append_text(&buf, "one ");
    append_text(&buf, "two");
    assert_holds(&buf, "one two");
    buf_consume(&buf, 4);
    assert_holds(&buf, "two");
    buf_fini(&buf);
}

Test(buf, appending_nothing_takes_no_memory)
{
    struct buf buf = BUF_EMPTY;

    cr_assert(buf_append(&buf, NULL, 0));
    cr_assert_eq(buf.capacity, 0);
    buf_fini(&buf);
}

Test(buf, reserved_room_counts_when_committed)
{
    struct buf buf = BUF_EMPTY;

    append_text(&buf, "a");
    cr_assert(buf_reserve(&buf, 1000));
    cr_assert_geq(buf_room(&buf), 1000);
    assert_holds(&buf, "a");
    memcpy(buf_tail(&buf), "bc", 2);
    buf_commit(&buf, 2);
    assert_holds(&buf, "abc");
    buf_fini(&buf);
}

Test(buf, refuses_a_size_that_no_memory_has)
{
    struct buf buf = BUF_EMPTY;

    append_text(&buf, "kept");
    cr_assert_not(buf_reserve(&buf, SIZE_MAX));
    cr_assert_not(buf_reserve(&buf, SIZE_MAX / 2));
    assert_holds(&buf, "kept");
    buf_fini(&buf);
}

Test(buf, relax_frees_a_large_empty_buffer_only)
{
    struct buf buf = BUF_EMPTY;

    cr_assert(buf_reserve(&buf, 100000));
    append_text(&buf, "x");
    buf_relax(&buf, 4096);
    assert_holds(&buf, "x");
    buf_consume(&buf, 1);
    buf_relax(&buf, buf.capacity);
    cr_assert_neq(buf.capacity, 0);
    buf_relax(&buf, 4096);
    cr_assert_eq(buf.capacity, 0);
    append_text(&buf, "again");
    assert_holds(&buf, "again");
    buf_fini(&buf);
}

Test(buf, fit_takes_no_more_than_is_asked_for)
{
    struct buf buf = BUF_EMPTY;

    cr_assert(buf_fit(&buf, 3));
    cr_expect_eq(buf.capacity, 3);
    cr_assert(buf_append(&buf, "abc", 3));
    cr_assert(buf_fit(&buf, 2)); /* has some, so it grows as others do */
    cr_expect_geq(buf_room(&buf), 2);
    cr_expect(memcmp(buf_data(&buf), "abc", 3) == 0);
    buf_fini(&buf);
}

Test(buf, consuming_more_than_is_held_is_a_mistake_of_ours, .signal = SIGABRT)
{
    struct buf buf = BUF_EMPTY;

    buf_append(&buf, "abc", 3);
    buf_consume(&buf, 4);
}

Test(buf, committing_more_than_the_room_is_a_mistake_of_ours,
     .signal = SIGABRT)
{
    struct buf buf = BUF_EMPTY;

    buf_reserve(&buf, 1);
    buf_commit(&buf, buf_room(&buf) + 1);
}

/* A buffer that is always drained a little later than filled must move its
 * bytes to the front instead of growing. */
Test(buf, a_queue_of_steady_length_keeps_its_capacity)
{
    struct buf buf = BUF_EMPTY;
    uint8_t chunk[300] = {0};

    for (int i = 0; i < 10000; i++) {
        cr_assert(buf_append(&buf, chunk, sizeof chunk));
        if (i > 0)
            buf_consume(&buf, sizeof chunk);
    }
    cr_assert_leq(buf.capacity, 4096);
    buf_fini(&buf);
}

#define MODEL_SIZE 65536

Test(buf, behaves_as_an_array_in_a_long_random_run)
{
    static uint8_t model[MODEL_SIZE];
    struct buf buf = BUF_EMPTY;
    size_t held = 0;
    uint8_t next = 0;

    srand(1);
    for (int i = 0; i < 20000; i++) {
        size_t size = (size_t)rand() % 700;

        if (rand() % 2 && held + size <= MODEL_SIZE) {
            for (size_t j = 0; j < size; j++)
                model[held + j] = next++;
            cr_assert(buf_append(&buf, model + held, size));
            held += size;
        } else {
            size = size > held ? held : size;
            buf_consume(&buf, size);
            held -= size;
            memmove(model, model + size, held);
        }
        cr_assert_eq(buf_size(&buf), held);
        cr_assert(held == 0 || memcmp(buf_data(&buf), model, held) == 0);
    }
    buf_fini(&buf);
}
