/* SPDX-License-Identifier: MIT */
/* What there is to confine sessions with, out of spd's answer: that of a spd
 * that runs, or what one prints that is run for it. */
#include <stdlib.h>

#include "ask.h"
#include "fields.h"
#include "spd_output.h"

struct primitive {
    const char *name; /* borrowed from the answer, as are all */
    const char *state;
    const char *needed_by;
    const char *detail;
    const char *follows;
};

struct tier {
    const char *name;
    const char *lacks;
    bool kept;
};

struct sp_diagnosis {
    json_t *answer; /* owned */
    struct primitive *primitives; /* owned */
    struct tier *tiers;           /* owned */
    size_t count;
    size_t tier_count;
};

/* ---- decoding ---- */

static bool primitive_decode(const json_t *object, struct primitive *out)
{
    static const char *const required[] = {"name", "state", NULL};

    *out = (struct primitive){
        .needed_by = "", .detail = "", .follows = ""};
    return fields_present(object, required) &&
           field_text(object, "name", &out->name) &&
           field_text(object, "state", &out->state) &&
           field_text(object, "needed_by", &out->needed_by) &&
           field_text(object, "detail", &out->detail) &&
           field_text(object, "follows", &out->follows);
}

static bool tier_decode(const json_t *object, struct tier *out)
{
    static const char *const required[] = {"name", "kept", NULL};

    *out = (struct tier){.lacks = ""};
    return fields_present(object, required) &&
           field_text(object, "name", &out->name) &&
           field_flag(object, "kept", &out->kept) &&
           field_text(object, "lacks", &out->lacks);
}

static enum sp_error decode(struct sp_diagnosis *doctor)
{
    const json_t *primitives = json_object_get(doctor->answer, "primitives");
    const json_t *tiers = json_object_get(doctor->answer, "tiers");

    if (!json_is_array(primitives) || !json_is_array(tiers))
        return SP_EPROTO;
    doctor->count = json_array_size(primitives);
    doctor->tier_count = json_array_size(tiers);
    doctor->primitives =
        calloc(doctor->count + 1, sizeof *doctor->primitives);
    doctor->tiers = calloc(doctor->tier_count + 1, sizeof *doctor->tiers);
    if (!doctor->primitives || !doctor->tiers)
        return SP_ENOMEM;
    for (size_t i = 0; i < doctor->count; i++)
        if (!primitive_decode(json_array_get(primitives, i),
                              &doctor->primitives[i]))
            return SP_EPROTO;
    for (size_t i = 0; i < doctor->tier_count; i++)
        if (!tier_decode(json_array_get(tiers, i), &doctor->tiers[i]))
            return SP_EPROTO;
    return SP_OK;
}

/* ---- asking ---- */

static enum sp_error ask_output(struct sp_result *result, json_t **out_answer)
{
    char text[SP_TEXT_MAX + 1];
    size_t size;
    char *json = spd_output("--doctor", &size);
    enum sp_error error;

    if (!json)
        return result_refuse(result, SP_ESYSTEM);
    error = control_answer_decode(json, size, out_answer, text, sizeof text);
    free(json);
    return error == SP_OK ? SP_OK : result_refuse(result, error);
}

enum sp_error sp_doctor(struct sp_client *client,
                        struct sp_diagnosis **out_doctor,
                        struct sp_result *result)
{
    struct control_request request = {.op = CONTROL_DOCTOR};
    struct sp_diagnosis *doctor;
    json_t *answer = NULL;
    enum sp_error error;

    result_begin(result);
    if (!out_doctor)
        return result_refuse(result, SP_EINVAL);
    error = client ? ask(client, &request, result, &answer)
                   : ask_output(result, &answer);
    doctor = error == SP_OK ? calloc(1, sizeof *doctor) : NULL;
    if (!doctor) {
        json_decref(answer);
        return error == SP_OK ? result_refuse(result, SP_ENOMEM) : error;
    }
    doctor->answer = answer;
    error = decode(doctor);
    if (error != SP_OK) {
        sp_doctor_free(doctor);
        return result_refuse(result, error);
    }
    *out_doctor = doctor;
    return SP_OK;
}

void sp_doctor_free(struct sp_diagnosis *doctor)
{
    if (!doctor)
        return;
    json_decref(doctor->answer);
    free(doctor->primitives);
    free(doctor->tiers);
    free(doctor);
}

/* ---- what it says ---- */

size_t sp_doctor_count(const struct sp_diagnosis *doctor)
{
    return doctor->count;
}

const char *sp_doctor_name(const struct sp_diagnosis *doctor, size_t index)
{
    return doctor->primitives[index].name;
}

const char *sp_doctor_state(const struct sp_diagnosis *doctor, size_t index)
{
    return doctor->primitives[index].state;
}

const char *sp_doctor_needed_by(const struct sp_diagnosis *doctor, size_t index)
{
    return doctor->primitives[index].needed_by;
}

const char *sp_doctor_detail(const struct sp_diagnosis *doctor, size_t index)
{
    return doctor->primitives[index].detail;
}

const char *sp_doctor_follows(const struct sp_diagnosis *doctor, size_t index)
{
    return doctor->primitives[index].follows;
}

size_t sp_doctor_tiers(const struct sp_diagnosis *doctor)
{
    return doctor->tier_count;
}

const char *sp_doctor_tier(const struct sp_diagnosis *doctor, size_t index)
{
    return doctor->tiers[index].name;
}

bool sp_doctor_kept(const struct sp_diagnosis *doctor, size_t index)
{
    return doctor->tiers[index].kept;
}

const char *sp_doctor_lacks(const struct sp_diagnosis *doctor, size_t index)
{
    return doctor->tiers[index].lacks;
}
