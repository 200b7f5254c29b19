/* SPDX-License-Identifier: MIT */
/* wire/template: the checks of records that hostile processes send. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "wire/template.h"
#include "support/leaks.h"

TestSuite(template, .fini = leaks_check);

Test(template, a_template_record_has_one_size)
{
    struct template_record record = {.type = TEMPLATE_LOADED};

    for (size_t len = 0; len < 2 * sizeof record; len++)
        cr_expect_eq(template_record_valid(&record, len),
                     len == sizeof record);
}

Test(template, a_template_record_has_a_known_type)
{
    struct template_record record = {0};

    for (uint32_t type = 0; type < 10; type++) {
        record.type = type;
        cr_expect_eq(template_record_valid(&record, sizeof record),
                     type >= TEMPLATE_LOADED && type <= TEMPLATE_HOLDER);
    }
    record.type = UINT32_MAX;
    cr_expect_not(template_record_valid(&record, sizeof record));
}

Test(template, the_text_of_a_template_record_is_terminated)
{
    struct template_record record = {.type = TEMPLATE_FAILED};

    memset(record.text, 'x', sizeof record.text);
    cr_expect_not(template_record_valid(&record, sizeof record));
    record.text[SP_TEXT_MAX] = '\0';
    cr_expect(template_record_valid(&record, sizeof record));
}

Test(template, a_hello_record_has_one_size)
{
    struct hello_record record = {.type = HELLO_HELLO};

    for (size_t len = 0; len < 2 * sizeof record; len++)
        cr_expect_eq(hello_record_valid(&record, len), len == sizeof record);
}

Test(template, a_hello_record_has_a_known_type)
{
    struct hello_record record = {0};

    for (uint32_t type = 0; type < 10; type++) {
        record.type = type;
        cr_expect_eq(hello_record_valid(&record, sizeof record),
                     type >= HELLO_HELLO && type <= HELLO_INIT_ERROR);
    }
    record.type = UINT32_MAX;
    cr_expect_not(hello_record_valid(&record, sizeof record));
}

Test(template, the_text_of_a_hello_record_is_terminated)
{
    struct hello_record record = {.type = HELLO_INIT_ERROR};

    memset(record.text, 'x', sizeof record.text);
    cr_expect_not(hello_record_valid(&record, sizeof record));
    record.text[SP_TEXT_MAX] = '\0';
    cr_expect(hello_record_valid(&record, sizeof record));
}

Test(template, a_start_record_is_as_long_as_it_says)
{
    static const uint32_t sizes[] = {0, 1, 1000, START_ARG_MAX};
    struct start_record record = {.id = "alice"};

    for (size_t i = 0; i < 4; i++) {
        size_t size = sizeof record + sizes[i];

        record.arg_size = sizes[i];
        cr_expect(start_record_valid(&record, size));
        cr_expect_not(start_record_valid(&record, size + 1));
        cr_expect_not(start_record_valid(&record, size - 1));
    }
    record.arg_size = START_ARG_MAX + 1;
    cr_expect_not(
        start_record_valid(&record, sizeof record + START_ARG_MAX + 1));
    record.arg_size = UINT32_MAX;
    cr_expect_not(start_record_valid(&record, sizeof record - 1));
}

/* Shorter than the record: its fields are not there to be read. */
Test(template, a_short_record_is_not_looked_into)
{
    for (size_t len = 0; len < sizeof(struct start_record); len++) {
        void *bytes = calloc(1, len + (len == 0));

        cr_expect_not(start_record_valid(bytes, len));
        free(bytes);
    }
    for (size_t len = 0; len < 64; len++) {
        void *bytes = calloc(1, len + (len == 0));

        cr_expect_not(hello_record_valid(bytes, len));
        cr_expect_not(template_record_valid(bytes, len));
        free(bytes);
    }
}

Test(template, the_id_of_a_start_record_is_valid_and_terminated)
{
    struct start_record record = {.id = ""};

    cr_expect_not(start_record_valid(&record, sizeof record));
    strcpy(record.id, "../x");
    cr_expect_not(start_record_valid(&record, sizeof record));
    memset(record.id, 'x', sizeof record.id);
    cr_expect_not(start_record_valid(&record, sizeof record));
    record.id[SP_ID_MAX] = '\0';
    cr_expect(start_record_valid(&record, sizeof record));
}

/* Record and argument travel as one packet. */
Test(template, the_largest_start_fits_a_default_socket_buffer)
{
    cr_assert_lt(sizeof(struct start_record) + START_ARG_MAX, 212992 / 3 * 2);
}
