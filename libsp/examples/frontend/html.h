/* SPDX-License-Identifier: MIT */
/* frontend/html.h - strangers' bytes as text of an HTML page. */
#ifndef FRONTEND_HTML_H
#define FRONTEND_HTML_H

#include <stddef.h>

struct evbuffer;

/* Appends bytes so that they are nothing but text, in an element or between
 * double quotes: what HTML gives a meaning becomes a character reference; what
 * is not UTF-8, or a control character, becomes U+FFFD. */
void html_escape(struct evbuffer *out, const void *bytes, size_t size);

#endif
