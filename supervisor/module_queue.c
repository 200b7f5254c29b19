/* SPDX-License-Identifier: MIT */
/* The requests of a module to fork: those that wait to be sent to the template,
 * and those that wait for its answer. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fdpass.h"
#include "base/magic.h"
#include "module_own.h"
#include "wire/template.h"

#define REQUESTS_A_TURN 32
#define SHORTAGE_PAUSE_MS 20

/* It is not to be asked about any more. */
static void question_over(struct module *module, struct module_request *request)
{
    module->questions -= request->in_question;
    request->in_question = false;
}

static void request_move(struct module *module, struct module_request *request,
                         struct request_list *to)
{
    question_over(module, request);
    if (request->list)
        TAILQ_REMOVE(request->list, request, link);
    request->list = to;
    if (to)
        TAILQ_INSERT_TAIL(to, request, link);
}

void module_renew_if_due(struct module *module)
{
    if (module->state == TEMPLATE_READY && TAILQ_EMPTY(&module->inflight) &&
        module_template_due(module))
        module_end_template(module);
}

void module_forget(struct module *module, struct module_request *request)
{
    request_move(module, request, NULL);
    free(request);
    module_renew_if_due(module);
}

void module_fail_waiting(struct module *module, enum sp_error error,
                         const char *text)
{
    struct module_request *request;
    unsigned count = 0;

    TAILQ_FOREACH (request, &module->waiting, link)
        count++;
    while (count-- > 0 && (request = TAILQ_FIRST(&module->waiting)))
        process_unborn(request->process, error, text);
}

/* Others will give back what there is too little of. */
static bool is_shortage(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOMEM ||
           error == ENOBUFS || error == ETOOMANYREFS;
}

/* 0; -1 and errno: it still waits. */
static int request_send(struct module *module, struct module_request *request)
{
    if (process_send(request->process, module->control_fd, request->serial) < 0)
        return -1;
    request_move(module, request, &module->inflight);
    module->forks++;
    return 0;
}

static void pause_pump(struct module *module)
{
    static const struct timeval pause = {0, SHORTAGE_PAUSE_MS * 1000};

    evtimer_add(&module->retry, &pause);
}

/* -1: later; if the template has ended, its exit is coming. */
static int ask(struct module *module, const struct module_request *request)
{
    struct fork_record question = {.serial = request->serial};

    if (fdpass_send(module->control_fd, &question, sizeof question, NULL, 0) ==
        0)
        return 0;
    pause_pump(module);
    return -1;
}

void module_ask(struct module *module, struct module_request *request)
{
    if (module->state != TEMPLATE_READY || request->in_question ||
        ask(module, request) == 0)
        return;
    request->in_question = true;
    module->questions++;
}

/* Those that could not be asked at once. */
static void ask_again(struct module *module)
{
    struct module_request *request;

    TAILQ_FOREACH (request, &module->inflight, link) {
        if (!request->in_question)
            continue;
        if (ask(module, request) < 0)
            return;
        question_over(module, request);
    }
}

void module_pump(struct module *module)
{
    struct module_request *request;
    unsigned sent = 0;

    if (module->state == TEMPLATE_READY && module->questions > 0)
        ask_again(module);
    module_renew_if_due(module);
    while (module->state == TEMPLATE_READY && !module_template_due(module) &&
           (request = TAILQ_FIRST(&module->waiting))) {
        if (sent++ == REQUESTS_A_TURN) {
            event_add(&module->writable, NULL);
            return;
        }
        if (request_send(module, request) == 0) {
            continue;
        } else if (errno == EAGAIN) {
            event_add(&module->writable, NULL);
            return;
        } else if (errno == EPIPE || errno == ECONNRESET) {
            return; /* its exit is coming; its successor is asked */
        } else if (is_shortage(errno)) {
            pause_pump(module);
            return;
        } else {
            char text[160];

            snprintf(text, sizeof text, "no process can be asked for: %s",
                     strerrordesc_np(errno));
            process_unborn(request->process, SP_ESYSTEM, text);
        }
    }
}

/* The socket has room, or the pause is over. */
static void on_pump(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    module_pump(MAGIC_CAST(module, MODULE_MAGIC, arg));
}

struct module_request *module_find_inflight(const struct module *module,
                                            uint32_t serial)
{
    struct module_request *request;

    TAILQ_FOREACH (request, &module->inflight, link)
        if (request->serial == serial)
            return request;
    return NULL;
}

void module_answered(struct module *module, struct module_request *request)
{
    request_move(module, request, NULL);
    module_renew_if_due(module);
}

bool module_owes_answer(const struct module_request *request)
{
    return request->list != NULL;
}

/* Nothing more is sent before the next template is ready, so that this comes to
 * an end. */
void module_orphan_inflight(struct module *module)
{
    struct module_request *request;

    while ((request = TAILQ_FIRST(&module->inflight))) {
        request_move(module, request, NULL);
        process_orphaned(request->process);
    }
}

/* A pool is no reason to have none.  -1 and errno. */
static int have_template(struct module *module)
{
    const struct process_table *table = module->table;

    while (module_spawn_template(module) < 0)
        if (errno != EAGAIN || !table->give_back(table->context))
            return -1;
    return 0;
}

int module_resubmit(struct module *module, struct module_request *request)
{
    bool first = TAILQ_EMPTY(&module->waiting);

    if (module->state == TEMPLATE_ABSENT && have_template(module) < 0)
        return -1;
    request->serial = module->next_serial++;
    request_move(module, request, &module->waiting);
    if (module->state != TEMPLATE_READY)
        return 0;
    /* what is to be said of a failure is said from the loop: the caller does
     * not have its process yet */
    if (!first || module_template_due(module) ||
        request_send(module, request) < 0)
        module_pump_soon(module);
    return 0;
}

struct module_request *module_submit(struct module *module,
                                     struct process *process)
{
    struct module_request *request = calloc(1, sizeof *request);

    if (!request)
        return NULL;
    request->process = process;
    if (module_resubmit(module, request) < 0) {
        free(request);
        return NULL;
    }
    return request;
}

void module_pump_soon(struct module *module)
{
    event_add(&module->writable, NULL);
}

/* ---- its events ---- */

void module_queue_init(struct module *module)
{
    TAILQ_INIT(&module->waiting);
    TAILQ_INIT(&module->inflight);
    evtimer_assign(&module->retry, module->base, on_pump, module);
}

void module_queue_open(struct module *module)
{
    event_assign(&module->writable, module->base, module->control_fd, EV_WRITE,
                 on_pump, module);
}

void module_queue_close(struct module *module)
{
    event_del(&module->writable);
    event_del(&module->retry);
}
