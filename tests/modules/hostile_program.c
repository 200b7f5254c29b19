/* SPDX-License-Identifier: MIT */
/* hostile_program: the hostile module's attempts as a command module's program.
 * A line names one attempt and may give it an argument; the line that it writes
 * is the outcome.  What has made itself known by its standard error is in the
 * session's log. */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>

#include "hostile.h"

int main(void)
{
    char line[256];

    while (fgets(line, sizeof line, stdin)) {
        const struct attempt *attempt;
        const char *argument;

        line[strcspn(line, "\n")] = '\0';
        attempt = attempt_find(line, &argument);
        puts(attempt ? attempt_outcome(attempt->run(argument)) : "unknown");
        fflush(stdout);
    }
    return 0;
}
