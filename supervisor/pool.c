/* SPDX-License-Identifier: MIT */
/* Keeps a module's pool as full as it may be.  How a process is started, waits
 * and is handed over is process.c's business; whether there may be one more is
 * asked of the module and of the process table. */
#define _GNU_SOURCE
#include "pool.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "base/magic.h"
#include "module.h"
#include "process.h"
#include "runtime.h"

#define POOLED_MAGIC 0x5350706fu

/* Without a start for so long, a process is made for the next one. */
#define CALM_MS 5
#define BUSY_MS 10
#define RETRY_MS 1000
#define RETRY_DOUBLINGS 6 /* about a minute */

enum pooled_state { POOLED_ASKED, POOLED_WAITING, POOLED_ENDING };

struct pooled {
    uint32_t magic;
    enum pooled_state state;
    struct pool *pool;       /* borrowed */
    struct process *process; /* frees itself */
    int listener_fd;         /* owned; -1: a session has it */
    char name[RUNTIME_POOL_NAME_SIZE];
    TAILQ_ENTRY(pooled) link; /* pool.entries */
};

static void refill_in(struct pool *pool, int64_t ms)
{
    struct timeval delay = {(time_t)(ms / 1000),
                            (suseconds_t)(ms % 1000 * 1000)};

    evtimer_add(&pool->refill, &delay);
}

void pool_stir(struct pool *pool)
{
    if (pool->wanted < pool->size && pool->failures == 0)
        refill_in(pool, CALM_MS);
}

/* ---- its processes ---- */

static void pooled_free(struct pooled *pooled)
{
    TAILQ_REMOVE(&pooled->pool->entries, pooled, link);
    if (pooled->state != POOLED_ENDING)
        pooled->pool->wanted--;
    if (pooled->listener_fd >= 0) {
        runtime_unlink_pooled(pooled->pool->runtime, pooled->name);
        close(pooled->listener_fd);
    }
    pooled->magic = 0;
    free(pooled);
}

static void retry_later(struct pool *pool)
{
    unsigned doublings = pool->failures < RETRY_DOUBLINGS ? pool->failures
                                                          : RETRY_DOUBLINGS;

    pool->failures++;
    refill_in(pool, (int64_t)RETRY_MS << doublings);
}

static void on_pooled(void *owner)
{
    struct pooled *pooled = MAGIC_CAST(pooled, POOLED_MAGIC, owner);

    if (pooled->state != POOLED_ASKED)
        return;
    pooled->state = POOLED_WAITING;
    pooled->pool->failures = 0;
    pool_stir(pooled->pool);
}

static void on_handed_over(void *owner)
{
    struct pooled *pooled = MAGIC_CAST(pooled, POOLED_MAGIC, owner);

    pooled_free(pooled);
}

static void on_gone(void *owner, const struct end *end, enum sp_error error,
                    const char *text)
{
    struct pooled *pooled = MAGIC_CAST(pooled, POOLED_MAGIC, owner);
    struct pool *pool = pooled->pool;
    bool unasked = pooled->state != POOLED_ENDING;
    char words[END_TEXT_MAX];

    end_text(end, words);
    pooled_free(pooled);
    if (!unasked)
        return;
    log_info("module %s: a pooled process has ended: %s",
             module_name(pool->module), error == SP_OK ? words : text);
    if (pool->size > 0)
        retry_later(pool);
}

static const struct process_events pooled_events = {
    .on_pooled = on_pooled,
    .on_handed_over = on_handed_over,
    .on_gone = on_gone};

/* ---- one more ---- */

/* NULL and errno. */
static struct pooled *pooled_create(struct pool *pool)
{
    struct pooled *pooled = calloc(1, sizeof *pooled);
    struct process_plan plan = {.id = PROCESS_POOLED_ID};

    if (!pooled)
        return NULL;
    pooled->magic = POOLED_MAGIC;
    pooled->pool = pool;
    TAILQ_INSERT_TAIL(&pool->entries, pooled, link);
    pool->wanted++;
    pooled->listener_fd = runtime_listen_pooled(pool->runtime, pooled->name);
    plan.listener_fd = pooled->listener_fd;
    if (plan.listener_fd >= 0 && process_spares(pool->table, plan.listener_fd))
        pooled->process = process_start(pool->table, pool->module, &plan,
                                        &pooled_events, pooled);
    if (pooled->process)
        return pooled;
    pooled_free(pooled);
    return NULL;
}

static void on_refill(evutil_socket_t fd, short what, void *arg)
{
    struct pool *pool = arg;

    (void)fd;
    (void)what;
    if (pool->wanted >= pool->size || !module_may_pool(pool->module) ||
        !process_may_pool(pool->table))
        pool->failures = 0; /* nothing is tried before something happens */
    else if (process_table_busy(pool->table))
        refill_in(pool, BUSY_MS);
    else if (!pooled_create(pool))
        retry_later(pool);
}

/* ---- for a start ---- */

/* NULL: none waits. */
static struct pooled *find_waiting(const struct pool *pool)
{
    struct pooled *pooled;

    TAILQ_FOREACH (pooled, &pool->entries, link)
        if (pooled->state == POOLED_WAITING)
            return pooled;
    return NULL;
}

bool pool_give_back(struct pool *pool)
{
    struct pooled *pooled = find_waiting(pool);

    if (!pooled)
        return false;
    pooled->state = POOLED_ENDING;
    pool->wanted--;
    retry_later(pool);
    process_end(pooled->process);
    return true;
}

struct process *pool_offer(struct pool *pool, const char *id,
                           int *out_listener_fd)
{
    struct pooled *pooled = find_waiting(pool);

    if (!pooled || runtime_name_pooled(pool->runtime, pooled->name, id) < 0)
        return NULL;
    *out_listener_fd = pooled->listener_fd;
    pooled->listener_fd = -1;
    pooled->state = POOLED_ENDING; /* unless it is handed over */
    pool->wanted--;
    return pooled->process;
}

/* ---- life ---- */

void pool_init(struct pool *pool, struct event_base *base,
               struct module *module, struct process_table *table,
               const struct runtime *runtime, size_t size)
{
    *pool = (struct pool){.module = module,
                          .table = table,
                          .runtime = runtime,
                          .size = size};
    TAILQ_INIT(&pool->entries);
    evtimer_assign(&pool->refill, base, on_refill, pool);
}

void pool_drop(struct pool *pool)
{
    struct pooled *pooled;

    TAILQ_FOREACH (pooled, &pool->entries, link) {
        if (pooled->state == POOLED_ENDING)
            continue;
        pooled->state = POOLED_ENDING;
        pool->wanted--;
        process_kill(pooled->process, END_LIMIT_NONE);
    }
    event_del(&pool->refill);
    pool->failures = 0;
}

void pool_close(struct pool *pool)
{
    pool->size = 0;
    pool_drop(pool);
}

void pool_fini(struct pool *pool)
{
    struct pooled *pooled;

    pool_close(pool);
    while ((pooled = TAILQ_FIRST(&pool->entries)))
        process_end(pooled->process);
}

size_t pool_count(const struct pool *pool)
{
    return pool->wanted;
}
