/* SPDX-License-Identifier: MIT */
/* Form bodies, decoded by libevent.  The server has bounded their size before
 * a byte of them was kept. */
#include "body.h"

#include <stdbool.h>
#include <string.h>
#include <sys/queue.h>

#include <event2/buffer.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <event2/util.h>

#define FORM "application/x-www-form-urlencoded"

static bool is_form(struct evhttp_request *request)
{
    const char *type = evhttp_find_header(
        evhttp_request_get_input_headers(request), "Content-Type");
    size_t len = strlen(FORM);

    return type && evutil_ascii_strncasecmp(type, FORM, len) == 0 &&
           (type[len] == '\0' || type[len] == ';' || type[len] == ' ');
}

static enum body_verdict copy_field(const struct evkeyvalq *fields,
                                    const char *name, char *out, size_t size)
{
    const char *value = evhttp_find_header(fields, name);

    if (!value || !*value)
        return BODY_MISSING;
    if (strlen(value) >= size)
        return BODY_TOO_LONG;
    strcpy(out, value);
    return BODY_OK;
}

enum body_verdict body_field(struct evhttp_request *request, const char *name,
                             char *out, size_t size)
{
    struct evbuffer *input = evhttp_request_get_input_buffer(request);
    struct evkeyvalq fields = TAILQ_HEAD_INITIALIZER(fields);
    char body[BODY_MAX + 1];
    enum body_verdict verdict;
    ev_ssize_t len;

    if (!is_form(request) || evbuffer_get_length(input) > BODY_MAX)
        return BODY_NO_FORM;
    len = evbuffer_copyout(input, body, BODY_MAX);
    if (len <= 0)
        return BODY_MISSING;
    body[len] = '\0';
    if (evhttp_parse_query_str(body, &fields) < 0)
        return BODY_NO_FORM;
    verdict = copy_field(&fields, name, out, size);
    evhttp_clear_headers(&fields);
    return verdict;
}
