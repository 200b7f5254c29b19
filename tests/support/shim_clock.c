/* SPDX-License-Identifier: MIT */
/* Put before libc (LD_PRELOAD), this shows a wall clock that a test can set:
 * the file that SP_TEST_CLOCK names holds the seconds that it is off, as an
 * int64_t, and is looked at again each time.  The monotonic clock stays what it
 * is.  Started by preload.c. */
#define _GNU_SOURCE
#undef _FORTIFY_SOURCE /* it has definitions of its own for some of these */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define PUBLIC __attribute__((visibility("default")))
#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static const int64_t none;
static const volatile int64_t *off_s = &none;

__attribute__((constructor)) static void find_file(void)
{
    const char *path = getenv("SP_TEST_CLOCK");
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    void *map;

    if (fd < 0)
        return;
    map = mmap(NULL, sizeof *off_s, PROT_READ, MAP_SHARED, fd, 0);
    if (map != MAP_FAILED)
        off_s = map;
    close(fd);
}

PUBLIC int clock_gettime(clockid_t clock, struct timespec *out_time)
{
    int result = NEXT(clock_gettime)(clock, out_time);

    if (result == 0 &&
        (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        out_time->tv_sec += *off_s;
    return result;
}

PUBLIC int gettimeofday(struct timeval *restrict out_time,
                        void *restrict zone)
{
    int result = NEXT(gettimeofday)(out_time, zone);

    if (result == 0)
        out_time->tv_sec += *off_s;
    return result;
}

PUBLIC time_t time(time_t *out_time)
{
    time_t now = NEXT(time)(NULL) + *off_s;

    if (out_time)
        *out_time = now;
    return now;
}
