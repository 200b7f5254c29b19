/* SPDX-License-Identifier: MIT */
/* kv: keys and values, the default module.  Its requests are in kv.md.
 *
 * Shows: a table of requests, state in memory, one handler for calls and casts
 * alike, errors with texts. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include <sp/module.h>

#define KEY_MAX 250

struct entry {
    char *value; /* owned; any bytes */
    size_t size;
    UT_hash_handle hh; /* kv.entries, by key */
    char key[];
};

struct kv {
    struct entry *entries; /* owned */
};

/* A request, taken apart.  Bytes are borrowed from the message. */
struct request {
    const char *key;
    size_t key_size;
    const char *value; /* what follows the key's space; NULL without one */
    size_t value_size;
};

/* What a request is answered with. */
struct answer {
    const void *data; /* borrowed */
    size_t size;
    char *owned; /* freed after it was sent */
    char text[KEY_MAX + 80]; /* of an error, or a number */
    bool wrong;
};

__attribute__((format(printf, 2, 3))) static void
answer_error(struct answer *answer, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(answer->text, sizeof answer->text, format, args);
    va_end(args);
    answer->wrong = true;
}

static void answer_number(struct answer *answer, int64_t number)
{
    answer->size = (size_t)snprintf(answer->text, sizeof answer->text,
                                    "%" PRId64, number);
    answer->data = answer->text;
}

/* ---- entries ---- */

static struct entry *entry_find(struct kv *kv, const struct request *request)
{
    struct entry *entry;

    HASH_FIND(hh, kv->entries, request->key, request->key_size, entry);
    return entry;
}

static struct entry *entry_find_or_tell(struct kv *kv,
                                        const struct request *request,
                                        struct answer *answer)
{
    struct entry *entry = entry_find(kv, request);

    if (!entry)
        answer_error(answer, "no such key: %.*s", (int)request->key_size,
                     request->key);
    return entry;
}

/* An entry with an empty value, if there is none yet.  NULL: no memory. */
static struct entry *entry_make(struct kv *kv, const struct request *request)
{
    struct entry *entry = entry_find(kv, request);

    if (entry)
        return entry;
    entry = calloc(1, sizeof *entry + request->key_size + 1);
    if (!entry)
        return NULL;
    memcpy(entry->key, request->key, request->key_size);
    HASH_ADD(hh, kv->entries, key[0], request->key_size, entry);
    return entry;
}

static void entry_remove(struct kv *kv, struct entry *entry)
{
    HASH_DEL(kv->entries, entry);
    free(entry->value);
    free(entry);
}

/* The value becomes its first `keep` bytes and then these.  A NUL that does not
 * count follows.  False: no memory, and it is as it was. */
static bool entry_write(struct entry *entry, size_t keep, const void *data,
                        size_t size)
{
    char *value = realloc(entry->value, keep + size + 1);

    if (!value)
        return false;
    if (size > 0)
        memcpy(value + keep, data, size);
    value[keep + size] = '\0';
    entry->value = value;
    entry->size = keep + size;
    return true;
}

/* ---- one function a request ---- */

static void do_put(struct kv *kv, const struct request *request,
                   struct answer *answer)
{
    struct entry *entry = entry_make(kv, request);

    if (!entry || !entry_write(entry, 0, request->value, request->value_size))
        answer_error(answer, "out of memory");
}

static void do_append(struct kv *kv, const struct request *request,
                      struct answer *answer)
{
    struct entry *entry = entry_make(kv, request);

    if (!entry || !entry_write(entry, entry->size, request->value,
                               request->value_size))
        answer_error(answer, "out of memory");
    else
        answer_number(answer, (int64_t)entry->size);
}

static void do_get(struct kv *kv, const struct request *request,
                   struct answer *answer)
{
    struct entry *entry = entry_find_or_tell(kv, request, answer);

    if (entry) {
        answer->data = entry->value;
        answer->size = entry->size;
    }
}

static void do_delete(struct kv *kv, const struct request *request,
                      struct answer *answer)
{
    struct entry *entry = entry_find_or_tell(kv, request, answer);

    if (entry)
        entry_remove(kv, entry);
}

static bool parse_number(const char *text, size_t size, int64_t *out_number)
{
    char copy[24];
    char *end;

    if (size == 0 || size >= sizeof copy || memchr(text, ' ', size))
        return false;
    memcpy(copy, text, size);
    copy[size] = '\0';
    errno = 0;
    *out_number = strtoimax(copy, &end, 10);
    return end == copy + size && errno == 0;
}

static void do_incr(struct kv *kv, const struct request *request,
                    struct answer *answer)
{
    struct entry *entry = entry_find(kv, request);
    int64_t number = 0;
    int64_t by = 1;

    if (request->value &&
        !parse_number(request->value, request->value_size, &by)) {
        answer_error(answer, "usage: incr KEY [BY], a whole number");
        return;
    }
    if (entry && !parse_number(entry->value, entry->size, &number)) {
        answer_error(answer, "not a number: the value of %s", entry->key);
        return;
    }
    if (__builtin_add_overflow(number, by, &number)) {
        answer_error(answer, "too large: the sum does not fit 64 bits");
        return;
    }
    answer_number(answer, number);
    entry = entry_make(kv, request);
    if (!entry || !entry_write(entry, 0, answer->data, answer->size))
        answer_error(answer, "out of memory");
}

static int by_key(const struct entry *a, const struct entry *b)
{
    return strcmp(a->key, b->key);
}

/* The keys, one a line. */
static void do_list(struct kv *kv, const struct request *request,
                    struct answer *answer)
{
    struct entry *entry;
    struct entry *next;
    size_t size = 0;
    char *at;

    (void)request;
    HASH_SORT(kv->entries, by_key);
    HASH_ITER (hh, kv->entries, entry, next)
        size += strlen(entry->key) + 1;
    at = answer->owned = malloc(size + 1);
    if (!at) {
        answer_error(answer, "out of memory");
        return;
    }
    HASH_ITER (hh, kv->entries, entry, next) {
        size_t len = strlen(entry->key);

        memcpy(at, entry->key, len);
        at[len] = '\n';
        at += len + 1;
    }
    answer->data = answer->owned;
    answer->size = size > 0 ? size - 1 : 0; /* without the last newline */
}

static void do_clear(struct kv *kv, const struct request *request,
                     struct answer *answer)
{
    struct entry *entry;
    struct entry *next;

    (void)request;
    (void)answer;
    HASH_ITER (hh, kv->entries, entry, next)
        entry_remove(kv, entry);
}

/* ---- requests ---- */

enum shape { SHAPE_BARE, SHAPE_KEY, SHAPE_KEY_VALUE, SHAPE_KEY_MAYBE };

static const struct verb {
    const char *name;
    enum shape shape;
    const char *usage;
    void (*run)(struct kv *kv, const struct request *request,
                struct answer *answer);
} verbs[] = {
    {"put", SHAPE_KEY_VALUE, "put KEY VALUE", do_put},
    {"get", SHAPE_KEY, "get KEY", do_get},
    {"delete", SHAPE_KEY, "delete KEY", do_delete},
    {"incr", SHAPE_KEY_MAYBE, "incr KEY [BY]", do_incr},
    {"append", SHAPE_KEY_VALUE, "append KEY VALUE", do_append},
    {"list", SHAPE_BARE, "list", do_list},
    {"clear", SHAPE_BARE, "clear", do_clear},
};
#define VERBS (sizeof verbs / sizeof verbs[0])

static bool is_key(const char *key, size_t size)
{
    if (size < 1 || size > KEY_MAX)
        return false;
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)key[i] <= ' ' || key[i] == 0x7f)
            return false;
    return true;
}

/* Splits what follows the verb's space; false if it has not the verb's shape. */
static bool split(const struct verb *verb, const char *rest, size_t size,
                  struct request *out_request)
{
    const char *space = rest ? memchr(rest, ' ', size) : NULL;

    if (verb->shape == SHAPE_BARE)
        return !rest;
    if (!rest)
        return false;
    out_request->key = rest;
    out_request->key_size = space ? (size_t)(space - rest) : size;
    if (space) {
        out_request->value = space + 1;
        out_request->value_size = size - out_request->key_size - 1;
    }
    return is_key(out_request->key, out_request->key_size) &&
           (verb->shape == SHAPE_KEY_MAYBE ||
            (verb->shape == SHAPE_KEY_VALUE) == (space != NULL));
}

static const struct verb *find_verb(const char *message, size_t size)
{
    for (size_t i = 0; i < VERBS; i++)
        if (strlen(verbs[i].name) == size &&
            memcmp(verbs[i].name, message, size) == 0)
            return &verbs[i];
    return NULL;
}

/* Does what a message says.  False: it is no request of this module. */
static bool perform(struct kv *kv, const char *message, size_t size,
                    struct answer *answer)
{
    const char *space = memchr(message, ' ', size);
    size_t verb_size = space ? (size_t)(space - message) : size;
    const struct verb *verb;
    struct request request = {0};

    /* `echo list | spctl call` brings a newline; a value keeps its own */
    if (size > 0 && message[size - 1] == '\n' && !space)
        verb_size = --size;
    verb = find_verb(message, verb_size);
    if (!verb)
        return false;
    if (space && verb->shape != SHAPE_KEY_VALUE && message[size - 1] == '\n')
        size--;
    if (split(verb, space ? space + 1 : NULL,
              space ? size - verb_size - 1 : 0, &request))
        verb->run(kv, &request, answer);
    else
        answer_error(answer,
                     "usage: %s; a key is 1 to %d bytes without spaces or "
                     "control characters",
                     verb->usage, KEY_MAX);
    return true;
}

static enum sp_handled kv_call(struct sp_session *session, void *state,
                               struct sp_call *call, const void *request,
                               size_t size)
{
    struct answer answer = {.data = ""};

    (void)session;
    if (!perform(state, request, size, &answer))
        return SP_UNKNOWN;
    if (answer.wrong)
        sp_reply_error(call, "%s", answer.text);
    else
        sp_reply(call, answer.data, answer.size);
    free(answer.owned);
    return SP_HANDLED;
}

static void kv_cast(struct sp_session *session, void *state,
                    const void *message, size_t size)
{
    struct answer answer = {.data = ""};

    if (!perform(state, message, size, &answer))
        sp_log(session, "cast dropped: unknown request");
    else if (answer.wrong)
        sp_log(session, "cast dropped: %s", answer.text);
    free(answer.owned);
}

/* ---- life ---- */

static enum sp_init kv_init(struct sp_session *session, const void *arg,
                            size_t size, void **out_state)
{
    struct kv *kv = calloc(1, sizeof *kv);

    (void)arg;
    if (!kv || size > 0) {
        sp_init_error(session, kv ? "kv takes no argument" : "out of memory");
        free(kv);
        return SP_INIT_FAIL;
    }
    *out_state = kv;
    return SP_INIT_OK;
}

static void kv_terminate(struct sp_session *session, void *state,
                         enum sp_end end, const char *text)
{
    (void)session;
    (void)end;
    (void)text;
    do_clear(state, NULL, NULL);
    free(state);
}

SP_MODULE(.name = "kv", .init = kv_init, .handle_call = kv_call,
          .handle_cast = kv_cast, .terminate = kv_terminate);
