/* SPDX-License-Identifier: MIT */
/* sp/module.h - write the logic of sessions in C or C++.
 *
 * A module is a shared object with one SP_MODULE(...).  The supervisor loads
 * it once; each session is a process of its own that runs this code with one
 * state.  The functions below are called from that process's only thread,
 * one at a time, never one inside another.
 *
 *     static enum sp_init greet_init(struct sp_session *session,
 *                                    const void *arg, size_t size,
 *                                    void **out_state)
 *     { ... *out_state = ...; return SP_INIT_OK; }
 *
 *     static enum sp_handled greet_call(struct sp_session *session,
 *                                       void *state, struct sp_call *call,
 *                                       const void *request, size_t size)
 *     { return sp_reply(call, "hello", 5); }
 *
 *     SP_MODULE(.name = "greet", .init = greet_init, .handle_call = greet_call);
 *
 * Build with cc -shared -fPIC module.c $(pkg-config --cflags libsp), and link
 * no library: the functions of this header, sp_strerror(), sp_error_name() and
 * sp_id_valid() are found in the process that loads the module.
 *
 * What to know about the process:
 * - Sessions are forks of one process that has loaded the module.  What the
 *   module computes before the fork (in a constructor) is shared, copy on
 *   write; it must not start a thread there: such a module is refused.
 * - The sessions of a module share the addresses of libraries and the state
 *   of rand(): seed what must differ from sp_session_id() and getrandom().
 * - The environment is empty, the working directory is /, standard input is
 *   /dev/null, and standard output and error become log lines of the
 *   supervisor.
 * - SIGPIPE is ignored, and is to stay so: where it is not, a client that goes
 *   before its reply ends the session.
 * - exit() and _exit() are abnormal ends; sp_session_stop() is the way out.
 *   Behind terminate nothing of the module's runs, neither what was given to
 *   atexit() nor destructors; standard output is flushed.
 * - A process that the module forks shares nothing with the supervisor: it may
 *   call sp_log() and exec, but must not return from the handler nor use the
 *   other functions below.
 * - A pointer to bytes that a handler is given lives until it returns.
 *
 * Conventions, of all functions here:
 *
 * - Threads: all are for the thread that handlers are called in: not for a
 *   second one, nor for a signal handler.
 * - session: the session that this process is, as handlers are given it.
 * - call: one that handle_call was given and that is not answered yet.
 * - data, size: the bytes, which are copied, and how many; any, also none.
 * - format: as printf's.
 */
#ifndef SP_MODULE_H
#define SP_MODULE_H

#include <stddef.h>

#include <sp/error.h>
#include <sp/id.h>

#ifdef __cplusplus
extern "C" {
#endif

struct event_base; /* libevent's */

/* The session that this process is.  One, from init to the end. */
struct sp_session;

/* One call that waits for its reply. */
struct sp_call;

/* ---- what a module provides --------------------------------------------- */

enum sp_init {
    SP_INIT_OK,     /* the session runs */
    SP_INIT_IGNORE, /* do not start it, and that is no failure */
    SP_INIT_FAIL,   /* it cannot start; say why with sp_init_error() */
};

enum sp_handled {
    SP_HANDLED, /* answered: by sp_reply() or sp_reply_error() */
    SP_LATER,   /* the module keeps the call and answers it some time */
    SP_UNKNOWN, /* not a request of this module: the runtime answers
                 * SP_EREQUEST */
};

/* Why a session ends, as its terminate is told. */
enum sp_end {
    SP_END_STOP,     /* somebody asked for it: sp_terminate(), spctl stop */
    SP_END_SHUTDOWN, /* the supervisor is stopping */
    SP_END_NORMAL,   /* the module did: sp_session_stop(SP_END_NORMAL) */
    SP_END_FAILED,   /* the module did: sp_session_stop(SP_END_FAILED) */
    SP_END_EXPIRED,  /* it was idle, or lived, for as long as it may */
    SP_END_RECYCLE,  /* a fresh process takes over with the same argument:
                      * sp_restart(), max_calls or max_memory_recycle (after a
                      * reply or a cast, while no call waits for its reply) */
    SP_END_LAST = SP_END_RECYCLE
};

struct sp_module {
    unsigned abi;     /* SP_MODULE_ABI, set by SP_MODULE */
    const char *name; /* for logs and lists; not NULL */

    /* Makes the session's state from the argument that it was started with;
     * the same argument again when it is restarted.  Optional: without it the
     * state is NULL. */
    enum sp_init (*init)(struct sp_session *session, const void *arg,
                         size_t size, void **out_state);

    /* Answers a request.  Optional: without it every request is unknown. */
    enum sp_handled (*handle_call)(struct sp_session *session, void *state,
                                   struct sp_call *call, const void *request,
                                   size_t size);

    /* Takes a message that wants no reply.  Optional: without it messages are
     * dropped. */
    void (*handle_cast)(struct sp_session *session, void *state,
                        const void *message, size_t size);

    /* A timer of sp_timer_start() has run out.  Optional. */
    void (*handle_timer)(struct sp_session *session, void *state, int timer);

    /* The session ends: write back, free.  It has the stop deadline (5 s) for
     * it.  text says more, "" if there is nothing to say.  Not called when the
     * process crashes or is killed.  Optional. */
    void (*terminate)(struct sp_session *session, void *state, enum sp_end end,
                      const char *text);
};

/* The contract of this header; a module built for another is refused. */
#define SP_MODULE_ABI 1u

/* The one symbol that is looked up in a module. */
#define SP_MODULE_SYMBOL "sp_module_definition"
__attribute__((visibility("default"))) extern const struct sp_module
    sp_module_definition;

/* Once in each module: SP_MODULE(.name = "greet", .init = greet_init);  The
 * fields are to be in the order above (C++ wants that). */
#define SP_MODULE(...)                                                         \
    const struct sp_module sp_module_definition = {.abi = SP_MODULE_ABI,       \
                                                   __VA_ARGS__}

/* ---- for handlers ------------------------------------------------------- */

#pragma GCC visibility push(default) /* modules find them by name */

/* The session's own ID.  NUL-terminated.  Valid as long as the process. */
const char *sp_session_id(const struct sp_session *session);

/* The libevent base that the session runs on, for the module's own I/O.  It is
 * the session's, and valid as long as the process. */
struct event_base *sp_session_base(struct sp_session *session);

/* Says why init fails, before it returns SP_INIT_FAIL: the text that
 * sp_start()'s caller gets, of which the first SP_TEXT_MAX bytes count. */
__attribute__((format(printf, 2, 3))) void
sp_init_error(struct sp_session *session, const char *format, ...);

/* Answers a call: the bytes are copied, the call is over, the pointer is dead.
 * From any function of the module, in or after handle_call.  A reply to a
 * client that has gone is dropped.
 * Returns: SP_HANDLED, so that a handler can say `return sp_reply(...)`. */
enum sp_handled sp_reply(struct sp_call *call, const void *data, size_t size);

/* Answers a call with an error: the caller's sp_call() returns SP_EREPLY and
 * this text, of which the first SP_TEXT_MAX bytes count.  As with sp_reply()
 * the call is over.
 * Returns: SP_HANDLED. */
__attribute__((format(printf, 2, 3))) enum sp_handled
sp_reply_error(struct sp_call *call, const char *format, ...);

/* Ends the session after the handler that calls this: what was answered is
 * sent, terminate is called, the process exits.
 * end: SP_END_NORMAL, it is over for good; SP_END_FAILED, it ended abnormally
 * and the supervisor restarts it, within its budget.  Other values are taken as
 * SP_END_FAILED.
 * reason: one line for the log and for terminate, which is copied; NULL for
 * none. */
void sp_session_stop(struct sp_session *session, enum sp_end end,
                     const char *reason);

/* Starts one of the session's timers, for handle_timer.  One of this number
 * that runs is started anew.
 * timer: its number, which the module chooses, 0 to SP_TIMERS - 1.
 * delay_ms: when it runs out, in milliseconds from now, on the monotonic clock.
 * repeat_ms: it runs out again every so many milliseconds; 0: once.
 * Returns: SP_OK, or an error.
 * SP_EINVAL: no such number.
 * SP_ENOMEM. */
#define SP_TIMERS 64
enum sp_error sp_timer_start(struct sp_session *session, int timer,
                             unsigned delay_ms, unsigned repeat_ms);

/* Stops one of the session's timers.
 * timer: its number; one that does not run, or is out of range, is ignored. */
void sp_timer_stop(struct sp_session *session, int timer);

/* Sends a message to every SUB peer of the session; the first bytes are what
 * subscribers filter by.  A peer that does not keep up loses messages, which
 * the runtime counts; a subscriber of <sp/async.h>'s is told how many. */
void sp_session_emit(struct sp_session *session, const void *data, size_t size);

/* Writes one line to the supervisor's log, which puts session ID, process and
 * module before it. */
__attribute__((format(printf, 2, 3))) void
sp_log(struct sp_session *session, const char *format, ...);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif
#endif
