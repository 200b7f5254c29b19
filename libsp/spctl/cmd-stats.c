/* SPDX-License-Identifier: MIT */
/* spctl stats: what the supervisor counts. */
#include <stdio.h>
#include <string.h>

#include <sp/client.h>

#include "command.h"
#include "complaint.h"
#include "invocation.h"
#include "outcome.h"
#include "output.h"
#include "wrap.h"

#define GAP 2

static enum sp_error print_json(const struct sp_stat_list *stats)
{
    json_t *object = json_object();

    for (size_t i = 0; i < sp_stats_count(stats); i++)
        if (json_object_set_new(
                object, sp_stats_name(stats, i),
                json_integer((json_int_t)sp_stats_value(stats, i))) < 0) {
            json_decref(object);
            object = NULL;
            break;
        }
    return output_json(object);
}

static int longest_name(const struct sp_stat_list *stats)
{
    size_t longest = strlen("NAME");

    for (size_t i = 0; i < sp_stats_count(stats); i++)
        if (strlen(sp_stats_name(stats, i)) > longest)
            longest = strlen(sp_stats_name(stats, i));
    return (int)longest;
}

static int longest_value(const struct sp_stat_list *stats)
{
    int longest = (int)strlen("VALUE");

    for (size_t i = 0; i < sp_stats_count(stats); i++) {
        int len = snprintf(NULL, 0, "%llu", sp_stats_value(stats, i));

        if (len > longest)
            longest = len;
    }
    return longest;
}

/* Not a table (table.h): the last column is prose. */
static enum sp_error print_people(const struct sp_stat_list *stats)
{
    int name = longest_name(stats), value = longest_value(stats);
    size_t column = (size_t)(name + 1 + value + GAP);

    printf("%-*s %*s%*sMEANING\n", name, "NAME", value, "VALUE", GAP, "");
    for (size_t i = 0; i < sp_stats_count(stats); i++) {
        printf("%-*s %*llu", name, sp_stats_name(stats, i), value,
               sp_stats_value(stats, i));
        if (!*sp_stats_help(stats, i)) {
            putchar('\n');
            continue;
        }
        printf("%*s", GAP, "");
        wrap_print(column, column, sp_stats_help(stats, i));
    }
    return SP_OK;
}

static enum sp_error run(struct invocation *invocation)
{
    struct sp_stat_list *stats;
    enum sp_error error;

    error = invocation_open(invocation);
    if (error != SP_OK)
        return error;
    error = sp_stats(invocation->client, &stats, invocation->result);
    if (error != SP_OK)
        return complain_outcome(invocation, error,
                                sp_result_text(invocation->result));
    error = invocation_has(invocation, OPTION_JSON) ? print_json(stats)
                                                    : print_people(stats);
    sp_stats_free(stats);
    return error;
}

const struct command command_stats = {
    .name = "stats",
    .synopsis = "",
    .summary = "Show what the supervisor has counted.",
    .text = "Prints the supervisor's counters since it was started, each with "
            "what it means; with --json as one object of names and numbers.",
    .example = "  spctl stats\n",
    .errors = OUTCOME_BIT(SP_ETIMEDOUT) | OUTCOME_BIT(SP_ENOSUP) |
              OUTCOME_BIT(SP_EPERM),
    .min_operands = 0,
    .max_operands = 0,
    .run = run,
};
