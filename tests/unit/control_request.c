/* SPDX-License-Identifier: MIT */
/* What the tests of wire/control do with a request. */
#include "control_request.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum sp_error request_decode(const char *json, size_t size,
                             struct control_request *out, char text[256])
{
    char *copy = malloc(size + (size == 0));
    enum sp_error error;

    cr_assert_not_null(copy);
    memcpy(copy, json, size);
    strcpy(text, "(untouched)");
    error = control_request_decode(copy, size, out, text, 256);
    free(copy);
    return error;
}

void request_refused(const char *json, size_t size, enum sp_error wanted,
                     const char *culprit)
{
    struct control_request request;
    char text[256];
    enum sp_error error = request_decode(json, size, &request, text);

    if (error == SP_OK)
        control_request_fini(&request);
    cr_expect_eq(error, wanted, "%.200s: %s: %s", json, sp_error_name(error),
                 text);
    cr_expect_not_null(strstr(text, culprit), "'%s' names no '%s'", text,
                       culprit);
}

struct control_request request_accepted(const char *json)
{
    struct control_request request;
    char text[256];
    enum sp_error error = request_decode(json, strlen(json), &request, text);

    cr_assert_eq(error, SP_OK, "%s: %s", json, text);
    return request;
}
