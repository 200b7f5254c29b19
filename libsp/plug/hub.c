/* SPDX-License-Identifier: MIT */
/* Hubs: many windows of one visitor take one of the session's connections, and
 * all streams one of the supervisor's.
 *
 * A topic is one session's messages of one prefix.  It is over when its
 * subscription is, and serves nobody new then.  Events of all sessions come by
 * one subscription, and go to the topics of their session.  Called by stream.c.
 */
#define _GNU_SOURCE
#include "hub.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "plug.h"

LIST_HEAD(reader_list, reader);
LIST_HEAD(topic_list, topic);

struct topic {
    LIST_ENTRY(topic) link; /* place.topics */
    struct place *place;    /* borrowed */
    struct reader_list readers;
    struct sp_ticket ticket;
    bool begun, over;
    size_t prefix_size;
    unsigned char prefix[SP_PREFIX_MAX];
};

/* A session that is read. */
struct place {
    char id[SP_ID_MAX + 1]; /* the tree's key */
    struct hub *hub;        /* borrowed */
    struct topic_list topics; /* owns */
    size_t readers;
};

struct hub {
    LIST_ENTRY(hub) link; /* sp_plug.hubs */
    struct sp_plug *plug;   /* borrowed, as the next */
    struct sp_async *async;
    void *places; /* owns; by tsearch() */
    size_t count; /* of places */
    struct sp_ticket events;
    bool subscribed, begun; /* to events */
};

static int by_id(const void *a, const void *b)
{
    const struct place *left = a, *right = b;

    return strcmp(left->id, right->id);
}

/* ---- telling ------------------------------------------------------------ */

static void check_ready(struct topic *topic)
{
    struct reader *reader;

    LIST_FOREACH (reader, &topic->readers, link) {
        if (reader->is_ready || !topic->begun || topic->over ||
            (reader->life && !topic->place->hub->begun))
            continue;
        reader->is_ready = true;
        reader->ready(reader);
    }
}

/* life_only: those alone who read events. */
static void tell(struct topic *topic, const struct sp_news *news,
                 bool life_only)
{
    bool over = sp_news_kind(news) == SP_NEWS_OVER;
    struct reader *reader;

    LIST_FOREACH (reader, &topic->readers, link)
        if ((reader->is_ready || over) && (reader->life || !life_only))
            reader->told(reader, news);
}

static void on_message(struct sp_async *async, const struct sp_news *news,
                       void *context)
{
    struct topic *topic = context;

    (void)async;
    if (sp_news_kind(news) == SP_NEWS_BEGUN) {
        topic->begun = true;
        check_ready(topic);
        return;
    }
    topic->over = topic->over || sp_news_kind(news) == SP_NEWS_OVER;
    tell(topic, news, false);
}

static void tell_place(struct place *place, const struct sp_news *news)
{
    struct topic *topic;

    LIST_FOREACH (topic, &place->topics, link) {
        if (sp_news_kind(news) == SP_NEWS_BEGUN)
            check_ready(topic);
        else
            tell(topic, news, true);
    }
}

static void visit_place(const void *node, VISIT visit, void *news)
{
    if (visit == postorder || visit == leaf)
        tell_place(*(struct place *const *)node, news);
}

static struct place *find_place(struct hub *hub, const char *id)
{
    struct place key, **found;

    if (strlen(id) > SP_ID_MAX)
        return NULL;
    strcpy(key.id, id);
    found = tfind(&key, &hub->places, by_id);
    return found ? *found : NULL;
}

/* What is of the whole goes to all who read events. */
static void on_event(struct sp_async *async, const struct sp_news *news,
                     void *context)
{
    struct hub *hub = context;
    struct place *place;

    (void)async;
    if (sp_news_kind(news) == SP_NEWS_EVENT) {
        place = find_place(hub, sp_event_id(sp_news_event(news)));
        if (place)
            tell_place(place, news);
        return;
    }
    if (sp_news_kind(news) == SP_NEWS_BEGUN)
        hub->begun = true;
    if (sp_news_kind(news) == SP_NEWS_OVER)
        hub->subscribed = hub->begun = false;
    twalk_r(hub->places, visit_place, (void *)news);
}

/* ---- hubs and places ---------------------------------------------------- */

/* The hub of this client, or a new one. */
static struct hub *get_hub(struct sp_plug *plug, struct sp_async *async)
{
    struct hub *hub;

    pthread_mutex_lock(&plug->lock);
    LIST_FOREACH (hub, &plug->hubs, link)
        if (hub->async == async)
            break;
    if (!hub && (hub = calloc(1, sizeof *hub)) != NULL) {
        hub->plug = plug;
        hub->async = async;
        LIST_INSERT_HEAD(&plug->hubs, hub, link);
    }
    pthread_mutex_unlock(&plug->lock);
    return hub;
}

static void drop_hub(struct hub *hub)
{
    if (hub->count > 0)
        return;
    if (hub->subscribed)
        sp_async_cancel(hub->async, hub->events, NULL);
    pthread_mutex_lock(&hub->plug->lock);
    LIST_REMOVE(hub, link);
    pthread_mutex_unlock(&hub->plug->lock);
    free(hub);
}

static struct place *get_place(struct hub *hub, const char *id)
{
    struct place *place = find_place(hub, id);

    if (place)
        return place;
    place = calloc(1, sizeof *place);
    if (!place)
        return NULL;
    strcpy(place->id, id);
    place->hub = hub;
    if (!tsearch(place, &hub->places, by_id)) {
        free(place);
        return NULL;
    }
    hub->count++;
    return place;
}

static void drop_place(struct place *place)
{
    struct hub *hub = place->hub;

    if (!LIST_EMPTY(&place->topics))
        return;
    tdelete(place, &hub->places, by_id);
    hub->count--;
    free(place);
}

/* ---- topics ------------------------------------------------------------- */

static struct topic *find_topic(struct place *place,
                                const struct hub_order *order)
{
    struct topic *topic;

    LIST_FOREACH (topic, &place->topics, link)
        if (!topic->over && topic->prefix_size == order->size &&
            memcmp(topic->prefix, order->prefix, order->size) == 0)
            return topic;
    return NULL;
}

static enum sp_error open_topic(struct place *place,
                                const struct hub_order *order,
                                struct topic **out_topic)
{
    struct topic *topic = calloc(1, sizeof *topic);
    enum sp_error error;

    if (!topic)
        return SP_ENOMEM;
    topic->place = place;
    topic->prefix_size = order->size;
    memcpy(topic->prefix, order->prefix, order->size);
    error = sp_async_subscribe(place->hub->async, place->id, topic->prefix,
                               topic->prefix_size, on_message, topic,
                               &topic->ticket);
    if (error != SP_OK) {
        free(topic);
        return error;
    }
    LIST_INSERT_HEAD(&place->topics, topic, link);
    *out_topic = topic;
    return SP_OK;
}

static void drop_topic(struct topic *topic)
{
    if (!LIST_EMPTY(&topic->readers))
        return;
    if (!topic->over)
        sp_async_cancel(topic->place->hub->async, topic->ticket, NULL);
    LIST_REMOVE(topic, link);
    free(topic);
}

/* ---- readers ------------------------------------------------------------ */

static enum sp_error watch_events(struct hub *hub)
{
    enum sp_error error;

    if (hub->subscribed)
        return SP_OK;
    error = sp_async_subscribe_events(hub->async, NULL, on_event, hub,
                                      &hub->events);
    hub->subscribed = error == SP_OK;
    return error;
}

static enum sp_error join_place(struct place *place,
                                const struct hub_order *order,
                                struct reader *reader)
{
    struct topic *topic = find_topic(place, order);
    enum sp_error error = SP_OK;

    if (place->readers >= SP_PLUG_STREAMS)
        return SP_EAGAIN;
    if (reader->life)
        error = watch_events(place->hub);
    if (error == SP_OK && !topic)
        error = open_topic(place, order, &topic);
    if (error != SP_OK)
        return error;
    LIST_INSERT_HEAD(&topic->readers, reader, link);
    place->readers++;
    reader->topic = topic;
    reader->is_ready = topic->begun && (!reader->life || place->hub->begun);
    return SP_OK;
}

enum sp_error hub_join(struct sp_plug *plug, struct sp_async *async,
                       const struct hub_order *order, struct reader *reader)
{
    struct hub *hub = get_hub(plug, async);
    struct place *place = hub ? get_place(hub, order->id) : NULL;
    enum sp_error error = place ? join_place(place, order, reader) : SP_ENOMEM;

    if (error != SP_OK) {
        if (place)
            drop_place(place);
        if (hub)
            drop_hub(hub);
    }
    return error;
}

void hub_leave(struct reader *reader)
{
    struct topic *topic = reader->topic;
    struct place *place;
    struct hub *hub;

    if (!topic)
        return;
    place = topic->place;
    hub = place->hub;
    LIST_REMOVE(reader, link);
    reader->topic = NULL;
    reader->is_ready = false;
    place->readers--;
    drop_topic(topic);
    drop_place(place);
    drop_hub(hub);
}
