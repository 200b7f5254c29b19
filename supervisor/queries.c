/* SPDX-License-Identifier: MIT */
/* The operations that tell what there is, at once or soon. */
#define _GNU_SOURCE
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "control_own.h"
#include "describe.h"
#include "module.h"
#include "supervisor.h"

static void put(json_t *object, const char *key, json_t *value)
{
    json_object_set_new(object, key, value);
}

static json_t *describe(const struct session *session)
{
    struct process_usage usage;
    struct session_facts facts;

    session_facts(session, &facts);
    describe_usage(&facts, &usage);
    return describe_session(&facts, &usage, facts.now_ms);
}

/* A session that is no more is told for a while. */
void op_info(const struct question *question)
{
    struct supervisor *supervisor = question->supervisor;
    const char *id = question->request->id;
    const struct session *session = registry_find(&supervisor->registry, id);
    int64_t now_ms = clock_now_ms();
    const struct session_facts *facts;
    json_t *object;

    facts = session ? NULL : tombstones_find(&supervisor->tombstones, id,
                                             now_ms);
    if (!session && !facts) {
        answer_absent(question);
        return;
    }
    object = control_answer_ok();
    if (object)
        put(object, "session",
            session ? describe(session)
                    : describe_session(facts, NULL, now_ms));
    answer(question->call, object);
}

void op_list(const struct question *question)
{
    lister_ask(&question->control->lister, question->call,
               question->request->detailed);
}

void op_modules(const struct question *question)
{
    const struct supervisor *supervisor = question->supervisor;
    const char *chosen = supervisor->config.supervisor.default_module;
    json_t *array = json_array();
    json_t *object = control_answer_ok();

    for (size_t i = 0; i < supervisor->catalog.count; i++) {
        const struct module *module = supervisor->catalog.modules[i];
        const char *name = module_name(module);

        json_array_append_new(
            array, json_pack("{s:s, s:s, s:b, s:i}", "name", name, "path",
                             module_settings(module)->path, "default",
                             strcmp(name, chosen) == 0, "sessions",
                             (int)catalog_sessions(&supervisor->catalog,
                                                   name)));
    }
    if (object)
        put(object, "modules", array);
    else
        json_decref(array);
    answer(question->call, object);
}

/* As the size of the directory where the kernel says so (6.2 and later): to
 * read it takes milliseconds where there are thousands. */
static uint64_t count_descriptors(void)
{
    DIR *directory = opendir("/proc/self/fd");
    struct stat about;
    uint64_t count = 0;

    if (!directory)
        return 0;
    if (fstat(dirfd(directory), &about) == 0 && about.st_size > 0)
        count = (uint64_t)about.st_size + 2; /* "." and ".." */
    else
        while (readdir(directory))
            count++;
    closedir(directory);
    return count - 3; /* the directory's own, too */
}

void op_stats(const struct question *question)
{
    struct supervisor *supervisor = question->supervisor;
    struct gauges gauges = {
        .sessions = supervisor->registry.count,
        .processes = process_count(&supervisor->processes),
        .pooled = catalog_pooled(&supervisor->catalog),
        .modules = supervisor->catalog.count,
        .templates = catalog_templates(&supervisor->catalog),
        .users = supervisor->users.count,
        .tombstones = supervisor->tombstones.count,
        .descriptors = count_descriptors(),
        .uptime_ms = (uint64_t)(clock_now_ms() - supervisor->started_ms),
    };
    json_t *object = control_answer_ok();

    supervisor->counters.events = events_last(&supervisor->events);
    supervisor->counters.events_lost = supervisor->events.lost;
    if (object)
        put(object, "stats",
            counters_json(&gauges, &supervisor->counters,
                          control_counters(question->control)));
    answer(question->call, object);
}

static void told_doctor(void *context, const struct primitive_report *report,
                        const char *text)
{
    if (report)
        answer(context, doctor_answer(report));
    else
        answer_error(context, SP_ESYSTEM, text);
}

void op_doctor(const struct question *question)
{
    doctor_ask(&question->control->doctor, told_doctor, question->call);
}
