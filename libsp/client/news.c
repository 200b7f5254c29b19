/* SPDX-License-Identifier: MIT */
/* What a subscriber reads from a piece of news; feed.c makes them. */
#include "news.h"

enum sp_news_kind sp_news_kind(const struct sp_news *news)
{
    return news->kind;
}

const char *sp_news_id(const struct sp_news *news)
{
    return news->event ? sp_event_id(news->event) : news->id;
}

const void *sp_news_data(const struct sp_news *news)
{
    return news->data ? news->data : "";
}

size_t sp_news_size(const struct sp_news *news)
{
    return news->size;
}

const struct sp_event *sp_news_event(const struct sp_news *news)
{
    return news->event;
}

unsigned long long sp_news_lost(const struct sp_news *news)
{
    return news->lost;
}

enum sp_error sp_news_error(const struct sp_news *news)
{
    return news->error;
}

const char *sp_news_text(const struct sp_news *news)
{
    return news->text ? news->text : sp_strerror(news->error);
}
