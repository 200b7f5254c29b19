/* SPDX-License-Identifier: MIT */
/* Reads /proc/PID: for describe.c, what a process uses, and for strangers.c,
 * who made it. */
#define _GNU_SOURCE
#include "procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

/* The fields of stat are numbered as in proc_pid_stat(5). */
enum {
    STAT_PARENT = 4,
    STAT_SESSION = 6,
    STAT_UTIME = 14,
    STAT_STIME,
    STAT_START = 22
};
/* 52 numbers and a name. */
#define STAT_SIZE 2048

/* ---- text: a position moves over what was read ---- */

struct text {
    const char *at;
    const char *end;
};

/* False: there is none, or it is too large. */
static bool take_number(struct text *text, unsigned base, uint64_t *out_number)
{
    const char *begin = text->at;
    uint64_t number = 0;

    for (; text->at < text->end; text->at++) {
        char c = *text->at;
        unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
                         : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10
                                                : base;

        if (digit >= base)
            break;
        if (number > (UINT64_MAX - digit) / base)
            return false;
        number = number * base + digit;
    }
    *out_number = number;
    return text->at > begin;
}

static bool take(struct text *text, char c)
{
    if (text->at == text->end || *text->at != c)
        return false;
    text->at++;
    return true;
}

/* Over this word and the space behind it. */
static bool skip_word(struct text *text)
{
    while (text->at < text->end && *text->at != ' ' && *text->at != '\n')
        text->at++;
    return take(text, ' ');
}

/* ---- stat ---- */

/* The name in brackets, field 2, may hold brackets, spaces and newlines: the
 * last bracket ends it, since all behind it are a letter and numbers. */
bool procfs_parse_stat(const char *text, size_t size,
                       struct procfs_stat *out_stat)
{
    const char *close = size > 0 ? memrchr(text, ')', size) : NULL;
    struct text rest = {close ? close + 1 : NULL, close ? text + size : NULL};
    uint64_t fields[STAT_START + 1] = {0};

    if (!close || !take(&rest, ' ') || !skip_word(&rest))
        return false;
    for (unsigned i = STAT_PARENT; i <= STAT_START; i++) {
        take(&rest, '-'); /* those that can be negative are not wanted */
        if (!take_number(&rest, 10, &fields[i]) || !take(&rest, ' '))
            return false;
    }
    if (fields[STAT_PARENT] > INT32_MAX || fields[STAT_SESSION] > INT32_MAX)
        return false;
    *out_stat = (struct procfs_stat){
        .parent = (pid_t)fields[STAT_PARENT],
        .session = (pid_t)fields[STAT_SESSION],
        .cpu_ticks = fields[STAT_UTIME] + fields[STAT_STIME],
        .start_ticks = fields[STAT_START]};
    return true;
}

/* At most so much of a process's file; 0: nothing. */
static size_t read_file(pid_t pid, const char *name, char *out, size_t size)
{
    char path[48];
    size_t len = 0;
    ssize_t got = 1;
    int fd;

    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    while (len < size && got > 0) {
        got = read(fd, out + len, size - len);
        if (got < 0 && errno == EINTR)
            got = 1;
        else if (got > 0)
            len += (size_t)got;
    }
    close(fd);
    return len;
}

bool procfs_stat(pid_t pid, struct procfs_stat *out_stat)
{
    char text[STAT_SIZE];

    return procfs_parse_stat(text, read_file(pid, "stat", text, sizeof text),
                             out_stat);
}

uint64_t procfs_now_ticks(void)
{
    uint64_t second = (uint64_t)sysconf(_SC_CLK_TCK);
    struct timespec now;

    clock_gettime(CLOCK_BOOTTIME, &now);
    return (uint64_t)now.tv_sec * second +
           (uint64_t)now.tv_nsec * second / 1000000000;
}

int64_t procfs_age_ms(const struct procfs_stat *stat)
{
    int64_t ticks = (int64_t)(procfs_now_ticks() - stat->start_ticks);

    return ticks * 1000 / sysconf(_SC_CLK_TCK);
}

uid_t procfs_uid(pid_t pid)
{
    struct stat file;
    char path[32];

    snprintf(path, sizeof path, "/proc/%d", (int)pid);
    return stat(path, &file) < 0 ? (uid_t)-1 : file.st_uid;
}

/* ---- maps: address, rights, offset, MAJOR:MINOR, inode, path ---- */

static bool line_holds(struct text line, dev_t device, ino_t inode)
{
    uint64_t high, low, number;

    return skip_word(&line) && skip_word(&line) && skip_word(&line) &&
           take_number(&line, 16, &high) && take(&line, ':') &&
           take_number(&line, 16, &low) && take(&line, ' ') &&
           take_number(&line, 10, &number) && high == major(device) &&
           low == minor(device) && number == inode;
}

/* A path cannot hold a newline there: the kernel writes it as \012. */
bool procfs_parse_maps(const char *text, size_t size, dev_t device, ino_t inode)
{
    const char *end = text + size;

    while (text < end) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));

        if (!newline)
            return false; /* cut short */
        if (line_holds((struct text){text, newline}, device, inode))
            return true;
        text = newline + 1;
    }
    return false;
}

size_t procfs_maps(pid_t pid, char out_text[PROCFS_MAPS_MAX])
{
    return read_file(pid, "maps", out_text, PROCFS_MAPS_MAX);
}
