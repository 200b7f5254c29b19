/* SPDX-License-Identifier: MIT */
/* Whom a request says it comes from: the values of the plug's cookie or header,
 * and which of them this plug, or one with its keys, has given out.  Called by
 * plug.c and answer.c, which find out whether there is such a session. */
#define _GNU_SOURCE
#include "claims.h"

#include <string.h>
#include <sys/queue.h>

#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <event2/util.h>

#include "seal.h"

struct reading {
    const struct sp_plug *plug;
    struct claims *claims;
    unsigned signatures; /* looked at */
};

/* Bytes that a visitor sent: do the keys, or the memory of the plug, say that
 * it has given them out? */
static enum seal check(struct reading *reading, struct cookie_value value,
                       const char *purpose, char out_id[SP_ID_MAX + 1])
{
    const struct sp_plug *plug = reading->plug;
    char id[SP_ID_MAX + 1];

    if (!plug->visitors) {
        if (reading->signatures++ >= CLAIMS_SIGNED_MAX)
            return SEAL_NONE;
        return seal_check(&plug->options.keys, purpose, value.at, value.size,
                          out_id);
    }
    if (!sp_id_valid(value.at, value.size))
        return SEAL_NONE;
    memcpy(id, value.at, value.size);
    id[value.size] = '\0';
    if (!visitors_has(plug->visitors, id))
        return SEAL_NONE;
    strcpy(out_id, id);
    return SEAL_FRESH;
}

static void read_value(struct reading *reading, struct cookie_value value,
                       const char *purpose)
{
    struct claims *claims = reading->claims;
    struct claim *claim = &claims->claim[claims->count];
    enum seal seal;

    if (claims->count == CLAIMS_MAX)
        return;
    seal = check(reading, value, purpose, claim->id);
    claim->stale = seal == SEAL_STALE;
    claims->count += seal != SEAL_NONE;
}

/* The cookies in all headers of this name. */
static void read_cookies(struct reading *reading,
                         const struct evkeyvalq *headers, const char *name)
{
    const struct evkeyval *header;
    struct cookie_value value;

    TAILQ_FOREACH(header, headers, next)
    {
        struct cookie_scan scan = {header->value, strlen(header->value)};

        if (evutil_ascii_strcasecmp(header->key, name) != 0)
            continue;
        while (cookie_scan_next(&scan, reading->plug->cookie, &value))
            read_value(reading, value, reading->plug->cookie);
    }
}

/* The values of all headers of the plug's own name. */
static void read_header(struct reading *reading,
                        const struct evkeyvalq *headers)
{
    const char *name = reading->plug->options.header;
    const struct evkeyval *header;

    TAILQ_FOREACH(header, headers, next)
    {
        struct cookie_value value = {header->value, strlen(header->value)};

        if (evutil_ascii_strcasecmp(header->key, name) == 0)
            read_value(reading, value, name);
    }
}

void claims_read(const struct sp_plug *plug, struct evhttp_request *request,
                 struct claims *out_claims)
{
    struct reading reading = {.plug = plug, .claims = out_claims};
    const struct evkeyvalq
        *told = evhttp_request_get_output_headers(request),
        *sent = evhttp_request_get_input_headers(request);

    memset(out_claims, 0, sizeof *out_claims);
    out_claims->by_header = *plug->options.header &&
                            evhttp_find_header(sent, plug->options.header);
    if (out_claims->by_header) {
        read_header(&reading, told);
        read_header(&reading, sent);
    } else {
        read_cookies(&reading, told, "Set-Cookie");
        read_cookies(&reading, sent, "Cookie");
    }
}
