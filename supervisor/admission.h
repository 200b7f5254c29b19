/* SPDX-License-Identifier: MIT */
/* supervisor/admission.h - whether there may be one more session, in the order
 * that PROTOCOL.md promises: limits, then rate. */
#ifndef SUPERVISOR_ADMISSION_H
#define SUPERVISOR_ADMISSION_H

#include <stddef.h>

#include <sp/error.h>

struct module;
struct question;

/* SP_OK: *out_module, and it is counted for its user.  Else out_text says which
 * limit is in the way. */
enum sp_error admission_ask(const struct question *question,
                            struct module **out_module, char *out_text,
                            size_t text_size);

#endif
