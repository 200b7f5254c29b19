/* SPDX-License-Identifier: MIT */
/* spctl subscribe: what modules emit, as they do. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sp/client.h>
#include <sp/subscription.h>

#include "command.h"
#include "complaint.h"
#include "invocation.h"
#include "outcome.h"
#include "output.h"
#include "stream.h"

/* How often it looks whether anybody still reads its output. */
#define LOOK_MS 5000

/* ---- for people --------------------------------------------------------- */

static void print_message(const struct invocation *invocation,
                          const struct sp_news *news)
{
    if (!invocation_id(invocation))
        printf("%s\t", sp_news_id(news));
    fwrite(sp_news_data(news), 1, sp_news_size(news), stdout);
    putchar('\n');
}

/* "alice: ", where it is of one among all. */
static void warn_of(const struct sp_news *news, const char *text)
{
    const char *id = sp_news_id(news);

    fprintf(stderr, "spctl: %s%s%s\n", id, *id ? ": " : "", text);
}

/* What is missing is told beside what is there. */
static void print_people(const struct invocation *invocation,
                         const struct sp_news *news)
{
    char text[64];

    switch (sp_news_kind(news)) {
    case SP_NEWS_MESSAGE:
        print_message(invocation, news);
        break;
    case SP_NEWS_LOST:
        snprintf(text, sizeof text, "%llu messages were lost",
                 sp_news_lost(news));
        warn_of(news, text);
        break;
    case SP_NEWS_GAP:
        warn_of(news, "it was restarted; messages may be missing");
        break;
    case SP_NEWS_BEGUN:
    case SP_NEWS_EVENT:
    case SP_NEWS_OVER:
        break;
    }
}

/* ---- for programs ------------------------------------------------------- */

static json_t *add(json_t *object, const char *key, json_t *value)
{
    if (object && json_object_set_new(object, key, value) == 0)
        return object;
    json_decref(object);
    return NULL;
}

static enum sp_error print_json(const struct sp_news *news)
{
    static const char *const kinds[] = {"begun", "message", "event",
                                        "lost",  "gap",     "over"};
    json_t *object =
        json_pack("{s:s, s:s}", "id", sp_news_id(news), "kind",
                  kinds[sp_news_kind(news)]);

    if (sp_news_kind(news) == SP_NEWS_MESSAGE)
        object = add(object, "data",
                     output_bytes(sp_news_data(news), sp_news_size(news)));
    if (sp_news_kind(news) == SP_NEWS_LOST)
        object = add(object, "lost",
                     json_integer((json_int_t)sp_news_lost(news)));
    if (sp_news_kind(news) == SP_NEWS_OVER) {
        object = add(object, "error", json_integer(sp_news_error(news)));
        object = add(object, "name",
                     json_string(sp_error_name(sp_news_error(news))));
        object = add(object, "text", json_string(sp_news_text(news)));
    }
    return output_json(object);
}

/* ---- running ------------------------------------------------------------ */

static enum sp_error print_news(const struct invocation *invocation,
                                const struct sp_news *news)
{
    enum sp_error error = SP_OK;

    stream_hold();
    if (invocation_has(invocation, OPTION_JSON))
        error = print_json(news);
    else
        print_people(invocation, news);
    stream_release();
    return error;
}

/* Of the whole; of all sessions it has no ID. */
static bool is_end(const struct invocation *invocation,
                   const struct sp_news *news)
{
    return sp_news_kind(news) == SP_NEWS_OVER &&
           (invocation_id(invocation) || !*sp_news_id(news));
}

static enum sp_error step(const struct invocation *invocation,
                          struct sp_subscription *subscription)
{
    const struct sp_news *news;
    enum sp_error error = sp_subscription_next(subscription, LOOK_MS, &news);

    if (error == SP_ETIMEDOUT)
        return SP_OK;
    if (error != SP_OK)
        return complain_outcome(invocation, error, NULL);
    error = print_news(invocation, news);
    if (error == SP_OK && is_end(invocation, news))
        return complain_outcome(invocation, sp_news_error(news),
                                sp_news_text(news));
    return error;
}

static enum sp_error refuse(const struct invocation *invocation,
                            enum sp_error error)
{
    if (error == SP_EINVAL)
        return complain(error, "subscribe: a prefix of more than %d bytes, or "
                               "a channel other than the local one",
                        SP_PREFIX_MAX);
    return complain_outcome(invocation, error, NULL);
}

static enum sp_error run(struct invocation *invocation)
{
    const char *prefix = invocation->values[OPTION_PREFIX];
    struct sp_subscription *subscription;
    enum sp_error error = invocation_open(invocation);

    if (error != SP_OK)
        return error;
    /* a subscription waits for a supervisor; who has mistyped is told so */
    error = sp_ping(invocation->client, invocation->result);
    if (error != SP_OK)
        return complain_outcome(invocation, error,
                                sp_result_text(invocation->result));
    error = sp_subscribe(invocation->client, invocation_id(invocation), prefix,
                         prefix ? strlen(prefix) : 0, &subscription);
    if (error != SP_OK)
        return refuse(invocation, error);
    stream_begin();
    while (error == SP_OK && stream_wanted())
        error = step(invocation, subscription);
    sp_subscription_close(subscription);
    return error;
}

const struct command command_subscribe = {
    .name = "subscribe",
    .synopsis = "[ID] [--prefix PREFIX]",
    .summary = "Show what modules emit, as they do.",
    .text =
        "Prints what the session's module emits from now on, one message a "
        "line, byte for byte, until it is interrupted (exit status 0), nobody "
        "reads its output any more, or the session is gone (exit status 1). "
        "Without ID it is what all sessions emit, those too that are started "
        "later, with the session's ID and a tab before each message."
        "\n\n"
        "It goes on when the session, or the supervisor, is restarted. That "
        "messages may be missing then, and how many were lost because they "
        "were not read fast enough, is told on standard error."
        "\n\n"
        "With --json: one object a line, with id and kind, which is begun "
        "(from here on nothing is missing of which it is not told), message "
        "(with data: a string, or an array of numbers where it is not UTF-8), "
        "lost (with lost, a number), gap, or over (with error, name and text).",
    .example = "  spctl subscribe alice\n"
               "  spctl subscribe --prefix news --json | jq -r '.data // "
               "empty'\n",
    .options = OPTION_BIT(OPTION_PREFIX),
    .errors = OUTCOME_BIT(SP_ENOENT) | OUTCOME_BIT(SP_EBADID) |
              OUTCOME_BIT(SP_ENOSUP) | OUTCOME_BIT(SP_EPERM),
    .min_operands = 0,
    .max_operands = 1,
    .about_session = true,
    .run = run,
};
