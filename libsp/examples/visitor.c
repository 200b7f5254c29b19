/* SPDX-License-Identifier: MIT */
/* visitor.c - the session logic of the example front end: a counter and notes
 * that live in the memory of one visitor's process and go when it goes.  It
 * shows how a module is written; README.md beside it lists its requests.
 *
 * A session trusts nobody with its bounds: how long a note is and how many are
 * kept is decided here, whatever the front end has checked before. */
#include <ctype.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sp/module.h>

#define NOTES_MAX 20
#define NOTE_SIZE_MAX 600 /* bytes */

struct note {
    size_t size;
    char text[NOTE_SIZE_MAX];
};

/* One visitor's state: all that this process knows. */
struct visitor {
    unsigned long long count;
    size_t notes; /* how many are kept; the newest is the last */
    struct note note[NOTES_MAX];
};

/* A request is a word and, behind one space, what it is about. */
struct request {
    const char *word, *rest;
    size_t word_size, rest_size;
};

static struct request request_split(const void *bytes, size_t size)
{
    const char *text = bytes;
    const char *space = size ? memchr(text, ' ', size) : NULL;
    struct request request = {.word = text, .word_size = size};

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

static enum sp_init visitor_init(struct sp_session *session, const void *arg,
                                 size_t size, void **out_state)
{
    (void)arg;
    (void)size;
    *out_state = calloc(1, sizeof(struct visitor));
    if (*out_state)
        return SP_INIT_OK;
    sp_init_error(session, "no memory for a visitor");
    return SP_INIT_FAIL;
}

/* "show": the count on the first line, then a line a note, oldest first. */
static enum sp_handled visitor_show(const struct visitor *visitor,
                                    struct sp_call *call)
{
    static char text[32 + NOTES_MAX * (NOTE_SIZE_MAX + 1)];
    size_t size = (size_t)sprintf(text, "%llu\n", visitor->count);

    for (size_t i = 0; i < visitor->notes; i++) {
        const struct note *note = &visitor->note[i];

        memcpy(text + size, note->text, note->size);
        size += note->size;
        text[size++] = '\n';
    }
    return sp_reply(call, text, size);
}

static enum sp_handled visitor_count(struct visitor *visitor,
                                     struct sp_call *call)
{
    char text[32];
    int size = sprintf(text, "%llu", ++visitor->count);

    return sp_reply(call, text, (size_t)size);
}

/* Keeps a note as one line; the oldest makes room for it. */
static void visitor_note(struct visitor *visitor, const char *text, size_t size)
{
    struct note *note;

    if (size == 0 || size > NOTE_SIZE_MAX)
        return;
    if (visitor->notes == NOTES_MAX) {
        memmove(visitor->note, visitor->note + 1,
                (NOTES_MAX - 1) * sizeof *visitor->note);
        visitor->notes--;
    }
    note = &visitor->note[visitor->notes++];
    note->size = size;
    for (size_t i = 0; i < size; i++)
        note->text[i] = iscntrl((unsigned char)text[i]) ? ' ' : text[i];
}

/* What a wild pointer does.  The signal's default comes first, so that it ends
 * a build with a sanitizer, which would catch it, in the same way. */
static void visitor_crash(void)
{
    volatile char *volatile wild = (volatile char *)16;

    signal(SIGSEGV, SIG_DFL);
    *wild = 1;
}

static enum sp_handled visitor_call(struct sp_session *session, void *state,
                                    struct sp_call *call, const void *bytes,
                                    size_t size)
{
    struct request request = request_split(bytes, size);

    (void)session;
    if (request_is(&request, "show"))
        return visitor_show(state, call);
    if (request_is(&request, "count"))
        return visitor_count(state, call);
    if (request_is(&request, "crash"))
        visitor_crash();
    return SP_UNKNOWN;
}

/* "note TEXT": nobody waits for an answer.  A show that the same client sends
 * afterwards has the note in it: messages keep their order. */
static void visitor_cast(struct sp_session *session, void *state,
                         const void *bytes, size_t size)
{
    struct request request = request_split(bytes, size);

    (void)session;
    if (request_is(&request, "note"))
        visitor_note(state, request.rest, request.rest_size);
}

static void visitor_terminate(struct sp_session *session, void *state,
                              enum sp_end end, const char *text)
{
    (void)session;
    (void)end;
    (void)text;
    free(state);
}

SP_MODULE(.name = "visitor", .init = visitor_init, .handle_call = visitor_call,
          .handle_cast = visitor_cast, .terminate = visitor_terminate);
