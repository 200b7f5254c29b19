/* SPDX-License-Identifier: MIT */
/* One measure of a program, by its name, within its time.  Used by all programs
 * that scripts/bench.sh runs. */
#include "measure.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "samples.h"
#include "spans.h"

#define DEADLINE_ENV "BENCH_DEADLINE"
#define DEADLINE_S 120

static const char *measure_what = "";

static void measure_say(const char *text)
{
    ssize_t written = write(STDERR_FILENO, text, strlen(text));

    (void)written;
}

static void measure_give_up(int signal)
{
    (void)signal;
    measure_say("bench: timed out: ");
    measure_say(measure_what);
    measure_say("\n");
    _exit(MEASURE_TIMED_OUT);
}

void measure_deadline(const char *what)
{
    const char *text = getenv(DEADLINE_ENV);
    unsigned seconds = text ? (unsigned)strtoul(text, NULL, 10) : 0;

    measure_what = what;
    signal(SIGALRM, measure_give_up);
    alarm(seconds > 0 ? seconds : DEADLINE_S);
}

void measure_print(const char *name, double value)
{
    printf("%s %.3f\n", name, value);
    fflush(stdout);
}

double measure_rate(size_t count, unsigned long long start_ns, double unit)
{
    uint64_t now = samples_clock();
    double seconds = (double)(now - start_ns) / 1e9;

    spans_add(start_ns, now, count);
    return (double)count / seconds / unit;
}

void measure_fail(const char *what)
{
    fprintf(stderr, "bench: ");
    perror(what);
    exit(1);
}

void measure_wrong(const char *what)
{
    fprintf(stderr, "bench: %s: not what was sent\n", what);
    exit(1);
}

static int measure_usage(const char *program, const struct measure *measures)
{
    fprintf(stderr, "usage: %s MEASURE COUNT [MORE], of:", program);
    for (; measures->name; measures++)
        fprintf(stderr, " %s", measures->name);
    fputc('\n', stderr);
    return 2;
}

int measure_main(int argc, char **argv, const struct measure *measures)
{
    size_t count = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
    size_t more = argc > 3 ? strtoul(argv[3], NULL, 10) : 0;

    if (argc > 4 || count == 0)
        return measure_usage(argv[0], measures);
    for (const struct measure *measure = measures; measure->name; measure++)
        if (strcmp(measure->name, argv[1]) == 0) {
            measure_deadline(measure->name);
            measure->run(count, more);
            return 0;
        }
    return measure_usage(argv[0], measures);
}
