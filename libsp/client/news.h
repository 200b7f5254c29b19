/* SPDX-License-Identifier: MIT */
/* client/news.h - what a subscriber is told; the inside of the public struct
 * sp_news. */
#ifndef CLIENT_NEWS_H
#define CLIENT_NEWS_H

#include <stdint.h>

#include <sp/async.h>

struct sp_news {
    enum sp_news_kind kind;
    const char *id; /* of the session; "" */
    const void *data; /* all that is pointed to is borrowed */
    size_t size;
    const struct sp_event *event;
    uint64_t lost;
    enum sp_error error;
    const char *text; /* NULL: the error's own */
};

#endif
