/* SPDX-License-Identifier: MIT */
/* What there is to confine sessions with, out of spd's answer. */
#include "diagnosis.h"

#include <stdlib.h>

#include "fields.h"

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

static enum sp_error decode_primitives(const json_t *array,
                                       struct sp_diagnosis *doctor)
{
    doctor->primitives = calloc(doctor->count + 1, sizeof *doctor->primitives);
    if (!doctor->primitives)
        return SP_ENOMEM;
    for (size_t i = 0; i < doctor->count; i++)
        if (!primitive_decode(json_array_get(array, i), &doctor->primitives[i]))
            return SP_EPROTO;
    return SP_OK;
}

static enum sp_error decode_tiers(const json_t *array,
                                  struct sp_diagnosis *doctor)
{
    doctor->tiers = calloc(doctor->tier_count + 1, sizeof *doctor->tiers);
    if (!doctor->tiers)
        return SP_ENOMEM;
    for (size_t i = 0; i < doctor->tier_count; i++)
        if (!tier_decode(json_array_get(array, i), &doctor->tiers[i]))
            return SP_EPROTO;
    return SP_OK;
}

static enum sp_error decode(struct sp_diagnosis *doctor)
{
    const json_t *primitives, *tiers;
    enum sp_error error;

    if (!field_list(doctor->answer, "primitives", &primitives,
                    &doctor->count) ||
        !field_list(doctor->answer, "tiers", &tiers, &doctor->tier_count))
        return SP_EPROTO;
    error = decode_primitives(primitives, doctor);
    return error == SP_OK ? decode_tiers(tiers, doctor) : error;
}

enum sp_error diagnosis_take(json_t *answer, struct sp_diagnosis **out_doctor)
{
    struct sp_diagnosis *doctor = calloc(1, sizeof *doctor);
    enum sp_error error;

    if (!doctor) {
        json_decref(answer);
        return SP_ENOMEM;
    }
    doctor->answer = answer;
    error = decode(doctor);
    if (error == SP_OK)
        *out_doctor = doctor;
    else
        sp_doctor_free(doctor);
    return error;
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
