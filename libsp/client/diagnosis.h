/* SPDX-License-Identifier: MIT */
/* client/diagnosis.h - the inside of the public struct sp_diagnosis.  Pure. */
#ifndef CLIENT_DIAGNOSIS_H
#define CLIENT_DIAGNOSIS_H

#include <jansson.h>

#include <sp/client.h>

/* Makes a diagnosis of spd's answer to CONTROL_DOCTOR.  The answer is taken
 * over, whatever the outcome.  SP_EPROTO: it makes no sense.  SP_ENOMEM. */
enum sp_error diagnosis_take(json_t *answer, struct sp_diagnosis **out_doctor);

#endif
