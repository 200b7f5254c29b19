/* SPDX-License-Identifier: MIT */
/* The local channel: the scalability protocols spoken on the sessions' own Unix
 * sockets by the calling threads.  Casts travel on the same connection as
 * calls, so that one order holds for both.  When a request that has certainly
 * not run is sent again is outcome's to say. */
#define _GNU_SOURCE
#include "channel.h"

#include <stdlib.h>

#include "base/clock.h"
#include "cache.h"
#include "dial.h"
#include "line.h"
#include "result.h"

struct local {
    struct channel channel; /* first */
    struct cache lines;
};

static enum outcome run_once(struct local *local, enum conn_kind kind,
                             const char *id, const void *body, size_t size,
                             int64_t deadline, struct sp_result *result)
{
    struct cache_entry *entry = cache_acquire(&local->lines, id);
    enum outcome outcome;
    struct line *line;

    if (!entry) {
        result_set(result, SP_ENOMEM, SP_PROGRESS_NOT_SENT);
        return OUTCOME_OVER;
    }
    line = line_of_entry(entry);
    outcome = line_run(line, kind, body, size, deadline, result);
    if (result->error != SP_OK && !line_usable(line))
        cache_discard(&local->lines, entry);
    cache_release(&local->lines, entry);
    return outcome;
}

static enum sp_error local_run(struct channel *channel, enum conn_kind kind,
                               const char *id, const void *body, size_t size,
                               int64_t deadline, struct sp_result *result)
{
    struct local *local = (struct local *)channel;
    struct dial_pause pause = DIAL_PAUSE_FIRST;
    bool again = false;

    for (;;) {
        enum outcome outcome =
            run_once(local, kind, id, body, size, deadline, result);

        switch (outcome_next(outcome, result, again)) {
        case OUTCOME_TELL:
            return result->error;
        case OUTCOME_DIED:
            return channel_died(id, result);
        case OUTCOME_AGAIN:
            again = true;
            break;
        case OUTCOME_LATER:
            if (dial_pause(&pause, deadline))
                break;
            outcome_refused(result);
            return result->error;
        }
    }
}

static enum sp_error local_call(struct channel *channel, const char *id,
                                const void *body, size_t size, int64_t deadline,
                                struct sp_result *result)
{
    return local_run(channel, *id ? CONN_CALL : CONN_CONTROL, id, body, size,
                     deadline, result);
}

static enum sp_error local_cast(struct channel *channel, const char *id,
                                const void *body, size_t size, int64_t deadline,
                                struct sp_result *result)
{
    return local_run(channel, CONN_CAST, id, body, size, deadline, result);
}

static void local_close(struct channel *channel)
{
    struct local *local = (struct local *)channel;

    cache_fini(&local->lines);
    free(local);
}

static const struct channel_type local_type = {local_call, local_cast,
                                               local_close};

struct channel *channel_local_open(const struct place *place)
{
    struct local *local = malloc(sizeof *local);

    if (!local)
        return NULL;
    local->channel.type = &local_type;
    cache_init(&local->lines, &line_cache_type, (void *)place, channel_keep());
    return &local->channel;
}
