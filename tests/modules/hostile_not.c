/* SPDX-License-Identifier: MIT */
/* What honest modules do with the C library, of which none may end them. */
#define _GNU_SOURCE
#include <assert.h>
#include <errno.h>
#include <iconv.h>
#include <locale.h>
#include <netdb.h>
#include <pthread.h>
#include <pwd.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>

#include "hostile.h"

/* Nothing at all. */
ATTEMPT(answer)
{
    (void)argument;
    return 0;
}

/* ---- memory ---- */

static bool use_size(size_t size)
{
    char *memory = malloc(size), *grown, *aligned = NULL;

    if (!memory)
        return false;
    memory[0] = memory[size - 1] = 1;
    grown = realloc(memory, size + size / 16 + 1);
    if (!grown) {
        free(memory);
        return false;
    }
    grown[size] = grown[size - 1];
    free(grown);
    if (posix_memalign((void **)&aligned, 4096, size) != 0)
        return false;
    free(aligned);
    return true;
}

/* Each size that has a list of its own, and those that are mapped. */
static int use_memory(void)
{
    for (size_t size = 1; size <= (size_t)64 << 10; size++)
        if (!use_size(size))
            return ENOMEM;
    for (size_t size = 1; size <= (size_t)32 << 20; size *= 2)
        if (!use_size(size))
            return ENOMEM;
    return 0;
}

/* ---- texts ---- */

/* A macro: the compiler looks at the format. */
#define PRINTS(wanted, ...)                                                    \
    (snprintf(text, sizeof text, __VA_ARGS__), strcmp(text, wanted) == 0)

static int use_printf(void)
{
    FILE *out;
    char *grown = NULL, text[256];
    size_t size = 0;
    wchar_t wide[64];

    if (!PRINTS("-7 +7 007 0x7f 177 1.50 1.5e+00 1.5 0x1.8p+0 c s % 5",
                "%d %+d %03d %#x %o %.2f %.1e %g %a %c %s %% %zu", -7, 7, 7,
                127, 127, 1.5, 1.5, 1.5, 1.5, 'c', "s", (size_t)5) ||
        !PRINTS("b a", "%2$s %1$s", "a", "b") ||
        !PRINTS("1.25 wide", "%.2Lf %ls", 1.25L, L"wide") ||
        swprintf(wide, 64, L"%ls %d", L"wide", 7) != 6)
        return EINVAL;
    out = open_memstream(&grown, &size);
    if (!out)
        return ENOMEM;
    for (int i = 0; i < 10000; i++)
        fprintf(out, "%d ", i);
    fclose(out);
    free(grown);
    printf("of honest code: %s %f %ls\n", "a line", 1.5, L"wide");
    fflush(stdout);
    return 0;
}

static int compare(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

/* So many that it takes memory for them. */
static int use_qsort(void)
{
    size_t count = 100000;
    int *numbers = malloc(count * sizeof *numbers);
    int error = 0;

    if (!numbers)
        return ENOMEM;
    for (size_t i = 0; i < count; i++)
        numbers[i] = rand();
    qsort(numbers, count, sizeof *numbers, compare);
    for (size_t i = 1; i < count && error == 0; i++)
        error = numbers[i - 1] > numbers[i] ? EINVAL : 0;
    free(numbers);
    return error;
}

/* Two digits of a year are as good as four. */
#pragma GCC diagnostic ignored "-Wformat-y2k"

static int use_times(void)
{
    char text[512];
    time_t now = time(NULL);
    struct tm local;

    if (!localtime_r(&now, &local) ||
        strftime(text, sizeof text,
                 "%a%A%b%B%c%C%d%D%e%F%g%G%h%H%I%j%k%l%m%M%n%p%P%r%R%s%S%t"
                 "%T%u%U%V%w%W%x%X%y%Y%z%Z%%",
                 &local) == 0)
        return EINVAL;
    return mktime(&local) == (time_t)-1 ? EINVAL : 0;
}

/* One that is not built in needs a file, and is not there: -1 and an errno. */
static int use_iconv(void)
{
    static const char *const names[] = {"UTF-8", "UTF-16", "UCS-4LE", "ASCII",
                                        "ISO-8859-15", "WCHAR_T"};
    enum { NAMES = sizeof names / sizeof names[0] };
    int known = 0;

    for (int i = 0; i < NAMES * NAMES; i++) {
        iconv_t to = iconv_open(names[i / NAMES], names[i % NAMES]);
        char in[] = "abcdefgh", out[128], *from = in, *at = out;
        size_t in_left = 8, out_left = sizeof out;

        if (to == (iconv_t)-1)
            continue;
        iconv(to, &from, &in_left, &at, &out_left);
        iconv_close(to);
        known++;
    }
    return known >= 9 ? 0 : EINVAL;
}

/* ---- files and others that are not there ---- */

/* They need files, and do without. */
static int use_files(void)
{
    struct addrinfo *address;
    FILE *file = tmpfile();
    char name[] = "/tmp/sp-hostile-XXXXXX";
    int fd = mkstemp(name);

    if (fd >= 0) {
        unlink(name);
        close(fd);
    }
    if (getaddrinfo("localhost", "http", NULL, &address) == 0)
        freeaddrinfo(address);
    if (file)
        fclose(file);
    getpwuid(getuid());
    getpwnam("root");
    setlocale(LC_ALL, "C.UTF-8");
    setlocale(LC_ALL, "C");
    isatty(STDOUT_FILENO);
    sysconf(_SC_NPROCESSORS_ONLN);
    sysconf(_SC_PHYS_PAGES);
    return 0;
}

/* ---- jumps and signals ---- */

static jmp_buf back;
static sigjmp_buf back_with_mask;

static int use_jumps(void)
{
    volatile int turns = 0;

    if (setjmp(back) < 3) {
        turns++;
        longjmp(back, turns);
    }
    if (sigsetjmp(back_with_mask, 1) == 0) {
        turns++;
        siglongjmp(back_with_mask, 1);
    }
    return turns == 4 ? 0 : EINVAL;
}

static volatile sig_atomic_t caught;

static void on_signal(int number)
{
    caught = number;
}

static int use_signals(void)
{
    struct timespec moment = {0, 1000000};

    signal(SIGALRM, on_signal);
    alarm(60);
    alarm(0);
    signal(SIGALRM, SIG_DFL);
    return nanosleep(&moment, NULL) < 0 ? errno : 0;
}

static int use_chance(void)
{
    char bytes[256];

    if (getentropy(bytes, sizeof bytes) < 0)
        return errno;
    if (arc4random_uniform(7) > 6)
        return EINVAL;
    return getrandom(bytes, sizeof bytes, 0) == sizeof bytes ? 0 : EIO;
}

/* ---- all of it ---- */

ATTEMPT(ordinary_work)
{
    static int (*const parts[])(void) = {
        use_memory, use_printf, use_qsort, use_times,  use_iconv,
        use_files,  use_jumps,  use_signals, use_chance,
    };
    int error = 0;

    (void)argument;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0] && error == 0; i++)
        error = parts[i]();
    return error;
}

static void *do_nothing(void *unused)
{
    return unused;
}

/* Refused, and no more than that. */
ATTEMPT(start_thread)
{
    pthread_t thread;
    int error = pthread_create(&thread, NULL, do_nothing, NULL);

    (void)argument;
    if (error == 0)
        pthread_join(thread, NULL);
    return error;
}

/* ---- what ends it, but not by the sandbox ---- */

ATTEMPT(abort)
{
    (void)argument;
    abort();
}

ATTEMPT(failing_assert)
{
    assert(argument == NULL);
    return 0;
}
