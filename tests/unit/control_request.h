/* SPDX-License-Identifier: MIT */
/* unit/control_request.h - requests to spd as JSON, for the tests of
 * wire/control. */
#ifndef UNIT_CONTROL_REQUEST_H
#define UNIT_CONTROL_REQUEST_H

#include <stddef.h>
#include <string.h>

#include "wire/control.h"

/* Decodes one that is alone in memory: a read behind its bytes shows.  text is
 * "(untouched)" unless it was written. */
enum sp_error request_decode(const char *json, size_t size,
                             struct control_request *out, char text[256]);

/* Expects this error and a text that names the culprit. */
void request_refused(const char *json, size_t size, enum sp_error wanted,
                     const char *culprit);
#define REFUSED(json, error, culprit) \
    request_refused((json), strlen(json), (error), (culprit))

/* Expects success; the caller ends it with control_request_fini(). */
struct control_request request_accepted(const char *json);

#endif
