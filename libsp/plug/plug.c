/* SPDX-License-Identifier: MIT */
/* The plug: from a request to the session of the visitor who sent it, for
 * servers that may wait.  An ID counts if it is ours (claims.c) and the
 * supervisor says that its session is there.  Called by the server's request
 * callbacks; answer.c is for those that may not wait. */
#define _GNU_SOURCE
#include "plug.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <event2/util.h>

#include "claims.h"
#include "seal.h"

/* How many old sessions the supervisor is asked after when the plug is full. */
#define CYCLE_MAX 16

/* What came of the claims of one request. */
struct recall {
    enum sp_error error;       /* SP_OK: `id` is the session's */
    char id[SP_ID_MAX + 1];
    bool stale;                /* the visitor is to be told it anew */
    char ended[SP_ID_MAX + 1]; /* a session of ours that is no more, or "" */
    bool by_header;
};

/* ---- making one --------------------------------------------------------- */

static void name_cookie(struct sp_plug *plug)
{
    const char *name = plug->options.cookie;

    if (plug->secure && plug->options.keys.count > 0 &&
        !cookie_name_wants_secure(name))
        strcpy(plug->cookie, COOKIE_HOST_PREFIX);
    strcat(plug->cookie, name);
}

enum sp_error sp_plug_new(struct sp_client *client,
                          const struct sp_plug_options *options,
                          struct sp_plug **out_plug)
{
    struct sp_plug_options defaults = PLUG_OPTIONS_DEFAULT;
    struct sp_plug *plug;
    bool secure;

    if (!client || !out_plug)
        return SP_EINVAL;
    if (!options)
        options = &defaults;
    secure = options->keys.count > 0 ? !options->plain_http : options->secure;
    if (!secure && cookie_name_wants_secure(options->cookie))
        return SP_EINVAL;
    plug = calloc(1, sizeof *plug);
    if (!plug)
        return SP_ENOMEM;
    plug->client = client;
    plug->options = *options;
    plug->secure = secure;
    name_cookie(plug);
    if (options->keys.count == 0)
        plug->visitors = visitors_create(options->capacity);
    if (options->keys.count == 0 && !plug->visitors) {
        free(plug);
        return SP_ENOMEM;
    }
    pthread_mutex_init(&plug->lock, NULL);
    *out_plug = plug;
    return SP_OK;
}

void sp_plug_free(struct sp_plug *plug)
{
    if (!plug)
        return;
    assert(LIST_EMPTY(&plug->hubs)); /* the server is to be freed first */
    pthread_mutex_destroy(&plug->lock);
    visitors_destroy(plug->visitors);
    keys_erase(&plug->options.keys);
    free(plug);
}

const char *plug_module(const struct sp_plug *plug)
{
    return *plug->options.module ? plug->options.module : NULL;
}

/* ---- who is it ---------------------------------------------------------- */

static void recall_claim(struct sp_plug *plug, const struct claim *claim,
                         struct recall *recall)
{
    bool started;

    recall->error = sp_started(plug->client, claim->id, &started, NULL);
    if (recall->error != SP_OK)
        return;
    if (started) {
        if (plug->visitors)
            visitors_touch(plug->visitors, claim->id);
        strcpy(recall->id, claim->id);
        recall->stale = claim->stale;
    } else {
        recall->error = SP_ENOENT;
        strcpy(recall->ended, claim->id);
    }
}

/* Goes through the claims until one has settled the matter. */
static struct recall recall_request(struct sp_plug *plug,
                                    struct evhttp_request *request)
{
    struct recall recall = {.error = SP_ENOENT};
    struct claims claims;

    claims_read(plug, request, &claims);
    recall.by_header = claims.by_header;
    for (unsigned i = 0; i < claims.count && recall.error == SP_ENOENT; i++)
        recall_claim(plug, &claims.claim[i], &recall);
    return recall;
}

enum sp_error sp_plug_find(struct sp_plug *plug, struct evhttp_request *request,
                           char out_id[SP_ID_MAX + 1])
{
    struct recall recall;

    if (!plug || !request || !out_id)
        return SP_EINVAL;
    recall = recall_request(plug, request);
    if (recall.error == SP_OK)
        strcpy(out_id, recall.id);
    return recall.error;
}

enum sp_error sp_plug_peek(struct sp_plug *plug, struct evhttp_request *request,
                           char out_id[SP_ID_MAX + 1])
{
    struct claims claims;

    if (!plug || !request || !out_id)
        return SP_EINVAL;
    claims_read(plug, request, &claims);
    if (claims.count == 0)
        return SP_ENOENT;
    strcpy(out_id, claims.claim[0].id);
    return SP_OK;
}

/* ---- telling him -------------------------------------------------------- */

static bool sets_our_cookie(const struct sp_plug *plug, const char *value)
{
    struct cookie_scan scan = {value, strlen(value)};
    struct cookie_value found;

    return cookie_scan_next(&scan, plug->cookie, &found);
}

/* Takes our cookie out of the response.  Headers can be taken out by their name
 * alone, so each Set-Cookie is, and others' are put back, in their order. */
static bool untell_cookie(const struct sp_plug *plug, struct evkeyvalq *headers)
{
    const struct evkeyval *header;
    unsigned count = 0;
    bool kept = true;

    TAILQ_FOREACH(header, headers, next)
        count += evutil_ascii_strcasecmp(header->key, "Set-Cookie") == 0;
    while (kept && count-- > 0) {
        char *value = strdup(evhttp_find_header(headers, "Set-Cookie"));

        kept = value != NULL;
        if (kept)
            evhttp_remove_header(headers, "Set-Cookie");
        if (kept && !sets_our_cookie(plug, value))
            kept = evhttp_add_header(headers, "Set-Cookie", value) == 0;
        free(value);
    }
    return kept;
}

bool plug_tell(const struct sp_plug *plug, struct evhttp_request *request,
               bool by_header, const char *id)
{
    struct evkeyvalq *headers = evhttp_request_get_output_headers(request);
    const struct sp_plug_options *options = &plug->options;
    char sealed[SEAL_MAX + 1], value[COOKIE_SET_MAX];
    const char *purpose = by_header ? options->header : plug->cookie;

    if (plug->visitors)
        strcpy(sealed, id);
    else if (!seal_format(sealed, &options->keys.key[0], purpose, id))
        return false;
    if (by_header) {
        evhttp_remove_header(headers, purpose);
        return evhttp_add_header(headers, purpose, sealed) == 0;
    }
    cookie_set_format(value, plug->cookie, sealed, plug->secure);
    return untell_cookie(plug, headers) &&
           evhttp_add_header(headers, "Set-Cookie", value) == 0;
}

/* ---- a new one ---------------------------------------------------------- */

/* Takes a place for one more session, that of an ended one if need be. */
static enum sp_error reserve(struct sp_plug *plug)
{
    char id[SP_ID_MAX + 1];
    bool started;

    if (!plug->visitors)
        return SP_OK;
    for (int i = 0; i < CYCLE_MAX; i++) {
        enum sp_error error;

        if (visitors_reserve(plug->visitors))
            return SP_OK;
        if (!visitors_cycle(plug->visitors, id))
            return SP_ELIMIT;
        error = sp_started(plug->client, id, &started, NULL);
        if (error != SP_OK)
            return error;
        if (!started)
            visitors_remove(plug->visitors, id);
    }
    return visitors_reserve(plug->visitors) ? SP_OK : SP_ELIMIT;
}

static void forget(struct sp_plug *plug, const char *id)
{
    if (plug->visitors)
        visitors_remove(plug->visitors, id);
}

/* Makes a session that was just started the visitor's.  If it cannot be, the
 * session would be nobody's, and is ended. */
static enum sp_error hand_over(struct sp_plug *plug,
                               struct evhttp_request *request, bool by_header,
                               const char *id)
{
    if (!plug->visitors || visitors_add(plug->visitors, id)) {
        if (plug_tell(plug, request, by_header, id))
            return SP_OK;
        forget(plug, id);
    }
    sp_terminate(plug->client, id, NULL);
    return SP_ENOMEM;
}

static enum sp_error start(struct sp_plug *plug, struct evhttp_request *request,
                           bool by_header, const void *arg, size_t arg_size,
                           char out_id[SP_ID_MAX + 1], struct sp_result *result)
{
    enum sp_error error = reserve(plug);

    if (error != SP_OK)
        return error;
    sp_session_id_new(out_id);
    error = sp_start(plug->client, out_id, plug_module(plug), arg, arg_size,
                     result);
    if (error == SP_OK)
        return hand_over(plug, request, by_header, out_id);
    if (plug->visitors)
        visitors_release(plug->visitors);
    return error;
}

enum sp_error sp_plug_session(struct sp_plug *plug,
                              struct evhttp_request *request, const void *arg,
                              size_t arg_size, char out_id[SP_ID_MAX + 1],
                              enum sp_visit *out_visit,
                              struct sp_result *result)
{
    struct recall recall;
    enum sp_visit visit = SP_VISIT_KNOWN;

    if (!plug || !request || !out_id || (!arg && arg_size > 0))
        return SP_EINVAL;
    recall = recall_request(plug, request);
    if (recall.error == SP_ENOENT) {
        visit = *recall.ended ? SP_VISIT_RENEWED : SP_VISIT_NEW;
        recall.error = start(plug, request, recall.by_header, arg, arg_size,
                             recall.id, result);
        if (recall.error == SP_OK && *recall.ended)
            forget(plug, recall.ended);
    } else if (recall.stale &&
               !plug_tell(plug, request, recall.by_header, recall.id)) {
        recall.error = SP_ENOMEM;
    }
    if (recall.error != SP_OK)
        return recall.error;
    strcpy(out_id, recall.id);
    if (out_visit)
        *out_visit = visit;
    return SP_OK;
}

/* What was his is ended, or the caller's from now on. */
static void part_with(struct sp_plug *plug, const char *id, char *out_old)
{
    if (*id)
        forget(plug, id);
    if (out_old)
        strcpy(out_old, id);
    else if (*id)
        sp_terminate(plug->client, id, NULL);
}

enum sp_error sp_plug_renew(struct sp_plug *plug,
                            struct evhttp_request *request, const void *arg,
                            size_t arg_size, char out_old[SP_ID_MAX + 1],
                            char out_id[SP_ID_MAX + 1],
                            struct sp_result *result)
{
    char id[SP_ID_MAX + 1];
    struct recall recall;

    if (!plug || !request || !out_id || (!arg && arg_size > 0))
        return SP_EINVAL;
    recall = recall_request(plug, request);
    if (recall.error == SP_OK || recall.error == SP_ENOENT)
        recall.error = start(plug, request, recall.by_header, arg, arg_size, id,
                             result);
    if (recall.error != SP_OK)
        return recall.error;
    part_with(plug, recall.id, out_old);
    strcpy(out_id, id);
    return SP_OK;
}
