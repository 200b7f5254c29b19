/* SPDX-License-Identifier: MIT */
/* What a template says, record by record.  All of it is hostile: but for the
 * first of them, a stranger's code has run in who says it. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/fdpass.h"
#include "base/log.h"
#include "base/magic.h"
#include "base/text.h"
#include "module_own.h"
#include "wire/template.h"

#define RECORDS_A_TURN 64

/* Of what it sends on its control socket. */
static void violation(struct module *module, const char *what)
{
    module_violation(module, module->brood.number, what);
}

/* As the kernel counts; 0 if it cannot be read. */
static unsigned count_threads(pid_t pid)
{
    unsigned threads = 0;
    char line[256];
    char path[64];
    FILE *status;

    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    status = fopen(path, "re");
    if (!status)
        return 0;
    while (fgets(line, sizeof line, status))
        if (sscanf(line, "Threads: %u", &threads) == 1)
            break;
    fclose(status);
    return threads;
}

static void load_failed(struct module *module, const char *text)
{
    char full[SP_TEXT_MAX + 1];
    char printable[SP_TEXT_MAX + 1];

    text_printable(printable, sizeof printable, text, strlen(text));
    snprintf(full, sizeof full, "module %s: %.900s", module_name(module),
             printable);
    log_warn("%s", full);
    /* its own words come before the general ones of the kill */
    module_fail_waiting(module, SP_ELOAD, full);
    module_kill_template(module);
}

static bool is_strict(const struct module *module)
{
    return module_settings(module)->sandbox == SANDBOX_STRICT;
}

/* It comes before the module has been loaded: who sends it is our own code.
 * The kernel's stamp is its pid. */
static void take_holder(struct module *module, pid_t pid)
{
    if (!is_strict(module) || generation_has_holder(module->generation) ||
        !process_is_new_child(module->table, pid))
        violation(module, "a holder that is none");
    else if (generation_set_holder(module->generation, pid) < 0)
        load_failed(module, "the holder of its pid namespace cannot be "
                            "watched");
    else
        module_child_known(module, module->brood.number);
}

static void take_loaded(struct module *module)
{
    unsigned threads = count_threads(module->pid);

    if (is_strict(module) && !generation_has_holder(module->generation)) {
        violation(module, "\"loaded\" without a holder");
        return;
    }
    if (threads != 1) {
        char text[160];

        snprintf(text, sizeof text,
                 "refused: loading it started a thread (there are %u), and "
                 "threads do not survive a fork",
                 threads);
        load_failed(module, text);
        return;
    }
    event_del(&module->deadline);
    module->state = TEMPLATE_READY;
    log_debug("module %s: loaded (pid %d)", module_name(module),
              (int)module->pid);
    /* a constructor's children may live: no SIGCHLD tells of them */
    module->table->on_stray(module->table->context);
    module_pump(module);
    pool_stir(&module->pool);
}

/* Its holder has been killed: a pid namespace that is ending takes no process,
 * and ends only when all that were in it have been reaped.  The next template
 * has another one.  (If there is no memory, that one says so again.) */
static void namespace_full(struct module *module,
                           struct module_request *request)
{
    struct process *process = request->process;

    module_answered(module, request);
    module_end_template(module);
    process_orphaned(process);
}

/* A request that was given up meanwhile is known no more: its number must at
 * least be one that was sent. */
static void take_answer(struct module *module,
                        const struct template_record *record)
{
    struct module_request *request =
        module_find_inflight(module, record->serial);

    if (!request) {
        if (record->serial >= module->next_serial)
            violation(module, "an answer to nothing");
    } else if (record->type == TEMPLATE_FORKED) {
        module_answered(module, request);
        process_forked(request->process);
    } else if (record->value == ENOMEM && is_strict(module)) {
        namespace_full(module, request);
    } else {
        process_fork_failed(request->process, record->value);
    }
}

static void take_record(struct module *module,
                        const struct template_record *record, pid_t sender)
{
    bool loading = module->state == TEMPLATE_LOADING;

    if (record->type != TEMPLATE_HOLDER && sender != module->pid) {
        violation(module, "a record by another process");
        return;
    }
    switch ((enum template_message)record->type) {
    case TEMPLATE_HOLDER:
        if (loading)
            take_holder(module, sender);
        else
            violation(module, "a holder after \"loaded\"");
        return;
    case TEMPLATE_LOADED:
        if (loading)
            take_loaded(module);
        else
            violation(module, "\"loaded\" a second time");
        return;
    case TEMPLATE_FAILED:
        if (loading)
            load_failed(module, record->text);
        else
            violation(module, "\"failed\" after \"loaded\"");
        return;
    case TEMPLATE_FORKED:
    case TEMPLATE_FORK_FAILED:
        if (loading)
            violation(module, "an answer before \"loaded\"");
        else
            take_answer(module, record);
        return;
    }
}

void module_read_records(evutil_socket_t fd, short what, void *arg)
{
    struct module *module = MAGIC_CAST(module, MODULE_MAGIC, arg);

    (void)what;
    for (int i = 0; i < RECORDS_A_TURN && (module->state == TEMPLATE_LOADING ||
                                           module->state == TEMPLATE_READY);
         i++) {
        struct template_record record;
        pid_t sender;
        ssize_t got = fdpass_recv_stamped(fd, &record, sizeof record, &sender);

        if (got < 0 && errno == EAGAIN)
            return;
        if (got == 0 || (got < 0 && errno != EPROTO)) {
            event_del(&module->readable); /* its exit is coming */
            return;
        }
        if (got > 0 && template_record_valid(&record, (size_t)got))
            take_record(module, &record, sender);
        else
            violation(module, "a malformed record");
        if (module->state == TEMPLATE_READY && TAILQ_EMPTY(&module->inflight))
            return; /* no more is awaited */
    }
}

void module_settle(struct module *module)
{
    module_read_records(module->control_fd, EV_READ, module);
}

void module_load_late(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    load_failed(MAGIC_CAST(module, MODULE_MAGIC, arg),
                "it did not load within init_timeout");
}
