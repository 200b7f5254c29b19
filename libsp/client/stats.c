/* SPDX-License-Identifier: MIT */
/* What spd counts, out of its answer. */
#include <limits.h>
#include <stdlib.h>

#include "ask.h"
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

enum sp_error sp_stats(struct sp_client *client,
                       struct sp_stat_list **out_stats,
                       struct sp_result *result)
{
    struct control_request request = {.op = CONTROL_STATS};
    struct sp_stat_list *stats;
    const json_t *array;
    enum sp_error error;
    json_t *answer;

    result_begin(result);
    if (!client || !out_stats)
        return result_refuse(result, SP_EINVAL);
    error = ask_for_array(client, &request, "stats", &answer, &array, result);
    if (error != SP_OK)
        return error;
    stats =
        malloc(sizeof *stats + json_array_size(array) * sizeof *stats->stats);
    if (!stats) {
        json_decref(answer);
        return result_refuse(result, SP_ENOMEM);
    }
    stats->answer = answer;
    stats->count = json_array_size(array);
    error = stats_decode(array, stats);
    if (error != SP_OK) {
        sp_stats_free(stats);
        return result_refuse(result, error);
    }
    *out_stats = stats;
    return SP_OK;
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
