/* SPDX-License-Identifier: MIT */
/* strangers: a module for tests only, whose constructor makes children of spd
 * that nobody has asked for.  Its name in the configuration says what they do,
 * and how many there are: "wait-300".  A session makes one for a call "clone".
 * All end by themselves in a minute. */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <sp/module.h>

static pid_t clone_for_spd(void)
{
    return (pid_t)syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);
}

static void be_still(void)
{
    alarm(60);
    pause();
}

static void end(void)
{
    _exit(0);
}

/* Out of the process session and group of its maker. */
static void leave(void)
{
    setsid();
    be_still();
}

/* The name in /proc/PID/stat looks like more fields, and lines. */
static void hide(void)
{
    prctl(PR_SET_NAME, ") Z 1\n) R 9 (", 0, 0, 0);
    leave();
}

static const struct kind {
    const char *name;
    void (*be)(void);
} kinds[] = {
    {"none", NULL}, {"wait", be_still}, {"end", end},
    {"leave", leave}, {"hide", hide},
};

/* glibc hands a constructor the arguments of its program: sp-worker's second is
 * the module's name. */
__attribute__((constructor)) static void make(int argc, char **argv)
{
    const char *count = argc > 1 ? strrchr(argv[1], '-') : NULL;

    for (size_t i = 0; count && i < sizeof kinds / sizeof kinds[0]; i++) {
        size_t size = strlen(kinds[i].name);

        if (!kinds[i].be || strncmp(argv[1], kinds[i].name, size) != 0 ||
            argv[1] + size != count)
            continue;
        for (int left = atoi(count + 1); left > 0; left--)
            if (clone_for_spd() == 0) {
                kinds[i].be();
                _exit(0);
            }
    }
}

static enum sp_handled strangers_call(struct sp_session *session, void *state,
                                      struct sp_call *call,
                                      const void *request, size_t size)
{
    const char *outcome = "unknown";

    (void)session;
    (void)state;
    if (size == 5 && memcmp(request, "clone", 5) == 0) {
        pid_t pid = clone_for_spd();

        if (pid == 0) {
            be_still();
            _exit(0);
        }
        outcome = pid > 0 ? "done" : strerrorname_np(errno);
    }
    return sp_reply(call, outcome, strlen(outcome));
}

SP_MODULE(.name = "strangers", .handle_call = strangers_call);
