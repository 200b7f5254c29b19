/* SPDX-License-Identifier: MIT */
/* What honest modules do with the C library, of which none may end them. */
#define _GNU_SOURCE
#include <errno.h>
#include <iconv.h>
#include <locale.h>
#include <netdb.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "hostile.h"

static int compare(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

static int use_memory(void)
{
    for (size_t size = 1; size <= (size_t)32 << 20; size *= 2) {
        char *memory = malloc(size);

        if (!memory || !(memory = realloc(memory, size * 2)))
            return ENOMEM;
        memory[size] = 1;
        free(memory);
    }
    return 0;
}

static int use_texts(void)
{
    int numbers[1000];
    char text[256];
    time_t now = time(NULL);
    struct tm local;

    for (int i = 0; i < 1000; i++)
        numbers[i] = rand();
    qsort(numbers, 1000, sizeof numbers[0], compare);
    if (numbers[0] > numbers[999] || !localtime_r(&now, &local) ||
        strftime(text, sizeof text, "%A %F %T %Z", &local) == 0)
        return EINVAL;
    printf("%s %f %ls\n", text, 1.5, L"wide");
    fflush(stdout);
    return getrandom(text, sizeof text, 0) == sizeof text ? 0 : EIO;
}

/* They need files, and do without. */
static void use_files(void)
{
    iconv_t to = iconv_open("UTF-16", "ISO-8859-15");
    struct addrinfo *address;
    FILE *file = tmpfile();

    if (to != (iconv_t)-1)
        iconv_close(to);
    if (getaddrinfo("localhost", "http", NULL, &address) == 0)
        freeaddrinfo(address);
    if (file)
        fclose(file);
    getpwuid(getuid());
    setlocale(LC_ALL, "C.UTF-8");
    isatty(STDOUT_FILENO);
    sysconf(_SC_NPROCESSORS_ONLN);
    sysconf(_SC_PHYS_PAGES);
}

static volatile sig_atomic_t caught;

static void on_signal(int number)
{
    caught = number;
}

static int use_time(void)
{
    struct timespec moment = {0, 1000000};

    signal(SIGALRM, on_signal);
    alarm(60);
    alarm(0);
    return nanosleep(&moment, NULL) < 0 ? errno : 0;
}

ATTEMPT(ordinary_work)
{
    int error = use_memory();

    (void)argument;
    use_files();
    if (error == 0)
        error = use_texts();
    return error ? error : use_time();
}

ATTEMPT(abort)
{
    (void)argument;
    abort();
}
