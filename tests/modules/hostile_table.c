/* SPDX-License-Identifier: MIT */
/* The attempts by name. */
#define _GNU_SOURCE
#include <string.h>

#include "hostile.h"

const struct attempt attempts[] = {
#define ROW(name, at_load) {#name, attempt_##name, at_load},
    ATTEMPT_TABLE(ROW)
#undef ROW
};
const size_t attempt_count = sizeof attempts / sizeof attempts[0];

const struct attempt *attempt_find(char *request, const char **out_argument)
{
    char *argument = request + strcspn(request, " ");

    if (*argument)
        *argument++ = '\0';
    *out_argument = argument;
    for (size_t i = 0; i < attempt_count; i++)
        if (strcmp(attempts[i].name, request) == 0)
            return &attempts[i];
    return NULL;
}

const char *attempt_outcome(int error)
{
    return error ? strerrorname_np(error) : "done";
}
