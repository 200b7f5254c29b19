/* SPDX-License-Identifier: MIT */
/* supervisor/users.h - what each user has and may: sessions now, and starts a
 * second (the settings max_sessions_uid and start_rate).  Who is free of limits
 * (root, spd's own user) is the caller's business.  Pure: the clock is the
 * caller's, monotonic and in milliseconds.
 *
 * A user is remembered as long as he has sessions, and then for the second in
 * which his starts still count: memory is bounded by the sessions and by the
 * starts of one second. */
#ifndef SUPERVISOR_USERS_H
#define SUPERVISOR_USERS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/types.h>

#include <sp/error.h>

struct user;

TAILQ_HEAD(user_list, user);

struct users {
    struct user *by_uid;   /* uthash */
    struct user_list idle; /* without a session, in the order of their time */
    size_t count;
    uint64_t max_sessions; /* of one user; 0: any number */
    uint64_t start_rate;   /* a second; 0: any */
};

enum users_verdict {
    USERS_MAY,
    USERS_TOO_MANY, /* max_sessions_uid */
    USERS_TOO_FAST, /* start_rate */
};

/* max_sessions and start_rate: 0 is off. */
void users_init(struct users *users, uint64_t max_sessions,
                uint64_t start_rate);
void users_fini(struct users *users);
/* Other limits from now on.  Nobody loses a session by it. */
void users_limits(struct users *users, uint64_t max_sessions,
                  uint64_t start_rate);

/* Whether this user may start one more session.  Spends nothing. */
enum users_verdict users_may_start(const struct users *users, uid_t uid,
                                   int64_t now_ms);

/* He starts one: counts it until users_end(), and against start_rate for good.
 * To be called for everybody, also for those whom no limit holds.  SP_ENOMEM:
 * nothing is counted. */
enum sp_error users_start(struct users *users, uid_t uid, int64_t now_ms);

/* One of his sessions is gone. */
void users_end(struct users *users, uid_t uid, int64_t now_ms);

/* His sessions now. */
uint64_t users_sessions(const struct users *users, uid_t uid);

#define USERS_TEXT_SIZE 160

/* Why he may not, as "max_sessions_uid = 5 sessions of user 1000 are running";
 * "" for USERS_MAY. */
void users_explain(const struct users *users, uid_t uid,
                   enum users_verdict verdict, int64_t now_ms,
                   char out[USERS_TEXT_SIZE]);

#endif
