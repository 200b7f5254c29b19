/* SPDX-License-Identifier: MIT */
/* The checks before a start, one function each; the first that fails counts.
 * Nothing is spent before all have passed. */
#define _GNU_SOURCE
#include "admission.h"

#include <stdio.h>

#include "base/clock.h"
#include "cgroup.h"
#include "control_own.h"
#include "module.h"
#include "supervisor.h"

struct refusal {
    char *text;
    size_t size;
};

static enum sp_error check_stopping(const struct question *question,
                                    struct module *module,
                                    struct refusal *refusal)
{
    (void)module;
    if (!question->supervisor->stopping)
        return SP_OK;
    question->supervisor->counters.refused_stopping++;
    snprintf(refusal->text, refusal->size, "the supervisor is stopping");
    return SP_ENOSUP;
}

static enum sp_error check_module(const struct question *question,
                                  struct module *module,
                                  struct refusal *refusal)
{
    if (module)
        return SP_OK;
    question->supervisor->counters.refused_unknown++;
    snprintf(refusal->text, refusal->size, "unknown module '%s'",
             question->request->module);
    return SP_EMODULE;
}

static enum sp_error check_arg(const struct question *question,
                               struct module *module, struct refusal *refusal)
{
    uint64_t max = question->supervisor->config.supervisor.max_arg;

    (void)module;
    if (question->request->arg_size <= max)
        return SP_OK;
    question->supervisor->counters.refused_argument++;
    snprintf(refusal->text, refusal->size,
             "the argument has %zu bytes, more than max_arg = %llu",
             question->request->arg_size, (unsigned long long)max);
    return SP_EMSGSIZE;
}

static enum sp_error check_sessions(const struct question *question,
                                    struct module *module,
                                    struct refusal *refusal)
{
    const struct supervisor_settings *settings =
        &question->supervisor->config.supervisor;
    uint64_t kept = question->admin ? 0 : settings->admin_reserve;

    (void)module;
    if (question->supervisor->registry.count + kept < settings->max_sessions)
        return SP_OK;
    question->supervisor->counters.refused_limit++;
    if (kept > 0)
        snprintf(refusal->text, refusal->size,
                 "max_sessions = %llu, less admin_reserve = %llu, are running",
                 (unsigned long long)settings->max_sessions,
                 (unsigned long long)kept);
    else
        snprintf(refusal->text, refusal->size,
                 "max_sessions = %llu are running",
                 (unsigned long long)settings->max_sessions);
    return SP_ELIMIT;
}

static enum sp_error check_module_sessions(const struct question *question,
                                           struct module *module,
                                           struct refusal *refusal)
{
    uint64_t max = module_settings(module)->max_sessions;

    if (max == 0 || catalog_sessions(&question->supervisor->catalog,
                                     module_name(module)) < max)
        return SP_OK;
    question->supervisor->counters.refused_module_limit++;
    snprintf(refusal->text, refusal->size,
             "max_sessions = %llu of module %s are running",
             (unsigned long long)max, module_name(module));
    return SP_ELIMIT;
}

static enum sp_error check_user(const struct question *question,
                                struct module *module, struct refusal *refusal)
{
    struct supervisor *supervisor = question->supervisor;
    int64_t now_ms = clock_now_ms();
    enum users_verdict verdict =
        question->admin
            ? USERS_MAY
            : users_may_start(&supervisor->users, question->by.uid, now_ms);
    char text[USERS_TEXT_SIZE];

    (void)module;
    if (verdict == USERS_MAY)
        return SP_OK;
    if (verdict == USERS_TOO_MANY)
        supervisor->counters.refused_uid_limit++;
    else
        supervisor->counters.refused_rate++;
    users_explain(&supervisor->users, question->by.uid, verdict, now_ms, text);
    snprintf(refusal->text, refusal->size, "%s", text);
    return SP_ELIMIT;
}

static enum sp_error check_throttle(const struct question *question,
                                    struct module *module,
                                    struct refusal *refusal)
{
    struct throttle *throttle = module_throttle(module);
    int64_t now_ms = clock_now_ms();
    char text[THROTTLE_TEXT_SIZE];

    if (throttle_try(throttle, now_ms) == 0)
        return SP_OK;
    question->supervisor->counters.refused_throttle++;
    throttle_explain(throttle, module_name(module), now_ms, text);
    snprintf(refusal->text, refusal->size, "%s", text);
    return SP_ELIMIT;
}

static enum sp_error check_cgroup(const struct question *question,
                                  struct module *module,
                                  struct refusal *refusal)
{
    char text[CGROUP_TEXT_SIZE];

    if (module_check_cgroup(module, text) == 0)
        return SP_OK;
    question->supervisor->counters.refused_cgroup++;
    snprintf(refusal->text, refusal->size, "module %s: refused: %s",
             module_name(module), text);
    return SP_ELOAD;
}

static enum sp_error (*const checks[])(const struct question *question,
                                       struct module *module,
                                       struct refusal *refusal) = {
    check_stopping,        check_module, check_arg,     check_sessions,
    check_module_sessions, check_user,   check_cgroup,  check_throttle};

enum sp_error admission_ask(const struct question *question,
                            struct module **out_module, char *out_text,
                            size_t text_size)
{
    struct supervisor *supervisor = question->supervisor;
    struct module *module =
        supervisor_module(supervisor, question->request->module);
    struct refusal refusal = {out_text, text_size};
    enum sp_error error = SP_OK;

    for (size_t i = 0; error == SP_OK && i < sizeof checks / sizeof checks[0];
         i++)
        error = checks[i](question, module, &refusal);
    if (error == SP_OK) {
        error = users_start(&supervisor->users, question->by.uid,
                            clock_now_ms());
        if (error != SP_OK)
            snprintf(out_text, text_size, "out of memory");
    }
    *out_module = module;
    return error;
}
