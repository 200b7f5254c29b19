/* SPDX-License-Identifier: MIT */
/* The board: one subscription to what happens to all sessions, and a list of
 * those that were there before it began.  A session that has ended stays for a
 * while, for the page that says why.  Read by page.c; told to windows by
 * windows.c. */
#define _GNU_SOURCE
#include "board.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <event2/event.h>

/* Sessions that are kept at most, the ended ones among them. */
#define ENTRIES_MAX 10000
#define GONE_MAX 64

#define FRESH_MS 4000

/* Changes are told together. */
static const struct timeval tell_after = {.tv_usec = 120000};
/* What was fresh is told once more when it is not any more. */
static const struct timeval tell_again = {.tv_sec = FRESH_MS / 1000 + 1};

TAILQ_HEAD(entry_list, entry);

struct board {
    struct sp_async *async; /* borrowed */
    const char *module;
    struct sp_ticket ticket;  /* of the subscription */
    struct sp_ticket listing; /* of the list */
    struct entry_list entries;
    size_t count, gone; /* of them, and of these those that have ended */
    unsigned number;    /* the last that was given */
    struct event *timer; /* owned */
    bool is_told_soon;   /* and not only when what is fresh is not any more */
    void (*changed)(void *context);
    void *context;
};

static unsigned long long now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (unsigned long long)now.tv_sec * 1000 +
           (unsigned long long)now.tv_nsec / 1000000;
}

/* ---- entries ------------------------------------------------------------ */

static struct entry *find(const struct board *board, const char *id)
{
    struct entry *entry;

    /* from the end: who was here last is asked after first */
    TAILQ_FOREACH_REVERSE (entry, &board->entries, entry_list, link)
        if (strcmp(entry->id, id) == 0)
            return entry;
    return NULL;
}

static void drop(struct board *board, struct entry *entry)
{
    TAILQ_REMOVE(&board->entries, entry, link);
    board->count--;
    if (entry->state == BOARD_GONE)
        board->gone--;
    free(entry);
}

static void set_state(struct board *board, struct entry *entry,
                      enum board_state state, unsigned long long since_ms)
{
    board->gone += (state == BOARD_GONE) - (entry->state == BOARD_GONE);
    entry->state = state;
    entry->since_ms = since_ms;
}

/* Makes room for one more ended session: the oldest goes. */
static void drop_gone(struct board *board)
{
    struct entry *entry;

    if (board->gone <= GONE_MAX)
        return;
    TAILQ_FOREACH (entry, &board->entries, link) {
        if (entry->state != BOARD_GONE)
            continue;
        drop(board, entry);
        return;
    }
}

static struct entry *find_or_add(struct board *board, const char *id)
{
    struct entry *entry = find(board, id);

    if (entry || board->count >= ENTRIES_MAX)
        return entry;
    entry = calloc(1, sizeof *entry);
    if (!entry)
        return NULL;
    snprintf(entry->id, sizeof entry->id, "%s", id);
    entry->number = ++board->number;
    entry->since_ms = now_ms();
    TAILQ_INSERT_TAIL(&board->entries, entry, link);
    board->count++;
    return entry;
}

static void remember(struct entry *entry, const struct sp_event *event)
{
    struct past *past;

    if (entry->pasts == BOARD_PAST_MAX) {
        memmove(entry->past, entry->past + 1,
                (BOARD_PAST_MAX - 1) * sizeof *entry->past);
        entry->pasts--;
    }
    past = &entry->past[entry->pasts++];
    past->time_ms = sp_event_time_ms(event);
    past->pid = (long)sp_event_pid(event);
    snprintf(past->name, sizeof past->name, "%s", sp_event_name(event));
    snprintf(past->text, sizeof past->text, "%s", sp_event_text(event));
}

/* ---- what happens ------------------------------------------------------- */

static void touch(struct board *board)
{
    if (board->is_told_soon)
        return;
    board->is_told_soon = event_add(board->timer, &tell_after) == 0;
}

static bool board_is_fresh(const struct board *board)
{
    const struct entry *entry;

    TAILQ_FOREACH (entry, &board->entries, link)
        if (entry_is_fresh(entry))
            return true;
    return false;
}

static void on_timer(evutil_socket_t fd, short what, void *context)
{
    struct board *board = context;

    (void)fd;
    (void)what;
    board->is_told_soon = false;
    board->changed(board->context);
    if (board_is_fresh(board))
        event_add(board->timer, &tell_again);
}

static bool is(const struct sp_event *event, const char *name)
{
    return strcmp(sp_event_name(event), name) == 0;
}

/* A crash that nobody restarts, as the supervisor is set up. */
static bool is_final(const struct sp_event *event)
{
    return is(event, "crash") && strstr(sp_event_text(event), "not restarted");
}

static void apply(struct board *board, struct entry *entry,
                  const struct sp_event *event)
{
    if (is(event, "start")) {
        set_state(board, entry, BOARD_STARTING, now_ms());
    } else if (is(event, "ready")) {
        set_state(board, entry, BOARD_RUNNING, now_ms());
        entry->pid = (long)sp_event_pid(event);
    } else if (is(event, "restart")) {
        entry->restarts++;
    } else if (is(event, "stop") || is(event, "expiry") ||
               is(event, "give_up") || is_final(event)) {
        set_state(board, entry, BOARD_GONE, now_ms());
        drop_gone(board);
    } else if (is(event, "crash")) {
        set_state(board, entry, BOARD_DYING, now_ms());
    }
}

static void hear(struct board *board, const struct sp_event *event)
{
    struct entry *entry;

    if (strcmp(sp_event_module(event), board->module) != 0 ||
        *sp_event_id(event) == '\0')
        return;
    entry = find_or_add(board, sp_event_id(event));
    if (!entry)
        return;
    remember(entry, event);
    apply(board, entry, event);
    touch(board);
}

/* Sessions that there are already, or still. */
static void on_list(struct sp_async *async, struct sp_result *result,
                    void *context)
{
    struct board *board = context;
    struct sp_session_list *list = sp_async_take_list(result);

    (void)async;
    for (size_t i = 0; list && i < sp_list_count(list); i++) {
        const struct sp_session_info *info = sp_list_at(list, i);
        struct entry *entry;

        if (strcmp(sp_info_module(info), board->module) != 0)
            continue;
        entry = find_or_add(board, sp_info_id(info));
        if (!entry || entry->pid > 0)
            continue;
        entry->pid = (long)sp_info_pid(info);
        entry->restarts = sp_info_restarts(info);
        set_state(board, entry, BOARD_RUNNING,
                  now_ms() - (entry->restarts ? 0 : sp_info_age_ms(info)));
    }
    sp_list_free(list);
    touch(board);
}

static void ask_for_list(struct board *board)
{
    sp_async_list(board->async, SP_TIMEOUT_DEFAULT, on_list, board,
                  &board->listing);
}

/* Something was missed: what is there is asked for anew. */
static void begin_anew(struct board *board)
{
    while (!TAILQ_EMPTY(&board->entries))
        drop(board, TAILQ_FIRST(&board->entries));
    sp_async_cancel(board->async, board->listing, NULL);
    ask_for_list(board);
    touch(board);
}

static void on_news(struct sp_async *async, const struct sp_news *news,
                    void *context)
{
    struct board *board = context;

    (void)async;
    switch (sp_news_kind(news)) {
    case SP_NEWS_BEGUN:
        ask_for_list(board);
        break;
    case SP_NEWS_EVENT:
        hear(board, sp_news_event(news));
        break;
    case SP_NEWS_LOST:
    case SP_NEWS_GAP:
        begin_anew(board);
        break;
    case SP_NEWS_MESSAGE:
    case SP_NEWS_OVER: /* for the lack of memory: it stands still then */
        break;
    }
}

/* ---- the board ---------------------------------------------------------- */

struct board *board_create(struct event_base *base, struct sp_async *async,
                           const char *module, void (*changed)(void *context),
                           void *context)
{
    struct board *board = calloc(1, sizeof *board);

    if (!board)
        return NULL;
    TAILQ_INIT(&board->entries);
    board->async = async;
    board->module = module;
    board->changed = changed;
    board->context = context;
    board->timer = evtimer_new(base, on_timer, board);
    if (board->timer && sp_async_subscribe_events(async, NULL, on_news, board,
                                                  &board->ticket) == SP_OK)
        return board;
    board_destroy(board);
    return NULL;
}

void board_destroy(struct board *board)
{
    if (!board)
        return;
    sp_async_cancel(board->async, board->ticket, NULL);
    sp_async_cancel(board->async, board->listing, NULL);
    while (!TAILQ_EMPTY(&board->entries))
        drop(board, TAILQ_FIRST(&board->entries));
    if (board->timer)
        event_free(board->timer);
    free(board);
}

const struct entry *board_find(const struct board *board, const char *id)
{
    return find(board, id);
}

static void prepend(struct entry *entry, const struct entry *former)
{
    size_t room = BOARD_PAST_MAX - entry->pasts;
    size_t count = former->pasts < room ? former->pasts : room;

    memmove(entry->past + count, entry->past,
            entry->pasts * sizeof *entry->past);
    memcpy(entry->past, former->past + former->pasts - count,
           count * sizeof *entry->past);
    entry->pasts += count;
}

void board_inherit(struct board *board, const char *id, const char *former)
{
    struct entry *entry = find_or_add(board, id), *old = find(board, former);
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    if (!entry || entry->renewed_ms)
        return;
    entry->renewed_ms = (unsigned long long)now.tv_sec * 1000 +
                        (unsigned long long)now.tv_nsec / 1000000;
    if (old && old != entry)
        prepend(entry, old);
}

const struct entry *board_next(const struct board *board,
                               const struct entry *entry)
{
    return entry ? TAILQ_NEXT(entry, link) : TAILQ_FIRST(&board->entries);
}

size_t board_count(const struct board *board)
{
    return board->count - board->gone;
}

unsigned long long board_age_ms(const struct entry *entry)
{
    return now_ms() - entry->since_ms;
}

bool entry_is_fresh(const struct entry *entry)
{
    return board_age_ms(entry) < FRESH_MS;
}

const struct past *entry_last(const struct entry *entry, const char *name)
{
    for (size_t i = entry->pasts; i > 0; i--)
        if (strcmp(entry->past[i - 1].name, name) == 0)
            return &entry->past[i - 1];
    return NULL;
}
