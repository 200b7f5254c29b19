/* SPDX-License-Identifier: MIT */
/* visitor.c - the session logic of the example front end: a counter and notes
 * that live in the memory of one visitor's process and go when it goes; and
 * four ways to do it harm.  It shows how a module is written; README.md beside
 * it lists its requests.
 *
 * A session trusts nobody with its bounds: how long a note is and how many are
 * kept is decided here, whatever the front end has checked before.  What it
 * does on purpose is ended from outside: by the kernel, the watchdog, the
 * memory limit, the sandbox. */
#define _GNU_SOURCE
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sp/module.h>

#define NOTES_MAX 20
#define NOTE_SIZE_MAX 600 /* bytes */
#define SAID_MAX 200

/* The memory bomb takes so much at a time, so that one can watch; and stops
 * where nobody else stops it. */
#define BOMB_STEP ((size_t)4 << 20)
#define BOMB_MS 40
#define BOMB_MAX ((size_t)512 << 20)

enum { TIMER_BOMB };

struct note {
    size_t size;
    char text[NOTE_SIZE_MAX];
};

struct block {
    struct block *next;
};

/* One visitor's state: all that this process knows. */
struct visitor {
    struct timespec born;
    unsigned long long count;
    size_t notes; /* how many are kept; the newest is the last */
    struct note note[NOTES_MAX];
    char said[SAID_MAX]; /* what the system has answered it; "" */
    struct sp_call *bomb;  /* waits for the end; NULL: there is no bomb */
    struct block *blocks;  /* what the bomb has taken */
    size_t taken;
    bool full; /* there is no more: the next tick is its end */
};

/* ---- requests ----------------------------------------------------------- */

/* A request is a word and, behind one space, what it is about. */
struct request {
    const char *word, *rest;
    size_t word_size, rest_size;
};

static struct request request_split(const void *bytes, size_t size)
{
    const char *text = bytes;
    const char *space = size ? memchr(text, ' ', size) : NULL;
    struct request request = {.word = text, .word_size = size, .rest = ""};

    if (space) {
        request.word_size = (size_t)(space - text);
        request.rest = space + 1;
        request.rest_size = size - request.word_size - 1;
    }
    return request;
}

static bool request_is(const struct request *request, const char *word)
{
    return request->word_size == strlen(word) &&
           memcmp(request->word, word, request->word_size) == 0;
}

/* Tells whoever watches that there is something new. */
__attribute__((format(printf, 2, 3))) static void
tell(struct sp_session *session, const char *format, ...)
{
    char text[SAID_MAX + 32];
    va_list args;
    int size;

    va_start(args, format);
    size = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (size > 0)
        sp_session_emit(session, text,
                        (size_t)size < sizeof text ? (size_t)size
                                                   : sizeof text - 1);
}

/* ---- what it does for its visitor --------------------------------------- */

static enum sp_init visitor_init(struct sp_session *session, const void *arg,
                                 size_t size, void **out_state)
{
    struct visitor *visitor = calloc(1, sizeof *visitor);

    (void)arg;
    (void)size;
    if (!visitor) {
        sp_init_error(session, "no memory for a visitor");
        return SP_INIT_FAIL;
    }
    clock_gettime(CLOCK_MONOTONIC, &visitor->born);
    *out_state = visitor;
    return SP_INIT_OK;
}

static unsigned long long uptime_ms(const struct visitor *visitor)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (unsigned long long)((now.tv_sec - visitor->born.tv_sec) * 1000 +
                                (now.tv_nsec - visitor->born.tv_nsec) /
                                    1000000);
}

/* "show": a line for each thing that it knows, of the notes the oldest first.
 */
static enum sp_handled visitor_show(const struct visitor *visitor,
                                    struct sp_call *call)
{
    static char text[160 + SAID_MAX + NOTES_MAX * (NOTE_SIZE_MAX + 8)];
    size_t size = (size_t)sprintf(text, "pid %ld\nuptime_ms %llu\ncount %llu\n",
                                  (long)getpid(), uptime_ms(visitor),
                                  visitor->count);

    if (*visitor->said)
        size += (size_t)sprintf(text + size, "said %s\n", visitor->said);
    for (size_t i = 0; i < visitor->notes; i++) {
        const struct note *note = &visitor->note[i];

        memcpy(text + size, "note ", 5);
        memcpy(text + size + 5, note->text, note->size);
        size += 5 + note->size;
        text[size++] = '\n';
    }
    return sp_reply(call, text, size);
}

static enum sp_handled visitor_count(struct sp_session *session,
                                     struct visitor *visitor,
                                     struct sp_call *call)
{
    char text[32];
    int size = sprintf(text, "%llu", ++visitor->count);

    tell(session, "count %s", text);
    return sp_reply(call, text, (size_t)size);
}

/* Keeps a note as one line; the oldest makes room for it. */
static enum sp_handled visitor_note(struct sp_session *session,
                                    struct visitor *visitor,
                                    struct sp_call *call,
                                    const struct request *request)
{
    const char *text = request->rest;
    size_t size = request->rest_size;
    struct note *note;

    if (size == 0 || size > NOTE_SIZE_MAX)
        return sp_reply_error(call, "a note has 1 to %d bytes", NOTE_SIZE_MAX);
    if (visitor->notes == NOTES_MAX) {
        memmove(visitor->note, visitor->note + 1,
                (NOTES_MAX - 1) * sizeof *visitor->note);
        visitor->notes--;
    }
    note = &visitor->note[visitor->notes++];
    note->size = size;
    for (size_t i = 0; i < size; i++)
        note->text[i] = iscntrl((unsigned char)text[i]) ? ' ' : text[i];
    tell(session, "note");
    return sp_reply(call, "", 0);
}

/* ---- what it does to itself --------------------------------------------- */

/* What a wild pointer does.  The signal's default comes first, so that it ends
 * a build with a sanitizer, which would catch it, in the same way. */
static void visitor_crash(void)
{
    volatile char *volatile wild = (volatile char *)16;

    signal(SIGSEGV, SIG_DFL);
    *wild = 1;
}

static _Noreturn void visitor_spin(void)
{
    for (volatile unsigned long turns = 0;; turns++)
        continue;
}

/* Looks where it has no business, and says what came of it. */
static enum sp_handled visitor_peek(struct sp_session *session,
                                    struct visitor *visitor,
                                    struct sp_call *call)
{
    int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);

    snprintf(visitor->said, sizeof visitor->said, "open /etc/passwd: %s",
             fd < 0 ? strerror(errno) : "it can be read; is there no sandbox?");
    if (fd >= 0)
        close(fd);
    tell(session, "said %s", visitor->said);
    return sp_reply(call, visitor->said, strlen(visitor->said));
}

static enum sp_handled visitor_bomb(struct sp_session *session,
                                    struct visitor *visitor,
                                    struct sp_call *call)
{
    if (visitor->bomb)
        return sp_reply_error(call, "that bomb is lit already");
    if (sp_timer_start(session, TIMER_BOMB, BOMB_MS, BOMB_MS) != SP_OK)
        return sp_reply_error(call, "no memory for a timer");
    visitor->bomb = call;
    return SP_LATER;
}

static void bomb_defuse(struct sp_session *session, struct visitor *visitor)
{
    while (visitor->blocks) {
        struct block *block = visitor->blocks;

        visitor->blocks = block->next;
        free(block);
    }
    sp_timer_stop(session, TIMER_BOMB);
    sp_reply_error(visitor->bomb, "no limit has stopped it at %zu MiB",
                   visitor->taken >> 20);
    visitor->bomb = NULL;
    visitor->taken = 0;
}

/* Takes some more.  At its limit it says so, and at the next tick it does what
 * a program does that cannot go on. */
static void bomb_tick(struct sp_session *session, struct visitor *visitor)
{
    struct block *block;

    if (visitor->full) {
        signal(SIGABRT, SIG_DFL);
        abort();
    }
    if (visitor->taken >= BOMB_MAX) {
        bomb_defuse(session, visitor);
        return;
    }
    block = malloc(BOMB_STEP);
    if (!block) {
        visitor->full = true;
        tell(session, "memory %zu MiB, and no more", visitor->taken >> 20);
        sp_log(session, "no more memory at %zu MiB", visitor->taken >> 20);
        return;
    }
    memset(block, 1, BOMB_STEP);
    block->next = visitor->blocks;
    visitor->blocks = block;
    visitor->taken += BOMB_STEP;
    tell(session, "memory %zu MiB", visitor->taken >> 20);
}

/* ---- handlers ----------------------------------------------------------- */

static enum sp_handled visitor_call(struct sp_session *session, void *state,
                                    struct sp_call *call, const void *bytes,
                                    size_t size)
{
    struct request request = request_split(bytes, size);

    if (request_is(&request, "show"))
        return visitor_show(state, call);
    if (request_is(&request, "count"))
        return visitor_count(session, state, call);
    if (request_is(&request, "note"))
        return visitor_note(session, state, call, &request);
    if (request_is(&request, "peek"))
        return visitor_peek(session, state, call);
    if (request_is(&request, "bomb"))
        return visitor_bomb(session, state, call);
    if (request_is(&request, "spin"))
        visitor_spin();
    if (request_is(&request, "crash"))
        visitor_crash();
    return SP_UNKNOWN;
}

static void visitor_timer(struct sp_session *session, void *state, int timer)
{
    if (timer == TIMER_BOMB)
        bomb_tick(session, state);
}

static void visitor_terminate(struct sp_session *session, void *state,
                              enum sp_end end, const char *text)
{
    struct visitor *visitor = state;

    (void)end;
    (void)text;
    if (visitor->bomb)
        bomb_defuse(session, visitor);
    free(visitor);
}

SP_MODULE(.name = "visitor", .init = visitor_init, .handle_call = visitor_call,
          .handle_timer = visitor_timer, .terminate = visitor_terminate);
