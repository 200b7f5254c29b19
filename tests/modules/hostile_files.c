/* SPDX-License-Identifier: MIT */
/* Files and descriptors. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "hostile.h"

/* 0 or errno; leaves nothing open. */
static int try_open(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC, 0600);

    if (fd < 0)
        return errno;
    close(fd);
    return 0;
}

ATTEMPT(open_passwd)
{
    (void)argument;
    return try_open("/etc/passwd", O_RDONLY);
}

ATTEMPT(open_own_memory)
{
    (void)argument;
    return try_open("/proc/self/mem", O_RDWR);
}

ATTEMPT(open_environment_of_spd)
{
    char path[32];

    (void)argument;
    snprintf(path, sizeof path, "/proc/%d/environ", (int)getppid());
    return try_open(path, O_RDONLY);
}

ATTEMPT(open_tree)
{
    (void)argument;
    return try_open("/etc", O_RDONLY | O_DIRECTORY);
}

/* What the module has been linked with, for certain. */
ATTEMPT(open_library)
{
    (void)argument;
    return try_open("/etc/ld.so.cache", O_RDONLY);
}

ATTEMPT(open_path_only)
{
    (void)argument;
    return try_open("/etc", O_PATH);
}

ATTEMPT(create_in_tmp)
{
    char path[48];
    int error;

    (void)argument;
    snprintf(path, sizeof path, "/tmp/sp-hostile-%d", (int)getpid());
    error = try_open(path, O_WRONLY | O_CREAT | O_EXCL);
    if (error == 0)
        unlink(path);
    return error;
}

ATTEMPT(stat_passwd)
{
    struct stat status;

    return OUTCOME(stat("/etc/passwd", &status));
}

ATTEMPT(unlink)
{
    return OUTCOME(unlink(argument));
}

/* Makes something at a path of its own, and removes it. */
static int try_make(int (*make)(const char *path))
{
    char path[48];

    snprintf(path, sizeof path, "/tmp/sp-hostile-%d", (int)getpid());
    if (make(path) < 0)
        return errno;
    unlink(path);
    return 0;
}

static int make_symlink(const char *path)
{
    return symlink("/etc/passwd", path);
}

static int make_fifo(const char *path)
{
    return mkfifo(path, 0600);
}

static int make_link(const char *path)
{
    return link("/proc/self/exe", path);
}

ATTEMPT(symlink)
{
    (void)argument;
    return try_make(make_symlink);
}

ATTEMPT(hard_link)
{
    (void)argument;
    return try_make(make_link);
}

ATTEMPT(fifo)
{
    (void)argument;
    return try_make(make_fifo);
}

ATTEMPT(memory_file)
{
    int fd = memfd_create("hostile", MFD_CLOEXEC);

    if (fd >= 0)
        close(fd);
    return OUTCOME(fd);
}

ATTEMPT(ioctl_push_input)
{
    return OUTCOME(ioctl(STDIN_FILENO, TIOCSTI, "x"));
}

/* The kernel looks at 32 bits. */
ATTEMPT(ioctl_push_input_high_bits)
{
    return OUTCOME(syscall(SYS_ioctl, (long)STDIN_FILENO,
                           TIOCSTI | (1UL << 32), "x"));
}

ATTEMPT(ioctl_linux_console)
{
    return OUTCOME(ioctl(STDIN_FILENO, TIOCLINUX, "\3"));
}

/* Any will do: where it may not, nobody looks at which it is. */
ATTEMPT(execute_descriptor)
{
    char *const none[] = {NULL};

    (void)argument;
    fexecve(STDIN_FILENO, none, none);
    return errno;
}

extern char **environ;

/* ENOENT: there is none. */
ATTEMPT(environment)
{
    (void)argument;
    return environ && environ[0] ? 0 : ENOENT;
}
