/* SPDX-License-Identifier: MIT */
/* Fifty visitors at once, whose sessions are killed at random.  Whatever comes:
 * each request is answered, each status is right, and each visitor's number is
 * that of his answers since his session's last death: nothing is lost, and
 * nothing runs twice.  scripts/load.sh is the same with 1,000, and by the
 * clock.  SP_TEST_SEED repeats what was killed, if not what came of it. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "answer_scene.h"
#include "nng_once.h"
#include "support/harness.h"

#define VISITORS 50
#define REQUESTS 25 /* of each */

#define VISITOR_CONFIG "[module visitor]\npath = " SP_TEST_VISITOR "\n"
/* A session is restarted however often it dies, or ends with its process. */
#define STUBBORN                                                               \
    VISITOR_CONFIG "restart = permanent\nmax_restarts = 16\n"                  \
                   "max_seconds = 1ms\nrestart_delay = 1ms\n"                  \
                   "max_restart_delay = 1ms\nstable_time = 1ms\n"
#define MORTAL VISITOR_CONFIG "restart = temporary\n"

struct visitor {
    struct reply reply; /* to what is outstanding, while `asking` */
    bool asking;
    unsigned left;            /* requests to come */
    char cookie[256];
    unsigned long number;     /* the last answer of this process; 0: none */
    unsigned hung_up;         /* of his requests may run or have run unseen */
    unsigned kills, deaths;   /* deaths: those that he has noticed */
};

struct storm {
    struct visitor visitor[VISITORS];
    unsigned seed;
    unsigned hang_up_in; /* each so many answers somebody hangs up; 0: nobody */
    bool renews;         /* a session may be another after a kill */
    bool forgets;        /* the supervisor was killed: nobody keeps his */
    unsigned failed, answered;
};

static struct storm storm;

static unsigned chance(unsigned of)
{
    return (unsigned)rand_r(&storm.seed) % of;
}

static void begin(const char *config)
{
    const char *seed = getenv("SP_TEST_SEED");

    memset(&storm, 0, sizeof storm);
    if (seed)
        storm.seed = (unsigned)strtoul(seed, NULL, 10);
    else
        cr_assert_eq(getrandom(&storm.seed, sizeof storm.seed, 0),
                     sizeof storm.seed);
    fprintf(stderr, "answer_storm: SP_TEST_SEED=%u\n", storm.seed);
    answers_start_of(config, "visitor");
}

TestSuite(answer_storm, .fini = answers_stop, .timeout = 240);

/* ---- visitors ----------------------------------------------------------- */

/* Most are answered after a while, so that most kills find somebody who waits.
 * What the server asks is the same for all who come before it changes. */
static void ask(struct visitor *visitor)
{
    static const char *const messages[] = {"add", "add/1", "add/5", "add/20"};

    answers.asking.message = messages[chance(4)];
    visitor->asking = true;
    reply_ask(&visitor->reply, visitor->cookie);
}

static void count_death(struct visitor *visitor)
{
    visitor->deaths++;
    visitor->number = 0;
}

/* The next number of the same process, or the first of another.  Between them
 * may have run what somebody did not wait for: each of that once. */
static void hear_number(struct visitor *visitor, unsigned long number)
{
    unsigned long most = 1 + visitor->hung_up;
    bool goes_on = number > visitor->number && number <= visitor->number + most;

    cr_expect(goes_on || (number >= 1 && number <= most), "%lu after %lu",
              number, visitor->number);
    if (!goes_on)
        count_death(visitor);
    visitor->hung_up -= (unsigned)(number - visitor->number - 1);
    visitor->number = number;
}

static void hear_failure(struct visitor *visitor, const struct reply *reply)
{
    bool died = reply->status == 502, none = reply->status == 503;

    storm.failed++;
    cr_expect(died || (none && storm.forgets), "%d: %s", reply->status,
              reply->body);
    if (died)
        cr_expect_str_eq(reply->body, "the session died\n");
    count_death(visitor);
}

static void hear(struct visitor *visitor)
{
    struct reply *reply = &visitor->reply;

    visitor->asking = false;
    storm.answered++;
    reply_hang_up(reply);
    if (*reply->cookie) {
        cr_expect(storm.renews || !*visitor->cookie, "another session");
        strcpy(visitor->cookie, reply->cookie);
        if (visitor->number > 0)
            count_death(visitor);
    }
    if (reply->status == 200)
        hear_number(visitor, strtoul(reply->body, NULL, 10));
    else
        hear_failure(visitor, reply);
}

/* He goes while he is waited for; whether it runs is not known. */
static void hang_up(struct visitor *visitor)
{
    visitor->asking = false;
    reply_hang_up(&visitor->reply);
    visitor->hung_up++;
}

/* ---- what happens to them ----------------------------------------------- */

static void kill_somebody(void)
{
    struct visitor *visitor = &storm.visitor[chance(VISITORS)];
    char id[SP_ID_MAX + 1];

    if (!*visitor->cookie)
        return;
    cookie_id(visitor->cookie, id);
    visitor->kills += sp_signal(answers.client, id, "KILL", NULL) == SP_OK;
}

static void serve(struct visitor *visitor)
{
    if (visitor->asking && visitor->reply.over) {
        hear(visitor);
        if (chance(5) == 0)
            kill_somebody();
    } else if (visitor->asking && storm.hang_up_in > 0 && *visitor->cookie &&
               chance(storm.hang_up_in) == 0) {
        hang_up(visitor);
    }
    if (!visitor->asking && visitor->left > 0) {
        visitor->left--;
        ask(visitor);
    }
}

static bool is_calm(void *context)
{
    bool calm = true;

    (void)context;
    for (unsigned i = 0; i < VISITORS; i++) {
        serve(&storm.visitor[i]);
        calm &= !storm.visitor[i].asking;
    }
    return calm;
}

static void blow(unsigned requests)
{
    for (unsigned i = 0; i < VISITORS; i++)
        storm.visitor[i].left = requests;
    answers_turn_until(is_calm, NULL);
}

/* Until a kill has found somebody who waited.  How many requests each visitor
 * has made. */
static unsigned blow_until_it_hits(void)
{
    unsigned blown = 0;

    do {
        blow(REQUESTS);
        blown += REQUESTS;
    } while (storm.failed == 0 && blown < 20 * REQUESTS);
    return blown;
}

/* ---- after it ----------------------------------------------------------- */

/* Over nng, what is sent to a process that has just been killed may have run,
 * for all that is known; locally it is known that it has not, and it is sent
 * again. */
static bool may_hear_of_death(const struct visitor *visitor)
{
    return nng_is_channel() &&
           (visitor->kills > visitor->deaths || storm.forgets);
}

static struct reply number_of(struct visitor *visitor)
{
    struct reply reply = reply_to("get", visitor->cookie);

    while (reply.status == 502 && may_hear_of_death(visitor)) {
        hear_failure(visitor, &reply);
        reply = reply_to("get", visitor->cookie);
    }
    return reply;
}

static void expect_number(struct visitor *visitor)
{
    struct reply reply = number_of(visitor);
    unsigned long number = strtoul(reply.body, NULL, 10);

    cr_expect_eq(reply.status, 200, "%d: %s", reply.status, reply.body);
    if (number < visitor->number)
        count_death(visitor);
    cr_expect(number >= visitor->number &&
                  number <= visitor->number + visitor->hung_up,
              "%lu after %lu", number, visitor->number);
    cr_expect(storm.renews || !*reply.cookie);
    if (!storm.forgets)
        cr_expect(visitor->deaths <= visitor->kills, "%u deaths of %u kills",
                  visitor->deaths, visitor->kills);
}

static void expect_all_right(void)
{
    for (unsigned i = 0; i < VISITORS; i++)
        expect_number(&storm.visitor[i]);
    cr_expect_eq(sp_async_outstanding(answers.async), 0);
    cr_expect(storm.failed > 0, "nobody waited when his session was killed");
}

Test(answer_storm, is_survived_by_each_number)
{
    begin(STUBBORN);
    cr_expect_eq(blow_until_it_hits() * VISITORS, storm.answered);
    expect_all_right();
}

Test(answer_storm, gives_another_session_to_whose_has_ended)
{
    begin(MORTAL);
    storm.renews = true;
    cr_expect_eq(blow_until_it_hits() * VISITORS, storm.answered);
    expect_all_right();
}

Test(answer_storm, is_survived_by_those_who_do_not_hang_up)
{
    begin(STUBBORN);
    storm.hang_up_in = 20;
    blow_until_it_hits();
    expect_all_right();
}

/* Its sessions end with it, and each visitor gets another. */
Test(answer_storm, can_take_the_supervisor_along)
{
    begin(STUBBORN);
    blow(5);
    for (unsigned i = 0; i < VISITORS; i++)
        ask(&storm.visitor[i]);
    storm.renews = storm.forgets = true;
    harness_kill_spd(answers.harness);
    blow(5);
    harness_start_spd(answers.harness);
    blow(REQUESTS);
    cr_expect_eq(storm.answered, VISITORS * (REQUESTS + 11));
    expect_all_right();
}
