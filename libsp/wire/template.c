/* SPDX-License-Identifier: MIT */
/* Checks of the records between spd, templates and sessions.  Which type is
 * legal when, is the receiver's business: its state table says so. */
#define _GNU_SOURCE
#include "template.h"

#include <string.h>

static bool text_terminated(const char text[SP_TEXT_MAX + 1])
{
    return memchr(text, '\0', SP_TEXT_MAX + 1) != NULL;
}

bool template_record_valid(const struct template_record *record, size_t len)
{
    return len == sizeof *record && record->type >= TEMPLATE_LOADED &&
           record->type <= TEMPLATE_HOLDER &&
           text_terminated(record->text);
}

bool hello_record_valid(const struct hello_record *record, size_t len)
{
    return len == sizeof *record && record->type >= HELLO_HELLO &&
           record->type <= HELLO_INIT_ERROR && text_terminated(record->text);
}

bool start_record_valid(const struct start_record *record, size_t len)
{
    return len >= sizeof *record && record->arg_size <= START_ARG_MAX &&
           len == sizeof *record + record->arg_size &&
           sp_id_valid(record->id, strnlen(record->id, sizeof record->id));
}
