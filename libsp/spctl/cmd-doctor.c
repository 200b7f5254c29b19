/* SPDX-License-Identifier: MIT */
/* spctl doctor: what this machine has to confine sessions with. */
#include <stdio.h>
#include <string.h>

#include <sp/client.h>

#include "command.h"
#include "complaint.h"
#include "invocation.h"
#include "outcome.h"
#include "output.h"
#include "wrap.h"

#define INDENT 4
#define NEEDED_WIDTH 14

/* ---- as JSON ---- */

static json_t *primitives_json(const struct sp_diagnosis *doctor)
{
    json_t *array = json_array();

    for (size_t i = 0; i < sp_doctor_count(doctor); i++)
        if (json_array_append_new(
                array,
                json_pack("{s:s, s:s, s:s, s:s, s:s}", "name",
                          sp_doctor_name(doctor, i), "state",
                          sp_doctor_state(doctor, i), "needed_by",
                          sp_doctor_needed_by(doctor, i), "detail",
                          sp_doctor_detail(doctor, i), "follows",
                          sp_doctor_follows(doctor, i))) < 0) {
            json_decref(array);
            return NULL;
        }
    return array;
}

static json_t *tiers_json(const struct sp_diagnosis *doctor)
{
    json_t *array = json_array();

    for (size_t i = 0; i < sp_doctor_tiers(doctor); i++)
        if (json_array_append_new(
                array, json_pack("{s:s, s:b, s:s}", "name",
                                 sp_doctor_tier(doctor, i), "kept",
                                 (int)sp_doctor_kept(doctor, i), "lacks",
                                 sp_doctor_lacks(doctor, i))) < 0) {
            json_decref(array);
            return NULL;
        }
    return array;
}

static enum sp_error print_json(const struct sp_diagnosis *doctor)
{
    return output_json(json_pack("{s:o, s:o}", "primitives",
                                 primitives_json(doctor), "tiers",
                                 tiers_json(doctor)));
}

/* ---- for people ---- */

static int longest_name(const struct sp_diagnosis *doctor)
{
    size_t longest = strlen("PRIMITIVE");

    for (size_t i = 0; i < sp_doctor_count(doctor); i++)
        if (strlen(sp_doctor_name(doctor, i)) > longest)
            longest = strlen(sp_doctor_name(doctor, i));
    return (int)longest;
}

static void print_tier(const struct sp_diagnosis *doctor, size_t index)
{
    int column = printf("%s:", sp_doctor_tier(doctor, index));

    if (sp_doctor_kept(doctor, index)) {
        puts(" can be kept");
        return;
    }
    column += printf(" cannot be kept, for want of");
    wrap_on((size_t)column, INDENT, sp_doctor_lacks(doctor, index));
}

/* No spaces at the end of a row. */
static void print_row(const struct sp_diagnosis *doctor, size_t index,
                      int width)
{
    const char *detail = sp_doctor_detail(doctor, index);
    int column = printf("%-*s %-7s ", width, sp_doctor_name(doctor, index),
                        sp_doctor_state(doctor, index));

    column += printf("%-*s", *detail ? NEEDED_WIDTH : 0,
                     sp_doctor_needed_by(doctor, index));
    if (*detail)
        wrap_on((size_t)column, INDENT, detail);
    else
        putchar('\n');
}

/* Not a table (table.h): what follows is prose, below its row. */
static enum sp_error print_people(const struct sp_diagnosis *doctor)
{
    int width = longest_name(doctor);

    printf("%-*s %-7s %-*s FOUND\n", width, "PRIMITIVE", "STATE",
           NEEDED_WIDTH, "NEEDED BY");
    for (size_t i = 0; i < sp_doctor_count(doctor); i++) {
        print_row(doctor, i, width);
        if (!*sp_doctor_follows(doctor, i))
            continue;
        printf("%*s", INDENT, "");
        wrap_print(INDENT, INDENT, sp_doctor_follows(doctor, i));
    }
    putchar('\n');
    for (size_t i = 0; i < sp_doctor_tiers(doctor); i++)
        print_tier(doctor, i);
    return SP_OK;
}

/* ---- the command ---- */

static bool is_there(enum sp_error error)
{
    return error != SP_ENOSUP;
}

/* Of the supervisor, or of a spd that is run for it where there is none. */
static enum sp_error find(struct invocation *invocation,
                          struct sp_diagnosis **out_doctor)
{
    const char *where = invocation->values[OPTION_RUNTIME_DIR];
    char text[SP_TEXT_MAX + 1];
    enum sp_error error = sp_client_diagnose(where, text, sizeof text);

    if (is_there(error)) {
        error = invocation_open(invocation);
        if (error != SP_OK)
            return error;
        error = sp_doctor(invocation->client, out_doctor, invocation->result);
    }
    if (is_there(error))
        return error == SP_OK
                   ? error
                   : complain_outcome(invocation, error,
                                      sp_result_text(invocation->result));
    if (!invocation_has(invocation, OPTION_QUIET))
        fputs("spctl: no supervisor answers; this is what spd would find if "
              "you ran it\n",
              stderr);
    error = sp_doctor(NULL, out_doctor, NULL);
    return error == SP_OK ? error
                          : complain(error, "spd --doctor: %s",
                                     sp_strerror(error));
}

/* The tier that a module has unless it is told another. */
static enum sp_error judge(const struct sp_diagnosis *doctor)
{
    for (size_t i = 0; i < sp_doctor_tiers(doctor); i++)
        if (strcmp(sp_doctor_tier(doctor, i), "default") == 0)
            return sp_doctor_kept(doctor, i) ? SP_OK : SP_ELOAD;
    return SP_EPROTO;
}

static enum sp_error run(struct invocation *invocation)
{
    struct sp_diagnosis *doctor;
    enum sp_error error = find(invocation, &doctor);

    if (error != SP_OK)
        return error;
    error = invocation_has(invocation, OPTION_JSON) ? print_json(doctor)
                                                    : print_people(doctor);
    if (error == SP_OK)
        error = judge(doctor);
    sp_doctor_free(doctor);
    return error;
}

const struct command command_doctor = {
    .name = "doctor",
    .synopsis = "",
    .summary = "Show what this machine has to confine sessions with.",
    .text = "Tries each primitive of the kernel that sessions are confined "
            "with, as the supervisor's user, and prints its state, the tier of "
            "the sandbox that needs it first, and where it is missing what "
            "follows and what to do. At the end it says of each tier whether "
            "it can be kept here."
            "\n\n"
            "Where no supervisor answers, the spd that belongs to spctl is run "
            "to try them, as the user who asks, and ends again."
            "\n\n"
            "The exit status is 0 if the tier default can be kept, and 9 if "
            "not. With --json: an object with primitives and tiers.",
    .example = "  spctl doctor\n",
    .errors = OUTCOME_BIT(SP_ETIMEDOUT) | OUTCOME_BIT(SP_ELOAD) |
              OUTCOME_BIT(SP_EPERM) | OUTCOME_BIT(SP_ESYSTEM),
    .min_operands = 0,
    .max_operands = 0,
    .run = run,
};
