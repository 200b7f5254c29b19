/* SPDX-License-Identifier: MIT */
/* spctl events: what has happened to sessions, and what happens. */
#define _GNU_SOURCE
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sp/client.h>

#include "command.h"
#include "complaint.h"
#include "invocation.h"
#include "outcome.h"
#include "stream.h"
#include "wrap.h"

/* How often --follow looks whether anybody still reads its output. */
#define LOOK_MS 5000
#define INDENT 4

/* The milliseconds are for machines, which have --json. */
static int print_time(const struct sp_event *event)
{
    time_t seconds = (time_t)(sp_event_time_ms(event) / 1000);
    char text[32] = "-";
    struct tm local;

    if (localtime_r(&seconds, &local))
        strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &local);
    return printf("%s", text);
}

#define NAME_WIDTH 9
#define WHO_SIZE (SP_ID_MAX + 32)

/* A template is called by its module. */
static void print_who(const struct sp_event *event, char out[WHO_SIZE])
{
    const char *id = sp_event_id(event);
    int size = *id ? snprintf(out, WHO_SIZE, "%.*s", SP_ID_MAX, id)
                   : snprintf(out, WHO_SIZE, "module %.*s", SP_ID_MAX,
                              sp_event_module(event));

    if (sp_event_pid(event) > 0)
        snprintf(out + size, WHO_SIZE - (size_t)size, "[%ld]",
                 (long)sp_event_pid(event));
}

/* "2026-11-22 04:35:33 ready     alice[4711] TEXT"; what does not fit goes on
 * in further lines. */
static void print_people(const struct sp_event *event)
{
    const char *text = sp_event_text(event);
    char who[WHO_SIZE], rest[WHO_SIZE + SP_TEXT_MAX + 2];
    size_t column = (size_t)print_time(event);
    bool fits;

    print_who(event, who);
    fits = column + 1 + NAME_WIDTH + 1 + strlen(who) <= WRAP_WIDTH;
    column += (size_t)printf(" %-*s", fits ? NAME_WIDTH : 0,
                             sp_event_name(event));
    snprintf(rest, sizeof rest, "%s%s%s", who, *text ? " " : "", text);
    wrap_on(column, INDENT, rest);
}

/* False: no memory. */
static bool print_json(const struct sp_event *event)
{
    char *line = sp_event_json(event);

    if (!line)
        return false;
    puts(line);
    free(line);
    return true;
}

static enum sp_error print_all(const struct invocation *invocation,
                               const struct sp_event_list *events)
{
    for (size_t i = 0; i < sp_events_count(events); i++) {
        const struct sp_event *event = sp_events_at(events, i);

        if (!invocation_has(invocation, OPTION_JSON))
            print_people(event);
        else if (!print_json(event))
            return complain_outcome(invocation, SP_ENOMEM, NULL);
    }
    return SP_OK;
}

/* Asks for what is new, and prints it. */
static enum sp_error step(const struct invocation *invocation, int timeout_ms,
                          unsigned long long *after)
{
    struct sp_event_list *events;
    enum sp_error error =
        sp_events(invocation->client, invocation_id(invocation), *after,
                  timeout_ms, &events, invocation->result);

    if (error != SP_OK)
        return complain_outcome(invocation, error,
                                sp_result_text(invocation->result));
    stream_hold();
    error = print_all(invocation, events);
    stream_release();
    *after = sp_events_next(events);
    sp_events_free(events);
    return error;
}

static enum sp_error run(struct invocation *invocation)
{
    bool follow = invocation_has(invocation, OPTION_FOLLOW);
    unsigned long long after = 0;
    enum sp_error error;

    error = invocation_open(invocation);
    if (error != SP_OK)
        return error;
    if (follow)
        stream_begin();
    error = step(invocation, 0, &after);
    while (follow && error == SP_OK && stream_wanted())
        error = step(invocation, LOOK_MS, &after);
    return error;
}

const struct command command_events = {
    .name = "events",
    .synopsis = "[ID] [-f | --follow]",
    .summary = "Show what has happened to sessions.",
    .text =
        "Prints the events that the supervisor keeps, of all sessions or of "
        "one, oldest first: the time (of the local zone), what happened, the "
        "session with its process, and more about it. With --follow it goes on "
        "with what happens, until it is interrupted (exit status 0) or nobody "
        "reads its output any more."
        "\n\n"
        "What happens is start (accepted), ready (its init is done), crash, "
        "restart (a new process is on its way), stop (it is gone), expiry "
        "(gone: idle for too long, or too old), give_up (gone: it crashed too "
        "often), refusal (of a start) and violation (its process did what is "
        "only ever an attack, and was killed). A violation can also be of a "
        "template, which belongs to a module and to no session: it is among "
        "those of all sessions."
        "\n\n"
        "With --json: one object a line, with id, event, seq (a number of its "
        "own, rising), time_ms (since the epoch), module, pid and text; "
        "crash, stop and expiry also have end (as info has), start has uid, "
        "refusal has error, violation has violation (its kind). The id of a "
        "template is empty.",
    .example = "  spctl events alice\n"
               "  spctl events --follow --json | jq -r 'select(.event == "
               "\"crash\").id'\n",
    .options = OPTION_BIT(OPTION_FOLLOW),
    .errors = OUTCOME_BIT(SP_EBADID) | OUTCOME_BIT(SP_ETIMEDOUT) |
              OUTCOME_BIT(SP_ENOSUP) | OUTCOME_BIT(SP_EPERM),
    .min_operands = 0,
    .max_operands = 1,
    .about_session = true,
    .run = run,
};
