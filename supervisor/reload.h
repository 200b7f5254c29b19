/* SPDX-License-Identifier: MIT */
/* supervisor/reload.h - the configuration read anew while spd runs: whole, or
 * not at all. */
#ifndef SUPERVISOR_RELOAD_H
#define SUPERVISOR_RELOAD_H

#include <stddef.h>

#include <sp/error.h>

#include "catalog.h"
#include "settings.h"

struct supervisor;

#define RELOAD_COUNT_(name) +1
#define RELOAD_FIXED_MAX (0 SUPERVISOR_SETTINGS_FIXED(RELOAD_COUNT_))

struct reload_report {
    struct catalog_changes modules;
    /* Settings with a new value that spd has to be started again for. */
    const char *fixed[RELOAD_FIXED_MAX];
    size_t fixed_count;
};

/* Reads the configuration that spd was started with again, takes it over and
 * logs that.  why: who asks, for the log.  Else nothing has changed, and
 * out_text, which is logged too, says why: SP_EINVAL with "FILE:LINE: what is
 * wrong", SP_ENOSUP while stopping, SP_ESYSTEM. */
enum sp_error reload(struct supervisor *supervisor, const char *why,
                     struct reload_report *out_report, char *out_text,
                     size_t text_size);

#endif
