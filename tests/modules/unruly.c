/* SPDX-License-Identifier: MIT */
/* unruly: a module for tests only, that does to its own process what no module
 * should.  Its name in the configuration says what its constructor does; a call
 * says what a session does. */
#define _GNU_SOURCE
#include <errno.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <sp/module.h>

/* As many descriptors as are looked at: the control socket is among them. */
#define DESCRIPTORS 1024

static const char *outcome = "done";

/* ---- its constructor ---- */

static void exit_now(void)
{
    exit(0);
}

static void hang(void)
{
    for (;;)
        pause();
}

static void take_1_gib(void)
{
    char *memory = mmap(NULL, (size_t)1 << 30, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (memory == MAP_FAILED)
        outcome = strerrorname_np(errno);
    else
        memset(memory, 1, (size_t)1 << 30);
}

static void close_all(void)
{
    for (int fd = 0; fd < DESCRIPTORS; fd++)
        close(fd);
}

static void cover_all(void)
{
    for (int fd = STDERR_FILENO + 1; fd < DESCRIPTORS; fd++)
        dup2(STDIN_FILENO, fd);
}

/* What is no record, on whichever descriptor takes it. */
static void forge(void)
{
    for (int fd = STDERR_FILENO + 1; fd < DESCRIPTORS; fd++)
        send(fd, "loaded", 6, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static const struct mischief {
    const char *name;
    void (*run)(void);
} constructors[] = {
    {"exits", exit_now},   {"hangs", hang},       {"grows", take_1_gib},
    {"closes", close_all}, {"covers", cover_all}, {"forges", forge},
};

/* glibc hands a constructor the arguments of its program: sp-worker's second is
 * the module's name. */
__attribute__((constructor)) static void begin(int argc, char **argv)
{
    for (size_t i = 0; i < sizeof constructors / sizeof constructors[0]; i++)
        if (argc > 1 && strcmp(argv[1], constructors[i].name) == 0)
            constructors[i].run();
}

/* ---- its sessions ---- */

static jmp_buf earlier;

static void mark(void)
{
    if (setjmp(earlier) != 0)
        abort();
}

/* To a handler that has returned. */
static void jump(void)
{
    longjmp(earlier, 1);
}

/* Its listener is the first behind 0, 1 and 2. */
static void close_listener(void)
{
    close(STDERR_FILENO + 1);
}

static void shut_listener(void)
{
    shutdown(STDERR_FILENO + 1, SHUT_RDWR);
}

static void hang_at_exit(void)
{
    atexit(hang);
}

static void nothing(void)
{
}

static const struct mischief calls[] = {
    {"exit", exit_now},
    {"mark", mark},
    {"jump", jump},
    {"close-listener", close_listener},
    {"shut-listener", shut_listener},
    {"close-all", close_all},
    {"hang-at-exit", hang_at_exit},
    {"nothing", nothing},
};

static enum sp_handled unruly_call(struct sp_session *session, void *state,
                                   struct sp_call *call, const void *request,
                                   size_t size)
{
    (void)session;
    (void)state;
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
        if (strlen(calls[i].name) == size &&
            memcmp(calls[i].name, request, size) == 0) {
            calls[i].run();
            return sp_reply(call, outcome, strlen(outcome));
        }
    return SP_UNKNOWN;
}

SP_MODULE(.name = "unruly", .handle_call = unruly_call);
