/* SPDX-License-Identifier: MIT */
/* A report as JSON, with what follows for each tier.  Callers: operations of
 * the control socket, and spd --doctor. */
#include "doctor.h"

#include "wire/control.h"

#define LACKS_SIZE 1024

static json_t *describe_primitive(enum primitive primitive,
                                  const struct primitive_finding *finding)
{
    return json_pack(
        "{s:s, s:s, s:s, s:s, s:s}", "name", primitive_name(primitive),
        "state", primitive_state_name(finding->state), "needed_by",
        primitive_needed_by(primitive), "detail", finding->detail, "follows",
        finding->state == PRIMITIVE_PRESENT ? ""
                                            : primitive_follows(primitive));
}

static json_t *describe_tier(const struct primitive_report *report,
                             enum sandbox_tier tier)
{
    char lacks[LACKS_SIZE];
    bool kept = primitive_verdict(report, tier, lacks, sizeof lacks);

    return json_pack("{s:s, s:b, s:s}", "name", sandbox_tier_name(tier),
                     "kept", (int)kept, "lacks", lacks);
}

json_t *doctor_answer(const struct primitive_report *report)
{
    json_t *primitives = json_array(), *tiers = json_array();
    json_t *object = control_answer_ok();
    int failed = 0;

    for (int i = 0; i < PRIMITIVES; i++)
        failed |= json_array_append_new(
            primitives, describe_primitive((enum primitive)i,
                                           &report->findings[i]));
    for (int i = 0; i < SANDBOX_TIERS; i++)
        failed |= json_array_append_new(
            tiers, describe_tier(report, (enum sandbox_tier)i));
    failed |= json_object_set_new(object, "primitives", primitives);
    failed |= json_object_set_new(object, "tiers", tiers);
    if (failed == 0)
        return object;
    json_decref(object);
    return NULL;
}
