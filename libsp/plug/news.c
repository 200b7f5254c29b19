/* SPDX-License-Identifier: MIT */
/* News as server-sent events: their types and data.  What becomes of them is
 * outlet.c's.  Called by stream.c. */
#include "news.h"

#include <stdio.h>

#include "sse.h"

static void send_message(struct outlet *outlet, const struct sp_news *news,
                         bool base64)
{
    const void *data = sp_news_data(news);
    size_t size = sp_news_size(news);

    outlet_send(outlet, NULL, data, size, base64 || !sse_is_text(data, size));
}

static void send_life(struct outlet *outlet, const struct sp_event *event)
{
    char text[1024], json[1200];

    sse_json(text, sizeof text, sp_event_text(event));
    snprintf(json, sizeof json, "{\"time_ms\":%llu,\"pid\":%ld,\"text\":%s}",
             sp_event_time_ms(event), (long)sp_event_pid(event), text);
    if (sse_type_valid(sp_event_name(event)))
        outlet_say(outlet, sp_event_name(event), json);
}

/* A loss among the events of all sessions is no number of this one's. */
static void send_lost(struct outlet *outlet, const struct sp_news *news)
{
    char number[32];

    snprintf(number, sizeof number, "%llu", sp_news_lost(news));
    if (*sp_news_id(news))
        outlet_say(outlet, "lost", number);
    else
        outlet_say(outlet, "gap", "{}");
}

void news_send(struct outlet *outlet, const struct sp_news *news, bool base64)
{
    switch (sp_news_kind(news)) {
    case SP_NEWS_MESSAGE:
        send_message(outlet, news, base64);
        break;
    case SP_NEWS_EVENT:
        send_life(outlet, sp_news_event(news));
        break;
    case SP_NEWS_LOST:
        send_lost(outlet, news);
        break;
    case SP_NEWS_GAP:
        outlet_say(outlet, "gap", "{}");
        break;
    case SP_NEWS_BEGUN:
    case SP_NEWS_OVER:
        break;
    }
}

void news_send_over(struct outlet *outlet, enum sp_error error)
{
    char text[256], json[320];

    sse_json(text, sizeof text, sp_strerror(error));
    snprintf(json, sizeof json, "{\"error\":\"%s\",\"text\":%s}",
             sp_error_name(error), text);
    outlet_insist(outlet, "over", json);
}
