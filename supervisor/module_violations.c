/* SPDX-License-Identifier: MIT */
/* What a module's templates did that they may not, and what follows: a template
 * that breaks its contract, or makes a child that nobody has asked for, is
 * ended, with all that it has made and that is no session yet.  Its sessions go
 * on, and the next start gets another template. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>

#include "base/log.h"
#include "counters.h"
#include "module_own.h"
#include "procfs.h"

/* ---- what is told ---- */

static void tell(struct module *module, pid_t pid, enum end_limit kind,
                 const char *text)
{
    const struct process_table *table = module->table;

    module->counters->violations++;
    log_warn("module %s (template, pid %d): violation: %s",
             module_name(module), (int)pid, text);
    table->on_violation(table->context, module_name(module), pid, kind, text);
}

void module_accuse(struct module *module, enum end_limit kind,
                   const char *text)
{
    if (module->accused)
        return;
    module->accused = true;
    tell(module, module->brood.pid, kind, text);
}

/* The words of those whose start it fails come before the general ones. */
static void end_template(struct module *module, enum end_limit kind)
{
    char text[160];

    snprintf(text, sizeof text, "module %s: its template %s",
             module_name(module), end_limit_words(kind));
    if (module->state == TEMPLATE_LOADING || module->state == TEMPLATE_READY)
        module_fail_waiting(module, SP_ELOAD, text);
    module_kill_template(module);
}

void module_violation(struct module *module, uint32_t template,
                      const char *what)
{
    char text[160];

    snprintf(text, sizeof text, "%s (%s): killed",
             end_limit_words(END_LIMIT_CONTRACT), what);
    if (template != module->brood.number) {
        tell(module, 0, END_LIMIT_CONTRACT, text); /* the other is no more */
        return;
    }
    module_accuse(module, END_LIMIT_CONTRACT, text);
    end_template(module, END_LIMIT_CONTRACT);
}

/* ---- its children ---- */

uint32_t module_child_asked(struct module *module)
{
    brood_ask(&module->brood);
    return module->brood.number;
}

void module_child_known(struct module *module, uint32_t template)
{
    brood_know(&module->brood, template);
}

/* In strict its first child is the holder, which says who it is when it holds
 * what it is to hold. */
void module_begin_brood(struct module *module)
{
    brood_begin(&module->brood, module->pid);
    if (module_settings(module)->sandbox == SANDBOX_STRICT)
        brood_ask(&module->brood);
}

void module_end_brood(struct module *module)
{
    brood_end(&module->brood, procfs_now_ticks());
}

bool module_leads_session(const struct module *module, id_t session)
{
    return module->brood.number > 0 && (id_t)module->brood.pid == session;
}

bool module_has_uid(const struct module *module, id_t uid)
{
    return module->uid.fd >= 0 && module->uid.uid == uid;
}

bool module_is_mapped(const struct module *module, const char *maps,
                      size_t size)
{
    const struct stamp *file = &module->loaded;

    return file->inode != 0 &&
           procfs_parse_maps(maps, size, file->device, file->inode);
}

/* Those that are still in its process group go in one step, however many they
 * are and make.  The group cannot be anybody else's before the template is
 * reaped.  A start that is among them is asked of the next template. */
static void condemn(struct module *module)
{
    module_report_strangers(module); /* of an earlier template */
    if (!module->accused)
        module->condemned_pid = module->brood.pid;
    module->accused = true;
    brood_condemn(&module->brood, procfs_now_ticks());
    if (module->pidfd >= 0 && module->pid > 1)
        kill(-module->pid, SIGKILL);
    end_template(module, END_LIMIT_CHILD);
}

enum brood_verdict module_judge(struct module *module,
                                const struct brood_child *child)
{
    enum brood_verdict verdict = brood_judge(&module->brood, child);

    switch (verdict) {
    case BROOD_OTHER:
    case BROOD_AWAITED:
        return verdict;
    case BROOD_STILLBORN:
        brood_know(&module->brood, module->brood.number);
        return verdict;
    case BROOD_STRANGER:
        condemn(module);
        break;
    case BROOD_CONDEMNED:
    case BROOD_LOST:
        break;
    }
    module->strangers++;
    return verdict;
}

void module_report_strangers(struct module *module)
{
    unsigned count = module->strangers;
    pid_t pid = module->condemned_pid;
    char text[128];

    module->strangers = 0;
    module->condemned_pid = 0;
    if (count == 0)
        return;
    if (pid > 0) {
        snprintf(text, sizeof text, "%s (%u of them): killed",
                 end_limit_words(END_LIMIT_CHILD), count);
        tell(module, pid, END_LIMIT_CHILD, text);
    } else {
        log_warn("module %s: killed %u more of its processes which nobody has "
                 "announced",
                 module_name(module), count);
    }
}
