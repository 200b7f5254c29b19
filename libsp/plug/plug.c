/* SPDX-License-Identifier: MIT */
/* The plug: from a request to the session of the visitor who sent it.  An ID
 * counts if the plug has started its session (visitors.c) and the supervisor
 * says that it is there; how cookies are written is cookie.c's.  Called by the
 * server's request callbacks. */
#include <sp/evhttp.h>

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <event2/util.h>

#include "cookie.h"
#include "options.h"
#include "visitors.h"

/* How many sessions the supervisor is asked after for one request: those that
 * its cookies name, and old ones when the plug is full. */
#define RECALL_MAX 4
#define CYCLE_MAX 16

struct sp_plug {
    struct sp_client *client; /* borrowed */
    struct sp_plug_options options;
    struct visitors *visitors; /* owned */
};

/* What the cookies of one request have told so far. */
struct recall {
    struct sp_plug *plug;
    unsigned asked;           /* questions to the supervisor */
    enum sp_error error;      /* SP_OK: `id` is the session's */
    char id[SP_ID_MAX + 1];
    char ended[SP_ID_MAX + 1]; /* a session of ours that is no more, or "" */
};

enum sp_error sp_plug_new(struct sp_client *client,
                          const struct sp_plug_options *options,
                          struct sp_plug **out_plug)
{
    struct sp_plug *plug;

    if (!client || !out_plug)
        return SP_EINVAL;
    if (options && !options->secure &&
        cookie_name_wants_secure(options->cookie))
        return SP_EINVAL;
    plug = calloc(1, sizeof *plug);
    if (!plug)
        return SP_ENOMEM;
    plug->client = client;
    plug->options = options ? *options : PLUG_OPTIONS_DEFAULT;
    plug->visitors = visitors_create(plug->options.capacity);
    if (!plug->visitors) {
        free(plug);
        return SP_ENOMEM;
    }
    *out_plug = plug;
    return SP_OK;
}

void sp_plug_free(struct sp_plug *plug)
{
    if (!plug)
        return;
    visitors_destroy(plug->visitors);
    free(plug);
}

/* ---- who is it ---------------------------------------------------------- */

static void recall_value(struct recall *recall, struct cookie_value value)
{
    char id[SP_ID_MAX + 1];
    bool started;

    if (!sp_id_valid(value.at, value.size))
        return;
    memcpy(id, value.at, value.size);
    id[value.size] = '\0';
    if (!visitors_has(recall->plug->visitors, id) ||
        recall->asked++ >= RECALL_MAX)
        return;
    recall->error = sp_started(recall->plug->client, id, &started, NULL);
    if (recall->error != SP_OK)
        return;
    if (started) {
        visitors_touch(recall->plug->visitors, id);
        strcpy(recall->id, id);
    } else {
        recall->error = SP_ENOENT;
        strcpy(recall->ended, id);
    }
}

/* Goes through the headers of this name until a cookie has settled the matter:
 * a browser may send several of one name, for several paths or domains. */
static void recall_headers(struct recall *recall,
                           const struct evkeyvalq *headers, const char *name)
{
    const struct evkeyval *header;
    struct cookie_value value;

    TAILQ_FOREACH(header, headers, next)
    {
        struct cookie_scan scan = {header->value, strlen(header->value)};

        if (evutil_ascii_strcasecmp(header->key, name) != 0)
            continue;
        while (recall->error == SP_ENOENT &&
               cookie_scan_next(&scan, recall->plug->options.cookie, &value))
            recall_value(recall, value);
    }
}

/* The cookie that this response sets already comes first. */
static struct recall recall_request(struct sp_plug *plug,
                                    struct evhttp_request *request)
{
    struct recall recall = {.plug = plug, .error = SP_ENOENT};

    recall_headers(&recall, evhttp_request_get_output_headers(request),
                   "Set-Cookie");
    recall_headers(&recall, evhttp_request_get_input_headers(request),
                   "Cookie");
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

/* ---- a new one ---------------------------------------------------------- */

/* Takes a place for one more session, that of an ended one if need be. */
static enum sp_error reserve(struct sp_plug *plug)
{
    char id[SP_ID_MAX + 1];
    bool started;

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

static bool set_cookie(const struct sp_plug *plug,
                       struct evhttp_request *request, const char *id)
{
    char value[COOKIE_SET_MAX];

    cookie_set_format(value, plug->options.cookie, id, plug->options.secure);
    return evhttp_add_header(evhttp_request_get_output_headers(request),
                             "Set-Cookie", value) == 0;
}

/* Makes a session that was just started the visitor's.  If it cannot be, the
 * session would be nobody's, and is ended. */
static enum sp_error hand_over(struct sp_plug *plug,
                               struct evhttp_request *request, const char *id)
{
    if (visitors_add(plug->visitors, id)) {
        if (set_cookie(plug, request, id))
            return SP_OK;
        visitors_remove(plug->visitors, id);
    }
    sp_terminate(plug->client, id, NULL);
    return SP_ENOMEM;
}

static enum sp_error start(struct sp_plug *plug, const void *arg,
                           size_t arg_size, char out_id[SP_ID_MAX + 1],
                           struct sp_result *result)
{
    const char *module = plug->options.module;
    enum sp_error error = reserve(plug);

    if (error != SP_OK)
        return error;
    sp_session_id_new(out_id);
    error = sp_start(plug->client, out_id, *module ? module : NULL, arg,
                     arg_size, result);
    if (error != SP_OK)
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
        recall.error = start(plug, arg, arg_size, recall.id, result);
        if (recall.error == SP_OK)
            recall.error = hand_over(plug, request, recall.id);
        if (recall.error == SP_OK && *recall.ended)
            visitors_remove(plug->visitors, recall.ended);
    }
    if (recall.error != SP_OK)
        return recall.error;
    strcpy(out_id, recall.id);
    if (out_visit)
        *out_visit = visit;
    return SP_OK;
}
