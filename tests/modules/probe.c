/* SPDX-License-Identifier: MIT */
/* probe: a module for tests only.  It does on request what real modules do by
 * mistake.
 *
 *   calls: pid, echo X, error TEXT, crash, exit N, _exit N, stop, fail,
 *          reply-stop X, later MS X, never, hang (waits for ever), spin (loops
 *          for ever), freeze (stops itself with SIGSTOP, then answers), deaf
 *          (blocks all signals and answers), block MS, timer-block MS, tick MS
 *          (a timer), stuck (its terminate will hang), log X, logs N, stderr X,
 *          flood N (writes N lines to stderr; answers how many found room),
 *          emit X, zeros N, size X, grow MIB (keeps that much memory), fds,
 *          maps, env, args, address (of a function), canary, count, casts,
 *          deafen (shuts its listener down), fork (answers the pid of a child
 *          that stays), daemon (leaves an orphan), names (uses what <sp/id.h>
 *          and <sp/error.h> promise)
 *   casts: recorded (see count and casts); but "crash", "hang", "spin" and
 *          "block MS" do what the calls do
 *   init:  ignore, fail TEXT, crash, once (the next one crashes), slow MS,
 *          hang, stop, deaf, "look MS" (slow, and sends itself SIGTERM first),
 *          freeze                                                            */
#define _GNU_SOURCE
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <sp/module.h>

#include "probe_sight.h"

struct later {
    struct sp_call *call;
    char *text;
    size_t size;
};

static struct later laters[SP_TIMERS];
static char *casts; /* joined by ',' */
static size_t casts_size;
static unsigned casts_count;
static long timer_blocks_ms; /* of TIMER_BLOCK */
static bool stuck;

#define TIMER_BLOCK (SP_TIMERS - 1)
#define TIMER_TICK (SP_TIMERS - 2)

/* Not by raise(): before Linux 6.12 a confined process sends itself no signal.
 * Where a sanitizer would take this for its own business, it does not any
 * more. */
static void crash(void)
{
    static char *volatile nowhere = (char *)16;

    signal(SIGSEGV, SIG_DFL);
    *nowhere = 0;
}

static _Noreturn void hang(void)
{
    for (;;)
        pause();
}

static _Noreturn void spin(void)
{
    for (volatile unsigned long turns = 0;; turns++)
        continue;
}

static void block_signals(void)
{
    sigset_t all;

    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
}

static void block(long ms)
{
    struct timespec left = {ms / 1000, ms % 1000 * 1000000};

    while (nanosleep(&left, &left) < 0)
        continue;
}

/* ---- requests: the rest of the message, NUL-terminated, and its size ---- */

#define REQUEST(name)                                                          \
    static enum sp_handled do_##name(struct sp_session *session,               \
                                     struct sp_call *call, const char *rest,   \
                                     size_t size)
#define UNUSED (void)session, (void)call, (void)rest, (void)size

static enum sp_handled reply_text(struct sp_call *call, const char *text)
{
    return sp_reply(call, text, strlen(text));
}

REQUEST(pid)
{
    char text[16];

    UNUSED;
    snprintf(text, sizeof text, "%d", (int)getpid());
    return reply_text(call, text);
}

REQUEST(echo)
{
    UNUSED;
    return sp_reply(call, rest, size);
}

REQUEST(error)
{
    UNUSED;
    return sp_reply_error(call, "%s", rest);
}

REQUEST(crash)
{
    UNUSED;
    crash();
    return SP_LATER;
}

REQUEST(exit)
{
    UNUSED;
    exit(atoi(rest));
}

REQUEST(_exit)
{
    UNUSED;
    _exit(atoi(rest));
}

REQUEST(stop)
{
    UNUSED;
    sp_session_stop(session, SP_END_NORMAL, "asked to");
    return SP_LATER;
}

REQUEST(fail)
{
    UNUSED;
    sp_session_stop(session, SP_END_FAILED, "asked to");
    return SP_LATER;
}

REQUEST(reply_stop)
{
    UNUSED;
    sp_session_stop(session, SP_END_NORMAL, NULL);
    return sp_reply(call, rest, size);
}

REQUEST(later)
{
    char *text;
    unsigned long ms = strtoul(rest, &text, 10);

    UNUSED;
    text += *text == ' ';
    for (int i = 0; i < TIMER_TICK; i++)
        if (!laters[i].call) {
            laters[i] = (struct later){call, strdup(text), strlen(text)};
            sp_timer_start(session, i, (unsigned)ms, 0);
            return SP_LATER;
        }
    return sp_reply_error(call, "too many");
}

REQUEST(never)
{
    UNUSED;
    return SP_LATER;
}

REQUEST(hang)
{
    UNUSED;
    hang();
}

REQUEST(spin)
{
    UNUSED;
    spin();
}

REQUEST(freeze)
{
    UNUSED;
    raise(SIGSTOP);
    return reply_text(call, "");
}

REQUEST(deaf)
{
    UNUSED;
    block_signals();
    return reply_text(call, "");
}

REQUEST(timer_block)
{
    UNUSED;
    timer_blocks_ms = atol(rest);
    sp_timer_start(session, TIMER_BLOCK, 0, 0);
    return reply_text(call, "");
}

REQUEST(tick)
{
    UNUSED;
    sp_timer_start(session, TIMER_TICK, 0, (unsigned)atol(rest));
    return reply_text(call, "");
}

REQUEST(stuck)
{
    UNUSED;
    stuck = true;
    return reply_text(call, "");
}

REQUEST(logs)
{
    UNUSED;
    for (long i = 1; i <= atol(rest); i++)
        sp_log(session, "line %ld", i);
    return reply_text(call, "");
}

REQUEST(grow)
{
    static void *volatile kept; /* or the compiler would see that it is not */
    size_t more = strtoul(rest, NULL, 10) << 20;

    UNUSED;
    memset(kept = malloc(more), 1, more);
    return reply_text(call, "");
}

REQUEST(block)
{
    UNUSED;
    block(atol(rest));
    return reply_text(call, "");
}

REQUEST(log)
{
    UNUSED;
    sp_log(session, "%s", rest);
    return reply_text(call, "");
}

REQUEST(stderr)
{
    UNUSED;
    fwrite(rest, 1, size, stderr);
    return reply_text(call, "");
}

REQUEST(flood)
{
    unsigned long count = strtoul(rest, NULL, 10), written = 0;
    char text[32];

    UNUSED;
    for (unsigned long i = 0; i < count; i++)
        written += write(STDERR_FILENO, "flood\n", 6) == 6;
    snprintf(text, sizeof text, "%lu", written);
    return reply_text(call, text);
}

REQUEST(emit)
{
    UNUSED;
    sp_session_emit(session, rest, size);
    return reply_text(call, "");
}

REQUEST(zeros)
{
    size_t count = strtoul(rest, NULL, 10);
    char *zeros = calloc(1, count + 1);

    UNUSED;
    sp_reply(call, zeros, count);
    free(zeros);
    return SP_HANDLED;
}

REQUEST(size)
{
    char text[32];

    UNUSED;
    snprintf(text, sizeof text, "%zu", size);
    return reply_text(call, text);
}

/* The first descriptor behind the standard ones, see wire/template.h. */
REQUEST(deafen)
{
    UNUSED;
    shutdown(STDERR_FILENO + 1, SHUT_RDWR);
    return SP_LATER;
}

REQUEST(fork)
{
    char text[16];
    pid_t pid = fork();

    UNUSED;
    if (pid == 0)
        hang();
    snprintf(text, sizeof text, "%d", (int)pid);
    return reply_text(call, text);
}

/* A child of a child, in a group and process session of its own. */
REQUEST(daemon)
{
    pid_t pid = fork();

    UNUSED;
    if (pid == 0) {
        setsid();
        if (fork() == 0)
            hang();
        _exit(0);
    }
    waitpid(pid, NULL, 0);
    return reply_text(call, "");
}

REQUEST(names)
{
    char text[64];

    UNUSED;
    snprintf(text, sizeof text, "%d %s %s", sp_id_valid(rest, size),
             sp_error_name(SP_ENOENT), sp_strerror(SP_ENOENT));
    return reply_text(call, text);
}

static enum sp_handled reply_sight(struct sp_call *call, struct sight *sight)
{
    sp_reply(call, sight->text, sight->size);
    free(sight->text);
    return SP_HANDLED;
}

#define SIGHT(name)                                                            \
    REQUEST(name)                                                              \
    {                                                                          \
        struct sight sight = sight_##name();                                   \
                                                                               \
        UNUSED;                                                                \
        return reply_sight(call, &sight);                                      \
    }

SIGHT(fds)
SIGHT(maps)
SIGHT(env)
SIGHT(args)
SIGHT(address)
SIGHT(canary)

REQUEST(count)
{
    char text[16];

    UNUSED;
    snprintf(text, sizeof text, "%u", casts_count);
    return reply_text(call, text);
}

REQUEST(casts)
{
    UNUSED;
    return sp_reply(call, casts ? casts : "", casts_size);
}

static const struct {
    const char *name;
    enum sp_handled (*run)(struct sp_session *session, struct sp_call *call,
                           const char *rest, size_t size);
} requests[] = {
    {"pid", do_pid},     {"echo", do_echo},     {"error", do_error},
    {"crash", do_crash}, {"exit", do_exit},     {"stop", do_stop},
    {"fail", do_fail},   {"reply-stop", do_reply_stop},
    {"later", do_later}, {"never", do_never},   {"hang", do_hang},
    {"block", do_block}, {"log", do_log},       {"stderr", do_stderr},
    {"emit", do_emit},   {"zeros", do_zeros},   {"size", do_size},
    {"fds", do_fds},     {"env", do_env},       {"args", do_args},
    {"count", do_count}, {"casts", do_casts},   {"deafen", do_deafen},
    {"fork", do_fork},   {"names", do_names},   {"_exit", do__exit},
    {"spin", do_spin},   {"freeze", do_freeze}, {"deaf", do_deaf},
    {"stuck", do_stuck}, {"logs", do_logs},     {"flood", do_flood},
    {"grow", do_grow},   {"maps", do_maps},     {"address", do_address},
    {"canary", do_canary}, {"daemon", do_daemon},
    {"timer-block", do_timer_block}, {"tick", do_tick},
};

static enum sp_handled probe_call(struct sp_session *session, void *state,
                                  struct sp_call *call, const void *request,
                                  size_t size)
{
    const char *space = memchr(request, ' ', size);
    size_t verb = space ? (size_t)(space - (const char *)request) : size;
    size_t rest_size = space ? size - verb - 1 : 0;

    (void)state;
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        enum sp_handled handled;
        char *rest;

        if (strlen(requests[i].name) != verb ||
            memcmp(requests[i].name, request, verb) != 0)
            continue;
        rest = calloc(1, rest_size + 1);
        if (space)
            memcpy(rest, space + 1, rest_size);
        handled = requests[i].run(session, call, rest, rest_size);
        free(rest);
        return handled;
    }
    return SP_UNKNOWN;
}

static void do_cast(const void *message, size_t size)
{
    char text[32] = "";

    memcpy(text, message, size < sizeof text - 1 ? size : sizeof text - 1);
    if (strcmp(text, "crash") == 0)
        crash();
    if (strcmp(text, "hang") == 0)
        hang();
    if (strcmp(text, "spin") == 0)
        spin();
    if (strncmp(text, "block ", 6) == 0)
        block(atol(text + 6));
}

static void probe_cast(struct sp_session *session, void *state,
                       const void *message, size_t size)
{
    (void)session;
    (void)state;
    do_cast(message, size);
    casts = realloc(casts, casts_size + size + 1);
    if (casts_count > 0)
        casts[casts_size++] = ',';
    memcpy(casts + casts_size, message, size);
    casts_size += size;
    casts_count++;
}

static void probe_timer(struct sp_session *session, void *state, int timer)
{
    struct later *later = &laters[timer];

    (void)session;
    (void)state;
    if (timer == TIMER_BLOCK) {
        block(timer_blocks_ms);
        return;
    }
    if (timer == TIMER_TICK)
        return;
    sp_reply(later->call, later->text, later->size);
    free(later->text);
    *later = (struct later){0};
}

/* Shared by all processes of this template. */
static _Atomic unsigned *inits;

__attribute__((constructor)) static void share_inits(void)
{
    inits = mmap(NULL, sizeof *inits, PROT_READ | PROT_WRITE,
                 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

static enum sp_init probe_init(struct sp_session *session, const void *arg,
                               size_t size, void **out_state)
{
    char text[512] = "";

    (void)out_state;
    memcpy(text, arg, size < sizeof text - 1 ? size : sizeof text - 1);
    if (strcmp(text, "ignore") == 0)
        return SP_INIT_IGNORE;
    if (strncmp(text, "fail ", 5) == 0) {
        sp_init_error(session, "%s", text + 5);
        return SP_INIT_FAIL;
    }
    if (strcmp(text, "crash") == 0)
        crash();
    if (strcmp(text, "once") == 0 && (*inits)++ > 0)
        crash();
    if (strncmp(text, "slow ", 5) == 0)
        block(atol(text + 5));
    if (strcmp(text, "hang") == 0)
        hang();
    if (strcmp(text, "stop") == 0)
        sp_session_stop(session, SP_END_NORMAL, "in init");
    if (strcmp(text, "freeze") == 0)
        raise(SIGSTOP);
    if (strcmp(text, "deaf") == 0)
        block_signals();
    if (strncmp(text, "look ", 5) == 0) {
        raise(SIGTERM);
        block(atol(text + 5));
    }
    return SP_INIT_OK;
}

static void probe_terminate(struct sp_session *session, void *state,
                            enum sp_end end, const char *text)
{
    static const char *const ends[] = {"stop",   "shutdown", "normal",
                                       "failed", "expired",  "recycle"};

    (void)state;
    sp_log(session, "terminate: %s: %s", ends[end], text);
    if (stuck)
        hang();
    for (int i = 0; i < SP_TIMERS; i++)
        free(laters[i].text);
    free(casts);
}

SP_MODULE(.name = "probe", .init = probe_init, .handle_call = probe_call,
          .handle_cast = probe_cast, .handle_timer = probe_timer,
          .terminate = probe_terminate);
