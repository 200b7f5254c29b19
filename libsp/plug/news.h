/* SPDX-License-Identifier: MIT */
/* plug/news.h - what is heard of a session, as server-sent events. */
#ifndef PLUG_NEWS_H
#define PLUG_NEWS_H

#include <stdbool.h>

#include "outlet.h"

/* Sends a message, event, loss or gap; other news are not for the client.
 * base64: messages are, whatever they hold. */
void news_send(struct outlet *outlet, const struct sp_news *news, bool base64);

/* Says that there will be no more, and why, whatever waits already. */
void news_send_over(struct outlet *outlet, enum sp_error error);

#endif
