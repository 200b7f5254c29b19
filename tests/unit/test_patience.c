/* SPDX-License-Identifier: MIT */
/* Patience: after batches only, for a while only, and less and less often where
 * it is of no use.  How long it lasts is nowhere looked at. */
#include <criterion/criterion.h>

#include "base/patience.h"

TestSuite(patience);

/* Looks in vain. */
static void miss(struct patience *patience)
{
    while (patience_lasts(patience))
        ;
    patience_end(patience, false);
}

/* Something comes while it looks, and nobody else has had this CPU meanwhile;
 * or else it tries again. */
static void hit(struct patience *patience)
{
    do {
        struct patience fresh = {0};

        *patience = fresh;
        cr_assert(patience_begin(patience, PATIENCE_BATCH));
        patience_lasts(patience);
        patience_end(patience, true);
    } while (!patience->pays);
}

/* Batches that it does not look after, until it does. */
static unsigned rest_of(struct patience *patience)
{
    unsigned rest = 0;

    while (!patience_begin(patience, PATIENCE_BATCH))
        rest++;
    return rest;
}

Test(patience, looks_after_a_batch_and_after_nothing_less)
{
    struct patience patience = {0};

    cr_expect_not(patience_begin(&patience, 0));
    cr_expect_not(patience_begin(&patience, PATIENCE_BATCH - 1));
    cr_expect(patience_begin(&patience, PATIENCE_BATCH));
}

Test(patience, ends)
{
    struct patience patience = {0};

    cr_assert(patience_begin(&patience, PATIENCE_BATCH));
    miss(&patience);
    cr_expect_not(patience.pays);
}

Test(patience, rests_twice_as_long_after_each_miss)
{
    struct patience patience = {0};
    unsigned rest = 1;

    for (int i = 1; i < PATIENCE_MISSES; i++) {
        cr_expect_eq(rest_of(&patience), 0);
        miss(&patience);
    }
    cr_expect_eq(rest_of(&patience), 0);
    for (int i = 0; i < PATIENCE_DOUBLINGS; i++, rest *= 2) {
        miss(&patience);
        cr_expect_eq(rest_of(&patience), rest);
    }
    for (int i = 0; i < 2; i++) { /* and no longer */
        miss(&patience);
        cr_expect_eq(rest_of(&patience), 1u << PATIENCE_DOUBLINGS);
    }
}

Test(patience, pays_when_something_comes)
{
    struct patience patience;

    hit(&patience);
    cr_expect_eq(patience.misses, 0);
    cr_expect_eq(rest_of(&patience), 0);
    miss(&patience);
    cr_expect_not(patience.pays);
}

Test(patience, learns_nothing_from_what_was_there_already)
{
    struct patience patience = {0};

    cr_assert(patience_begin(&patience, PATIENCE_BATCH));
    patience_end(&patience, true);
    cr_expect_not(patience.pays);
    hit(&patience);
    cr_assert(patience_begin(&patience, PATIENCE_BATCH));
    patience_end(&patience, true);
    cr_expect(patience.pays);
}
