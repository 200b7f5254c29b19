/* SPDX-License-Identifier: MIT */
/* Asks what there is to confine sessions with: a spd that runs, or one that is
 * run to print it. */
#include <stdlib.h>

#include "ask.h"
#include "diagnosis.h"
#include "spd_output.h"

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
    json_t *answer = NULL;
    enum sp_error error;

    result_begin(result);
    if (!out_doctor)
        return result_refuse(result, SP_EINVAL);
    error = client ? ask(client, &request, result, &answer)
                   : ask_output(result, &answer);
    if (error != SP_OK) {
        json_decref(answer);
        return error;
    }
    error = diagnosis_take(answer, out_doctor);
    return error == SP_OK ? SP_OK : result_refuse(result, error);
}
