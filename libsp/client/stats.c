/* SPDX-License-Identifier: MIT */
/* What spd counts, out of its answer. */
#include "stats.h"

#include <limits.h>
#include <stdlib.h>

#include "fields.h"

struct stat {
    const char *name; /* borrowed from the answer, as is help */
    const char *help;
    unsigned long long value;
};

struct sp_stat_list {
    json_t *answer; /* owned */
    size_t count;
    struct stat stats[];
};

static enum sp_error stat_decode(const json_t *object, struct stat *stat)
{
    static const char *const required[] = {"name", "value", NULL};
    long long value = 0;

    *stat = (struct stat){.help = ""};
    if (!fields_present(object, required) ||
        !field_text(object, "name", &stat->name) ||
        !field_text(object, "help", &stat->help) ||
        !field_number(object, "value", 0, LLONG_MAX, &value))
        return SP_EPROTO;
    stat->value = (unsigned long long)value;
    return SP_OK;
}

static enum sp_error stats_decode(const json_t *array,
                                  struct sp_stat_list *stats)
{
    for (size_t i = 0; i < stats->count; i++) {
        enum sp_error error =
            stat_decode(json_array_get(array, i), &stats->stats[i]);

        if (error != SP_OK)
            return error;
    }
    return SP_OK;
}

enum sp_error stats_take(json_t *answer, struct sp_stat_list **out_stats)
{
    const json_t *array;
    size_t count;
    bool good = field_list(answer, "stats", &array, &count);
    struct sp_stat_list *stats =
        good ? malloc(sizeof *stats + count * sizeof *stats->stats) : NULL;
    enum sp_error error;

    if (!stats) {
        json_decref(answer);
        return good ? SP_ENOMEM : SP_EPROTO;
    }
    stats->answer = answer;
    stats->count = count;
    error = stats_decode(array, stats);
    if (error == SP_OK)
        *out_stats = stats;
    else
        sp_stats_free(stats);
    return error;
}

void sp_stats_free(struct sp_stat_list *stats)
{
    if (!stats)
        return;
    json_decref(stats->answer);
    free(stats);
}

size_t sp_stats_count(const struct sp_stat_list *stats)
{
    return stats->count;
}

const char *sp_stats_name(const struct sp_stat_list *stats, size_t index)
{
    return stats->stats[index].name;
}

unsigned long long sp_stats_value(const struct sp_stat_list *stats,
                                  size_t index)
{
    return stats->stats[index].value;
}

const char *sp_stats_help(const struct sp_stat_list *stats, size_t index)
{
    return stats->stats[index].help;
}
