/* SPDX-License-Identifier: MIT */
/* What a module's sessions and its template write: who says it, and how much
 * each may. */
#define _GNU_SOURCE
#include <stdio.h>

#include "counters.h"
#include "logsink.h"
#include "module_own.h"

static void name_writer(void *context, pid_t pid, char *out, size_t out_size)
{
    const struct module *module = context;
    const struct process *process = process_find(module->table, pid);

    if (process)
        snprintf(out, out_size, "session %s (%s, pid %d)",
                 process_session_id(process), module_name(module), (int)pid);
    else
        snprintf(out, out_size, "module %s (%spid %d)", module_name(module),
                 pid == module->pid ? "template, " : "", (int)pid);
}

/* Those that are no session's share one. */
static struct log_meter *find_meter(void *context, pid_t pid)
{
    const struct module *module = context;
    struct process *process = process_find(module->table, pid);

    return process ? process_log_meter(process) : NULL;
}

int module_open_log(struct module *module)
{
    return logsink_open(module->log);
}

void module_drain_log(struct module *module)
{
    logsink_drain(module->log);
}

void module_end_log(struct module *module, struct log_meter *meter)
{
    logsink_forget(module->log, meter);
}

struct logsink *module_open_sink(struct module *module,
                                 const struct runtime *runtime)
{
    struct logsink_owner owner = {.name_writer = name_writer,
                                  .find_meter = find_meter,
                                  .context = module,
                                  .rate = module_settings(module)->log_rate,
                                  .lines = &module->counters->log_lines,
                                  .dropped = &module->counters->log_dropped};

    return logsink_create(module->base, runtime, module_name(module), &owner);
}
