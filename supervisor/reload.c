/* SPDX-License-Identifier: MIT */
/* A reload: read, offer its modules, take its settings.  The first two can fail
 * and change nothing then; the third cannot fail.  SIGHUP and the control
 * operation both come here. */
#define _GNU_SOURCE
#include "reload.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "config.h"
#include "supervisor.h"

/* Takes the settings of [supervisor] over.  Those that are fixed stay what they
 * are, and are named. */
static void take_settings(struct supervisor *supervisor, struct config *fresh,
                          struct reload_report *report)
{
    struct supervisor_settings *now = &supervisor->config.supervisor;
    struct supervisor_settings *next = &fresh->supervisor;

    for (size_t i = 0; i < supervisor_setting_count; i++) {
        const struct setting *row = &supervisor_setting_rows[i];

        if (setting_equal(row, now, next))
            continue;
        if (setting_fixed(row))
            report->fixed[report->fixed_count++] = row->name;
        else
            setting_swap(row, now, next);
    }
    supervisor_apply_settings(supervisor);
}

static void log_report(const char *why, const struct reload_report *report)
{
    log_info("reload (%s): %u module(s) changed, %u added, %u removed", why,
             report->modules.changed, report->modules.added,
             report->modules.removed);
    for (size_t i = 0; i < report->fixed_count; i++)
        log_warn("reload (%s): %s: takes effect when spd is started again", why,
                 report->fixed[i]);
}

static enum sp_error try(struct supervisor *supervisor,
                         struct reload_report *report, char *out_text,
                         size_t text_size)
{
    const struct config_source *source = &supervisor->source;
    struct config fresh;

    if (supervisor->stopping) {
        snprintf(out_text, text_size, "the supervisor is stopping");
        return SP_ENOSUP;
    }
    if (config_load(source->file, &source->places, &fresh, out_text,
                    text_size) < 0)
        return SP_EINVAL;
    if (catalog_offer(&supervisor->catalog, &fresh, &report->modules) < 0) {
        snprintf(out_text, text_size, "the modules cannot be set up: %s",
                 strerrordesc_np(errno));
        config_fini(&fresh);
        return SP_ESYSTEM;
    }
    take_settings(supervisor, &fresh, report);
    config_fini(&fresh);
    return SP_OK;
}

enum sp_error reload(struct supervisor *supervisor, const char *why,
                     struct reload_report *out_report, char *out_text,
                     size_t text_size)
{
    enum sp_error error;

    *out_report = (struct reload_report){0};
    error = try(supervisor, out_report, out_text, text_size);
    if (error == SP_OK) {
        supervisor->counters.reloads++;
        log_report(why, out_report);
    } else {
        supervisor->counters.reloads_failed++;
        log_error("reload (%s): nothing is changed: %s", why, out_text);
    }
    return error;
}
