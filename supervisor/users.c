/* SPDX-License-Identifier: MIT */
/* A hash table of users, and a queue of those without a session.  These go when
 * their time is over, whenever there is something to do here: no timer. */
#include "users.h"

#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <uthash.h>

#include "bucket.h"

/* After this a bucket is full, whatever the rate. */
#define REMEMBERED_MS 1000

struct user {
    uid_t uid;
    uint64_t sessions;
    struct bucket starts;
    int64_t idle_ms;         /* since when he has no session */
    TAILQ_ENTRY(user) idle;  /* users.idle, without a session */
    UT_hash_handle hh;       /* users.by_uid */
};

void users_init(struct users *users, uint64_t max_sessions,
                uint64_t start_rate)
{
    *users = (struct users){0};
    TAILQ_INIT(&users->idle);
    users_limits(users, max_sessions, start_rate);
}

void users_limits(struct users *users, uint64_t max_sessions,
                  uint64_t start_rate)
{
    assert(start_rate <= BUCKET_RATE_MAX);
    users->max_sessions = max_sessions;
    users->start_rate = start_rate;
}

static struct user *find(const struct users *users, uid_t uid)
{
    struct user *user;

    HASH_FIND(hh, users->by_uid, &uid, sizeof uid, user);
    return user;
}

static void drop(struct users *users, struct user *user)
{
    HASH_DEL(users->by_uid, user);
    if (user->sessions == 0)
        TAILQ_REMOVE(&users->idle, user, idle);
    users->count--;
    free(user);
}

void users_fini(struct users *users)
{
    struct user *user;
    struct user *next;

    HASH_ITER (hh, users->by_uid, user, next)
        drop(users, user);
}

/* Those who have nothing any more. */
static void forget(struct users *users, int64_t now_ms)
{
    struct user *oldest;

    while ((oldest = TAILQ_FIRST(&users->idle)) &&
           (users->start_rate == 0 ||
            now_ms - oldest->idle_ms >= REMEMBERED_MS))
        drop(users, oldest);
}

/* A new one, idle. */
static struct user *add(struct users *users, uid_t uid)
{
    struct user *user = calloc(1, sizeof *user);

    if (!user)
        return NULL;
    user->uid = uid;
    HASH_ADD(hh, users->by_uid, uid, sizeof user->uid, user);
    TAILQ_INSERT_TAIL(&users->idle, user, idle);
    users->count++;
    return user;
}

enum users_verdict users_may_start(const struct users *users, uid_t uid,
                                   int64_t now_ms)
{
    const struct user *user = find(users, uid);

    if (!user)
        return USERS_MAY;
    if (users->max_sessions > 0 && user->sessions >= users->max_sessions)
        return USERS_TOO_MANY;
    if (users->start_rate > 0 &&
        bucket_wait_ms(&user->starts, users->start_rate, now_ms) > 0)
        return USERS_TOO_FAST;
    return USERS_MAY;
}

enum sp_error users_start(struct users *users, uid_t uid, int64_t now_ms)
{
    struct user *user;

    forget(users, now_ms);
    user = find(users, uid);
    if (!user)
        user = add(users, uid);
    if (!user)
        return SP_ENOMEM;
    if (user->sessions++ == 0)
        TAILQ_REMOVE(&users->idle, user, idle);
    if (users->start_rate > 0) /* one whom no limit holds may find it empty */
        bucket_take(&user->starts, users->start_rate, now_ms);
    return SP_OK;
}

void users_end(struct users *users, uid_t uid, int64_t now_ms)
{
    struct user *user = find(users, uid);

    assert(user && user->sessions > 0);
    if (--user->sessions == 0) {
        user->idle_ms = now_ms;
        TAILQ_INSERT_TAIL(&users->idle, user, idle);
        if (users->start_rate > 0 &&
            bucket_full(&user->starts, users->start_rate, now_ms))
            drop(users, user);
    }
    forget(users, now_ms);
}

uint64_t users_sessions(const struct users *users, uid_t uid)
{
    const struct user *user = find(users, uid);

    return user ? user->sessions : 0;
}

static long long wait_ms(const struct users *users, uid_t uid, int64_t now_ms)
{
    const struct user *user = find(users, uid);

    if (!user || users->start_rate == 0)
        return 0;
    return bucket_wait_ms(&user->starts, users->start_rate, now_ms);
}

void users_explain(const struct users *users, uid_t uid,
                   enum users_verdict verdict, int64_t now_ms,
                   char out[USERS_TEXT_SIZE])
{
    switch (verdict) {
    case USERS_MAY:
        out[0] = '\0';
        return;
    case USERS_TOO_MANY:
        snprintf(out, USERS_TEXT_SIZE,
                 "max_sessions_uid = %llu sessions of user %lu are running",
                 (unsigned long long)users->max_sessions, (unsigned long)uid);
        return;
    case USERS_TOO_FAST:
        snprintf(out, USERS_TEXT_SIZE,
                 "start_rate = %llu: user %lu asks for too many starts; next "
                 "in %lld ms",
                 (unsigned long long)users->start_rate, (unsigned long)uid,
                 wait_ms(users, uid, now_ms));
        return;
    }
}
