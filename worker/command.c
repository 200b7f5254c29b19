/* SPDX-License-Identifier: MIT */
/* init starts the program; a call or cast is one exchange with it, and terminate
 * has it end.  The handlers wait for the program, as another module's compute:
 * so watchdog, order, back-pressure and the cause of death are as with every
 * module. */
#define _GNU_SOURCE
#include "command.h"

#include <errno.h>
#include <event2/event.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "program/exchange.h"
#include "program/program.h"
#include "program/relay.h"
#include "report.h"
#include "session.h"

/* From the end of its input until it is sent SIGTERM. */
#define HANG_UP_MS 1000
/* Who has closed a pipe has ended by then, or goes on. */
#define END_MS 1000

/* What a template is told once, and its sessions inherit. */
static struct {
    struct sandbox *sandbox; /* borrowed */
    enum framing framing;
    char *const *argv; /* borrowed; the program's, argv[0] its path */
    struct interpreter_files files;
} orders;

struct command {
    struct sp_session *session; /* borrowed */
    struct program program;
    struct relay relay;
    struct exchange exchange;
    struct event *ended;  /* owned; SIGCHLD */
    struct event *output; /* owned; it writes, or closes, unasked */
    struct event *errors; /* owned */
};

/* ---- the template ---- */

int command_prepare(char *const argv[], struct sandbox *sandbox,
                    char *out_text, size_t text_size)
{
    orders.sandbox = sandbox;
    orders.argv = argv + 1;
    if (!argv[0] || !argv[1] || !framing_parse(argv[0], &orders.framing)) {
        snprintf(out_text, text_size, "sp-worker: not a framing and a program");
        return -1;
    }
    return interpreter_find(argv[1], &orders.files, out_text, text_size);
}

const struct interpreter_files *command_files(void)
{
    return &orders.files;
}

/* ---- the end of the program ---- */

/* In words; "" while it goes on. */
static void describe_end(const struct program *program, char *out, size_t size)
{
    const char *name = sigabbrev_np(program->signal);

    if (!program->ended)
        snprintf(out, size, "%s", "");
    else if (program->signal == 0)
        snprintf(out, size, "the program exited with status %d",
                 program->status);
    else
        snprintf(out, size, "the program was killed by SIG%s",
                 name ? name : "?");
}

/* As the program ended by a signal, so does the session: spd then knows of a
 * forbidden system call, a limit, a crash, what it knows of every session.
 * Returns if it was no signal, or if it may not. */
static void die_likewise(const struct program *program)
{
    int number = program->signal;
    sigset_t set;

    if (!program->ended || number == 0)
        return;
    sigemptyset(&set);
    sigaddset(&set, number);
    signal(number, SIG_DFL);
    raise(number);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
}

/* In a handler: what the program was asked is what has ended it, and is known
 * to spd by that it was never answered. */
static _Noreturn void end_in_handler(struct command *command, const char *text)
{
    relay_finish(&command->relay);
    die_likewise(&command->program);
    program_kill(&command->program);
    report_last_words(command->session->slot, text);
    _exit(WORKER_EXIT_FAILED);
}

/* Between two of them. */
static void end_between(struct command *command, const char *text)
{
    const struct program *program = &command->program;

    relay_finish(&command->relay);
    die_likewise(program);
    session_end(command->session,
                program->ended && program->signal == 0 && program->status == 0
                    ? SP_END_NORMAL
                    : SP_END_FAILED,
                text);
}

/* ---- in the loop ---- */

static void on_child(evutil_socket_t number, short what, void *arg)
{
    struct command *command = arg;
    char text[128];

    (void)number;
    (void)what;
    if (!program_reap(&command->program) || command->session->ending)
        return;
    describe_end(&command->program, text, sizeof text);
    end_between(command, text);
}

static void on_output(evutil_socket_t fd, short what, void *arg)
{
    struct command *command = arg;
    char byte;

    (void)what;
    event_del(command->output);
    if (read(fd, &byte, 1) > 0)
        end_between(command, "the program wrote without being asked");
    else if (!program_wait(&command->program, END_MS))
        end_between(command, "the program closed its standard output");
    else
        on_child(SIGCHLD, EV_SIGNAL, command);
}

static void on_errors(evutil_socket_t fd, short what, void *arg)
{
    struct command *command = arg;

    (void)fd;
    (void)what;
    relay_take(&command->relay);
    if (!command->relay.open)
        event_del(command->errors);
}

static void tell(void *context, const char *line)
{
    sp_log(context, "%s", line);
}

static bool watch(struct command *command)
{
    struct event_base *base = sp_session_base(command->session);

    command->ended = evsignal_new(base, SIGCHLD, on_child, command);
    command->output = event_new(base, command->program.output,
                                EV_READ | EV_PERSIST, on_output, command);
    command->errors = event_new(base, command->program.errors,
                                EV_READ | EV_PERSIST, on_errors, command);
    return command->ended && command->output && command->errors &&
           event_add(command->ended, NULL) == 0 &&
           event_add(command->output, NULL) == 0 &&
           event_add(command->errors, NULL) == 0;
}

/* It may have ended before that. */
static void look_once(struct command *command)
{
    event_active(command->ended, EV_SIGNAL, 0);
}

/* ---- its start ---- */

enum { VARIABLES = 5 };

struct environment {
    char *variables[VARIABLES + 1]; /* owned; NULL behind them */
};

static void environment_fini(struct environment *environment)
{
    for (int i = 0; i < VARIABLES; i++)
        free(environment->variables[i]);
}

static int environment_init(struct environment *environment,
                            const struct sp_session *session, const void *arg,
                            size_t size)
{
    char **variables = environment->variables;

    memset(environment, 0, sizeof *environment);
    variables[0] = strdup("PATH=" INTERPRETER_PATH);
    variables[1] = strdup("HOME=/");
    variables[2] = strdup("LANG=C.UTF-8");
    if (asprintf(&variables[3], "SP_SESSION_ID=%s", sp_session_id(session)) <
            0 ||
        asprintf(&variables[4], "SP_ARGUMENT=%.*s", (int)size,
                 (const char *)arg) < 0 ||
        !variables[0] || !variables[1] || !variables[2]) {
        environment_fini(environment);
        return -1;
    }
    return 0;
}

static enum sp_init run(struct command *command, const void *arg, size_t size)
{
    struct environment environment;
    char text[SP_TEXT_MAX + 1];
    int started;

    if (environment_init(&environment, command->session, arg, size) < 0) {
        sp_init_error(command->session, "out of memory");
        return SP_INIT_FAIL;
    }
    started = program_start(&command->program, orders.argv,
                            environment.variables, orders.sandbox, text,
                            sizeof text);
    if (started < 0)
        sp_init_error(command->session, "%s", text);
    environment_fini(&environment);
    return started < 0 ? SP_INIT_FAIL : SP_INIT_OK;
}

static enum sp_init command_init(struct sp_session *session, const void *arg,
                                 size_t size, void **out_state)
{
    struct command *command = calloc(1, sizeof *command);

    if (!command) {
        sp_init_error(session, "out of memory");
        return SP_INIT_FAIL;
    }
    if (size > 0 && memchr(arg, '\0', size)) {
        sp_init_error(session, "the argument has a NUL byte: a program gets it "
                               "in its environment");
        return SP_INIT_FAIL;
    }
    command->session = session;
    if (run(command, arg, size) != SP_INIT_OK)
        return SP_INIT_FAIL;
    relay_init(&command->relay, command->program.errors, tell, session);
    exchange_init(&command->exchange, &command->program, &command->relay,
                  orders.framing, session->max_message);
    if (!watch(command)) {
        sp_init_error(session, "out of memory");
        return SP_INIT_FAIL;
    }
    look_once(command);
    *out_state = command;
    return SP_INIT_OK;
}

/* ---- messages ---- */

static void say_why(struct command *command, enum exchanged outcome, char *out,
                    size_t size)
{
    switch (outcome) {
    case EXCHANGED_REPLY:
        return;
    case EXCHANGED_END:
        if (program_wait(&command->program, END_MS))
            describe_end(&command->program, out, size);
        else
            snprintf(out, size,
                     "the program closed its standard input or output");
        return;
    case EXCHANGED_TOO_LONG:
        snprintf(out, size, "the program's reply is longer than max_message, "
                            "%zu bytes",
                 command->exchange.max);
        return;
    case EXCHANGED_SURPLUS:
        snprintf(out, size, "the program wrote more than one reply");
        return;
    case EXCHANGED_NOMEM:
        snprintf(out, size, "no memory for the program's reply");
        return;
    }
}

/* Returns with a reply, or not at all. */
static void ask(struct command *command, const void *message, size_t size,
                const void **out_reply, size_t *out_size)
{
    enum exchanged outcome =
        exchange_ask(&command->exchange, message, size, out_reply, out_size);
    char text[160];

    if (outcome == EXCHANGED_REPLY)
        return;
    say_why(command, outcome, text, sizeof text);
    end_in_handler(command, text);
}

#define NEWLINE                                                                \
    "a message with a newline in it cannot be told from two; framing = "       \
    "length can"

static enum sp_handled command_call(struct sp_session *session, void *state,
                                    struct sp_call *call, const void *request,
                                    size_t size)
{
    struct command *command = state;
    const void *reply;
    size_t reply_size;

    (void)session;
    if (!framing_holds(orders.framing, request, size))
        return sp_reply_error(call, "%s", NEWLINE);
    ask(command, request, size, &reply, &reply_size);
    return sp_reply(call, reply, reply_size);
}

static void command_cast(struct sp_session *session, void *state,
                         const void *message, size_t size)
{
    struct command *command = state;
    const void *reply;
    size_t reply_size;

    if (framing_holds(orders.framing, message, size))
        ask(command, message, size, &reply, &reply_size);
    else
        sp_log(session, "a cast was dropped: %s", NEWLINE);
}

/* ---- its end ---- */

/* Whether there may be more. */
static bool drop_output(const struct program *program)
{
    char bytes[4096];
    ssize_t got = read(program->output, bytes, sizeof bytes);

    return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
}

/* What it writes meanwhile is taken from it: with full pipes it might not end.
 * False: it goes on. */
static bool await_end(struct command *command, int timeout_ms)
{
    const struct program *program = &command->program;
    int64_t deadline = deadline_after(timeout_ms);
    bool writes = true;

    while (!program_reap(&command->program)) {
        struct pollfd polled[] = {
            {.fd = program->pidfd, .events = POLLIN},
            {.fd = writes ? program->output : -1, .events = POLLIN},
            {.fd = command->relay.open ? program->errors : -1,
             .events = POLLIN},
        };

        if (poll(polled, sizeof polled / sizeof polled[0],
                 deadline_left(deadline)) == 0)
            return false;
        if (polled[1].revents)
            writes = drop_output(program);
        if (polled[2].revents)
            relay_take(&command->relay);
    }
    return true;
}

static void command_terminate(struct sp_session *session, void *state,
                              enum sp_end end, const char *text)
{
    struct command *command = state;

    (void)session;
    (void)end;
    (void)text;
    event_free(command->ended);
    event_free(command->output);
    event_free(command->errors);
    program_hang_up(&command->program);
    if (!await_end(command, HANG_UP_MS)) {
        program_terminate(&command->program);
        await_end(command, -1); /* for as long as stop_timeout allows */
    }
    relay_finish(&command->relay);
}

const struct sp_module command_module = {
    .abi = SP_MODULE_ABI,
    .name = "command",
    .init = command_init,
    .handle_call = command_call,
    .handle_cast = command_cast,
    .terminate = command_terminate,
};
