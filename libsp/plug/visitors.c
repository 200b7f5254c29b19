/* SPDX-License-Identifier: MIT */
/* The set of a plug's session IDs: libc's balanced tree to find one, a list
 * for the order of use.  IDs enter here only after the plug has made them, so
 * that no visitor can choose what the tree is built of.  Called by plug.c. */
#define _GNU_SOURCE
#include "visitors.h"

#include <assert.h>
#include <pthread.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

struct visitor {
    TAILQ_ENTRY(visitor) link; /* visitors.order */
    char id[SP_ID_MAX + 1];    /* the tree's key */
};

TAILQ_HEAD(visitor_list, visitor);

struct visitors {
    pthread_mutex_t lock;
    struct visitor_list order; /* owns; the one used last is at the end */
    void *tree;                /* of the same visitors, by tsearch() */
    size_t taken;              /* places: those in the list and reserved ones */
    size_t capacity;
};

/* The ID is the only thing that is compared, and a key is a visitor that holds
 * nothing else. */
static int by_id(const void *a, const void *b)
{
    const struct visitor *left = a, *right = b;

    return strcmp(left->id, right->id);
}

static struct visitor *find(struct visitors *visitors, const char *id)
{
    struct visitor key;
    struct visitor **node;

    assert(strlen(id) <= SP_ID_MAX);
    strcpy(key.id, id);
    node = tfind(&key, &visitors->tree, by_id);
    return node ? *node : NULL;
}

static void move_to_end(struct visitors *visitors, struct visitor *visitor)
{
    TAILQ_REMOVE(&visitors->order, visitor, link);
    TAILQ_INSERT_TAIL(&visitors->order, visitor, link);
}

static void forget(struct visitors *visitors, struct visitor *visitor)
{
    tdelete(visitor, &visitors->tree, by_id);
    TAILQ_REMOVE(&visitors->order, visitor, link);
    assert(visitors->taken > 0);
    visitors->taken--;
    free(visitor);
}

struct visitors *visitors_create(size_t capacity)
{
    struct visitors *visitors = calloc(1, sizeof *visitors);

    if (!visitors)
        return NULL;
    pthread_mutex_init(&visitors->lock, NULL);
    TAILQ_INIT(&visitors->order);
    visitors->capacity = capacity;
    return visitors;
}

void visitors_destroy(struct visitors *visitors)
{
    struct visitor *first;

    if (!visitors)
        return;
    while ((first = TAILQ_FIRST(&visitors->order)) != NULL)
        forget(visitors, first);
    assert(visitors->taken == 0);
    pthread_mutex_destroy(&visitors->lock);
    free(visitors);
}

bool visitors_has(struct visitors *visitors, const char *id)
{
    bool has;

    pthread_mutex_lock(&visitors->lock);
    has = find(visitors, id) != NULL;
    pthread_mutex_unlock(&visitors->lock);
    return has;
}

void visitors_touch(struct visitors *visitors, const char *id)
{
    struct visitor *visitor;

    pthread_mutex_lock(&visitors->lock);
    visitor = find(visitors, id);
    if (visitor)
        move_to_end(visitors, visitor);
    pthread_mutex_unlock(&visitors->lock);
}

bool visitors_reserve(struct visitors *visitors)
{
    bool room;

    pthread_mutex_lock(&visitors->lock);
    room = visitors->taken < visitors->capacity;
    if (room)
        visitors->taken++;
    pthread_mutex_unlock(&visitors->lock);
    return room;
}

static bool insert(struct visitors *visitors, const char *id)
{
    struct visitor *visitor = calloc(1, sizeof *visitor);

    if (!visitor)
        return false;
    assert(strlen(id) <= SP_ID_MAX && !find(visitors, id));
    strcpy(visitor->id, id);
    if (!tsearch(visitor, &visitors->tree, by_id)) {
        free(visitor);
        return false;
    }
    TAILQ_INSERT_TAIL(&visitors->order, visitor, link);
    return true;
}

bool visitors_add(struct visitors *visitors, const char *id)
{
    bool added;

    pthread_mutex_lock(&visitors->lock);
    assert(visitors->taken > 0);
    added = insert(visitors, id);
    if (!added)
        visitors->taken--;
    pthread_mutex_unlock(&visitors->lock);
    return added;
}

void visitors_release(struct visitors *visitors)
{
    pthread_mutex_lock(&visitors->lock);
    assert(visitors->taken > 0);
    visitors->taken--;
    pthread_mutex_unlock(&visitors->lock);
}

void visitors_remove(struct visitors *visitors, const char *id)
{
    struct visitor *visitor;

    pthread_mutex_lock(&visitors->lock);
    visitor = find(visitors, id);
    if (visitor)
        forget(visitors, visitor);
    pthread_mutex_unlock(&visitors->lock);
}

bool visitors_cycle(struct visitors *visitors, char out_id[SP_ID_MAX + 1])
{
    struct visitor *first;

    pthread_mutex_lock(&visitors->lock);
    first = TAILQ_FIRST(&visitors->order);
    if (first) {
        strcpy(out_id, first->id);
        move_to_end(visitors, first);
    }
    pthread_mutex_unlock(&visitors->lock);
    return first != NULL;
}
