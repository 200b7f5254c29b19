/* SPDX-License-Identifier: MIT */
/* sp/client.h - talk to sessions, each of which is an OS process of its own.
 *
 *     struct sp_client *client;
 *     struct sp_result *result = sp_result_new();
 *
 *     if (sp_client_open(NULL, &client) != SP_OK) ...
 *     if (sp_start(client, "alice", NULL, NULL, 0, result) != SP_OK) ...
 *     if (sp_call(client, "alice", "incr n", 6, SP_TIMEOUT_DEFAULT, result)
 *         == SP_OK)
 *         fwrite(sp_result_data(result), 1, sp_result_size(result), stdout);
 *     else
 *         fprintf(stderr, "%s\n", sp_result_text(result));
 *
 * Link with -lsp: cc program.c $(pkg-config --cflags --libs libsp)
 *
 * Conventions, true of every function unless its comment says otherwise:
 *
 * - Threads: any number of threads may use one client at once.  A result, an
 *   info, a supervisor and a list of anything belong to one thread at a time.
 * - Returns: SP_OK or an error of <sp/error.h>.  An out parameter is written on
 *   SP_OK only.
 * - client: belongs to the process that opened it: in a process that was
 *   forked from that one every function with it is SP_EFORKED and sends
 *   nothing.  Such a process opens a client of its own.  No supervisor on its
 *   runtime directory: SP_ENOSUP.  Where there is no timeout, the supervisor's
 *   answer is waited for up to SP_TIMEOUT_DEFAULT (15 s): SP_ETIMEDOUT.  Who
 *   answers is not the directory's owner, or does not serve this user:
 *   SP_EPERM; breaks the protocol: SP_EPROTO.  Of this process's own doing:
 *   SP_ENOMEM, SP_ESYSTEM.  A NULL client, or a NULL where bytes are promised,
 *   is SP_EINVAL.
 * - id: a session ID, NUL-terminated; one that is not valid (<sp/id.h>) is
 *   SP_EBADID and nothing is sent.
 * - timeout_ms: in milliseconds from the call, on the monotonic clock, 0 to
 *   INT_MAX, or SP_TIMEOUT_INFINITE; another negative number is SP_EINVAL.
 *   When it has passed: SP_ETIMEDOUT.
 * - result: NULL, or what is overwritten, whatever the outcome: see struct
 *   sp_result in sp_client(3).
 */
#ifndef SP_CLIENT_H
#define SP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include <sp/error.h>
#include <sp/id.h>
#include <sp/version.h>

#define SP_TIMEOUT_DEFAULT 15000 /* ms, as GenServer.call's in Elixir is 5 s
                                  * and Phoenix.SessionProcess's 15 s */
#define SP_TIMEOUT_INFINITE (-1)

/* The environment variable that names the runtime directory. */
#define SP_RUNTIME_DIR_ENV "SP_RUNTIME_DIR"
/* The environment variable that names the channel: "local" or "nng". */
#define SP_CHANNEL_ENV "SP_CHANNEL"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- result ---------------------------------------------------------------
 *
 * What became of one operation.  One result can be used for any number of
 * operations, one after the other; each overwrites it and ends the life of
 * the pointers read from it.
 *
 * result: one of sp_result_new(), or what a callback is given; not NULL. */
struct sp_result;

/* How far a request got.  Meaningful for sp_call and sp_cast. */
enum sp_progress {
    SP_PROGRESS_NOT_SENT, /* the session has not run it and never will: it is
                           * safe to send it again */
    SP_PROGRESS_SENT,     /* the session may have run it, in part or in full */
    SP_PROGRESS_ANSWERED, /* the session ran it and answered */
};

/* Makes a result: empty (SP_OK, no data), or NULL if there is no memory.  The
 * caller frees it with sp_result_free(). */
struct sp_result *sp_result_new(void);

/* Frees a result and what it holds.
 * result: NULL is allowed. */
void sp_result_free(struct sp_result *result);

/* The outcome of an operation.
 * Returns: the same that its function returned. */
enum sp_error sp_result_error(const struct sp_result *result);

/* The outcome in words, printable UTF-8 of at most SP_TEXT_MAX bytes: the
 * module's or the supervisor's own text where there is one ("no such key: n"),
 * else sp_strerror().  Never NULL.  Valid until the result is used again. */
const char *sp_result_text(const struct sp_result *result);

/* The reply's bytes.  Never NULL; a NUL that does not count follows them.
 * Valid until the result is used again. */
const void *sp_result_data(const struct sp_result *result);

/* The number of bytes of the reply; 0 if there is none. */
size_t sp_result_size(const struct sp_result *result);

/* Takes the reply's bytes out of the result, which then holds none.  A NUL that
 * does not count follows them.  The caller frees them with free().  NULL if
 * there is no memory.
 * out_size: their number; NULL is allowed. */
void *sp_result_take(struct sp_result *result, size_t *out_size);

/* How far the request got. */
enum sp_progress sp_result_progress(const struct sp_result *result);

/* What the session died of, after SP_EDIED: in the supervisor's words, as
 * "killed by SIGSEGV in a call after 3 ms"; sp_result_text() has it too.  ""
 * when that is not known.  Never NULL.  Valid until the result is used
 * again. */
const char *sp_result_cause(const struct sp_result *result);

/* The session's process ID, after sp_start(), sp_session_pid(), sp_restart()
 * and sp_wait(); 0 when it is not known, or there is none. */
pid_t sp_result_pid(const struct sp_result *result);

/* ---- client ------------------------------------------------------------- */

/* A connection to one supervisor and its sessions.  Sockets are opened as they
 * are needed and kept for reuse. */
struct sp_client;

/* Opens a client.  The caller closes it with sp_client_close().  That a
 * supervisor answers is not checked: see sp_ping().  `where` names the
 * supervisor:
 *
 *   NULL             $SP_RUNTIME_DIR; else /run/libsp as root,
 *                    $XDG_RUNTIME_DIR/libsp or /tmp/libsp-UID otherwise
 *   /a/directory     that runtime directory
 *   ipc:///a/dir     that runtime directory, over nng's own sockets
 *
 * The channel is nng where the URL or SP_CHANNEL=nng says so, else local: the
 * scalability protocols spoken on the sessions' own Unix sockets, without
 * threads.
 *
 * SP_EINVAL: not such a name, a path of more than 33 bytes, or an SP_CHANNEL
 * that is neither "local" nor "nng".
 * SP_ENOSUP: there is no such directory.
 * SP_EPERM: the directory is not to be trusted: it is a symbolic link, belongs
 * to somebody who is neither root nor the caller, or lets others in.
 * sp_client_diagnose() says which.
 * SP_ENOMEM, SP_ESYSTEM. */
enum sp_error sp_client_open(const char *where, struct sp_client **out_client);

/* Explains why sp_client_open(where) fails now, in one line for people.
 * where: as for sp_client_open().
 * out_text, size: where the line is written to, always NUL-terminated, and how
 * many bytes there are, at least 1.
 * Returns: the error that sp_client_open() would return. */
enum sp_error sp_client_diagnose(const char *where, char *out_text,
                                 size_t size);

/* Closes the client, its sockets and all that it owns.
 * client: NULL is allowed.  In a process that was forked from its own nothing
 * is done: the sockets close with exec or exit.
 * Threads: no other thread may be using it. */
void sp_client_close(struct sp_client *client);

/* How a client sends. */
enum sp_client_flag {
    /* One order holds for calls and casts to a session: a call sees what every
     * cast before it has done.  So it is over the local channel anyway.  Over
     * nng a client has one message under way to each session then: a cast waits
     * until its handler has had it, and the next message for that; what becomes
     * of a cast is known better, its progress being SP_PROGRESS_ANSWERED where
     * that is so, and it can fail with the errors of sp_call().  What waits for
     * a call that takes long, waits. */
    SP_ORDERED = 1,
};

/* Sets how a client sends from now on, also by the asynchronous clients that
 * are made of it from now on.
 * flags: those of enum sp_client_flag, or 0.
 * SP_EINVAL: there is no such flag.
 * Threads: no other thread may be using it. */
enum sp_error sp_client_set_flags(struct sp_client *client, unsigned flags);

/* The largest reply of a session that a client takes unless set, in bytes: four
 * times a request's default limit (max_message), so that a module may answer
 * with more than it was asked. */
#define SP_REPLY_MAX (64 * 1024 * 1024)

/* Sets the largest reply of a session that a client takes: by the connections
 * that it makes from now on, and by those of the asynchronous clients that are
 * made of it from now on.  A session that answers with a larger one is not
 * listened to any more: SP_EPROTO (over nng SP_EDIED), and what was sent may
 * have run.  Memory is taken for what has come, not for what was announced.
 * bytes: of the reply's body; SP_REPLY_MAX unless set.
 * SP_EINVAL: less than 4,096, or more than 2 GiB.
 * SP_EFORKED.
 * Threads: no other thread may be using it. */
enum sp_error sp_client_set_reply_max(struct sp_client *client, size_t bytes);

/* The runtime directory of a client.  Valid as long as the client.
 * client: not NULL. */
const char *sp_client_runtime_dir(const struct sp_client *client);

/* ---- sessions ----------------------------------------------------------- */

/* Starts a session: one new process, found by its ID from then on.
 * module: its module's name; NULL for the supervisor's default module.
 * arg, arg_size: any bytes for the module's init, up to the supervisor's
 * max_arg (64 KiB unless configured); NULL and 0 for none.
 *
 * SP_OK: init has succeeded; sp_result_pid() is the process.
 * SP_EALREADY: there is a session of this ID; sp_result_pid() is its process.
 * Nothing was started and no budget spent.
 * SP_EIGNORED: init declined.
 * SP_EINIT: init failed; the text is init's own.
 * SP_EMODULE, SP_ELOAD, SP_ELIMIT.
 * SP_EMSGSIZE: arg is larger than that. */
enum sp_error sp_start(struct sp_client *client, const char *id,
                       const char *module, const void *arg, size_t arg_size,
                       struct sp_result *result);

/* How to start a session that is not there yet: see sp_start().  All fields may
 * be left 0. */
struct sp_spec {
    const char *module;
    const void *arg;
    size_t arg_size;
};

/* Sees to it that there is a session of this ID: starts one as sp_start() would
 * if there is none.  However many callers ask at once, one session is started,
 * with the spec of one of them.  The errors are those of sp_start() without
 * SP_EALREADY.
 * spec: NULL stands for one that is all 0.
 *
 * SP_OK: there is one; sp_result_pid() is its process, 0 when it has none at
 * this moment.  If somebody else has just started it, its init may not have
 * succeeded yet; what it is sent waits.
 * SP_EIGNORED, SP_EINIT, SP_EMODULE, SP_ELOAD, SP_ELIMIT, SP_EMSGSIZE (arg). */
enum sp_error sp_ensure(struct sp_client *client, const char *id,
                        const struct sp_spec *spec, struct sp_result *result);

/* Whether there is a session of this ID (also while it starts, restarts or
 * stops; not when the supervisor only remembers one).
 * SP_OK: *out_started says. */
enum sp_error sp_started(struct sp_client *client, const char *id,
                         bool *out_started, struct sp_result *result);

/* The process ID of a session.
 * SP_OK: *out_pid is it; 0 for a session that has no process at this moment
 * (it is being restarted).
 * SP_ENOENT: there is no such session. */
enum sp_error sp_session_pid(struct sp_client *client, const char *id,
                             pid_t *out_pid, struct sp_result *result);

/* Ends a session for good and waits until it is gone.  Its module's terminate
 * runs; after the stop deadline (5 s) the process is killed.
 * SP_ENOENT: there is no such session. */
enum sp_error sp_terminate(struct sp_client *client, const char *id,
                           struct sp_result *result);

/* Ends a session by its process ID, as sp_terminate() does.
 * SP_ENOENT: no session has this process ID. */
enum sp_error sp_terminate_pid(struct sp_client *client, pid_t pid,
                               struct sp_result *result);

/* ---- managing sessions --------------------------------------------------
 *
 * SP_ENOENT: there is no such session; the text says how it ended if there was
 * one. */

/* Ends a session as sp_terminate() does, but lets it first finish what it has
 * been sent; nothing new reaches it from then on.  Waits until it is gone:
 * the supervisor gives it drain_timeout (30 s unless configured) and then its
 * stop deadline.
 * SP_ETIMEDOUT: not gone yet; it goes on ending. */
enum sp_error sp_drain(struct sp_client *client, const char *id, int timeout_ms,
                       struct sp_result *result);

/* Ends a session's process and starts a fresh one with the same argument, and
 * waits until that is ready, up to twice SP_TIMEOUT_DEFAULT.  It does not count
 * as a crash.
 * SP_OK: sp_result_pid() is the new process.
 * SP_EINIT: its init failed; the text is init's own, and the supervisor goes on
 * as after a crash. */
enum sp_error sp_restart(struct sp_client *client, const char *id,
                         struct sp_result *result);

/* Stops a session's process where it is (SIGSTOP), until sp_resume(): it uses
 * no CPU, and what it is sent waits.
 * SP_OK: also if it is paused already, or is not.
 * SP_EAGAIN: it has no process at this moment that could be. */
enum sp_error sp_pause(struct sp_client *client, const char *id,
                       struct sp_result *result);
enum sp_error sp_resume(struct sp_client *client, const char *id,
                        struct sp_result *result);

/* Sends a signal to a session's process, and to no other that might have its
 * number by then.  A module that handles it not may die of it.
 * signal: its name, "USR1" or "SIGUSR1".
 * SP_EINVAL: there is no such signal.
 * SP_EAGAIN: the session has no process at this moment. */
enum sp_error sp_signal(struct sp_client *client, const char *id,
                        const char *signal, struct sp_result *result);

/* Begins a session's idle time anew, as a request would. */
enum sp_error sp_touch(struct sp_client *client, const char *id,
                       struct sp_result *result);

/* What sp_wait() waits for. */
enum sp_wait {
    SP_WAIT_READY,     /* it has a process that has finished its init */
    SP_WAIT_GONE,      /* there is no such session */
    SP_WAIT_RESTARTED, /* it is ready in another process than it was in when
                        * sp_wait() was called; if it was in none (it waited
                        * for its restart), in its next */
};

/* Waits until a session is ready, gone or restarted; at once if it is so
 * already.  The timeout is the supervisor's to keep; its answer is waited for
 * beyond it, up to SP_TIMEOUT_DEFAULT.  Whoever waits asks once a minute, and
 * no restart falls between two questions.
 * Over nng, one client asks up to 16 questions at once: when 16 threads wait,
 * its other questions to the supervisor wait for one of them.  Wait with a
 * client of its own there.
 * SP_OK: sp_result_pid() is the process, 0 when it is gone.
 * SP_ETIMEDOUT: it is not so yet; with a timeout of 0 this is a question about
 * now.
 * SP_ENOENT: what was to be ready or restarted is not there, or is gone
 * meanwhile.
 * SP_ELIMIT: too many wait for this supervisor already. */
enum sp_error sp_wait(struct sp_client *client, const char *id,
                      enum sp_wait what, int timeout_ms,
                      struct sp_result *result);

/* Waits until a session is ready in another process than this one: as
 * sp_wait() for SP_WAIT_RESTARTED, for who knows the process that is to be
 * replaced, and did something about it before.
 * pid: the process; at once if the session is ready in another already.
 * SP_EINVAL: pid is less than 2. */
enum sp_error sp_wait_replaced(struct sp_client *client, const char *id,
                               pid_t pid, int timeout_ms,
                               struct sp_result *result);

/* ---- talking to sessions ------------------------------------------------ */

/* Sends a request and waits for the reply, which is then the result's data.
 *
 * SP_EREPLY: the module answered with an error; the text is its own.
 * SP_EREQUEST: the module does not know this request.
 * SP_ENOENT: there is no such session.
 * SP_EDIED: the session's process ended meanwhile; known at once.
 * sp_result_progress() says whether the request may have run.  A request that
 * has certainly not run is sent once more, within the timeout, before this is
 * reported.  (Of nng nobody learns what a process that ended had left unread:
 * what is on its way to one over nng may have run.)  The supervisor is then asked what the session died of, for up to
 * 200 ms of the timeout: sp_result_cause().
 * SP_EENDED: this very request ran in an earlier process of the session and
 * ended that, so the session does not run it again.  (libsp sends nothing
 * twice that may have run; who lets nng resend a request is told this.)  The
 * progress is SP_PROGRESS_SENT: it has run, and not to its end.
 * SP_ETIMEDOUT: no reply in time.  The request may still run; its reply is
 * dropped and never taken for that of another call.
 * SP_EAGAIN: the session's queue of connections is full.
 * SP_EMSGSIZE: larger than the module's max_message (16 MiB unless
 * configured). */
enum sp_error sp_call(struct sp_client *client, const char *id,
                      const void *request, size_t size, int timeout_ms,
                      struct sp_result *result);

/* Sends a message and does not wait for it to be handled.  It waits up to
 * SP_TIMEOUT_DEFAULT for room in the session's queue.  A large message that has
 * found room for only a part of it by then ends its connection: what is sent
 * afterwards is in no order with what was sent before.
 * SP_OK: it is in the session's queue, in order behind all that this client has
 * sent to this session before, and closing the client does not lose it.  (Over
 * nng, casts are in order with casts, but with calls only by SP_ORDERED.)
 * SP_ENOENT: there is no such session, unlike a cast in Elixir.
 * SP_ETIMEDOUT: there was no room in time.
 * SP_EAGAIN: the session's queue of connections is full.
 * SP_EMSGSIZE: larger than the channel carries. */
enum sp_error sp_cast(struct sp_client *client, const char *id,
                      const void *message, size_t size,
                      struct sp_result *result);

/* Calls a session that is started first if there is none: sp_call(), and
 * sp_ensure() within the timeout.  That comes into play only where sp_call()
 * would report SP_ENOENT, so to a session that is there it costs what that
 * costs.  The errors are those of both.
 * spec: how to start it; NULL: it is not started.
 * SP_EREPLY, SP_EREQUEST, SP_EDIED, SP_EENDED, SP_EAGAIN, SP_EMSGSIZE.
 * SP_EIGNORED, SP_EINIT, SP_EMODULE, SP_ELOAD, SP_ELIMIT.
 * SP_ENOENT: only where spec is NULL. */
enum sp_error sp_call_with(struct sp_client *client, const char *id,
                           const struct sp_spec *spec, const void *request,
                           size_t size, int timeout_ms,
                           struct sp_result *result);

/* Casts to a session that is started first if there is none: sp_cast(), and
 * sp_ensure(), as sp_call_with() does it.  The errors are those of both.
 * spec: how to start it; NULL: it is not started.
 * timeout_ms: how long to wait for room in the session's queue, in
 * milliseconds, as elsewhere.  With 0 it does not wait; a message that is
 * larger than the queue (some 200 KiB) never finds room so, and ends the
 * connection for nothing.
 * SP_ETIMEDOUT: there was no room in time.
 * SP_EAGAIN: with a timeout of 0, there was no room.  (Over nng, which queues
 * for itself, it may then also be reported of a message that arrives: a timeout
 * of 0 is for the local channel.)
 * SP_EIGNORED, SP_EINIT, SP_EMODULE, SP_ELOAD, SP_ELIMIT, SP_EMSGSIZE.
 * SP_ENOENT: only where spec is NULL. */
enum sp_error sp_cast_with(struct sp_client *client, const char *id,
                           const struct sp_spec *spec, const void *message,
                           size_t size, int timeout_ms,
                           struct sp_result *result);

/* Writes a session's address, "ipc:///run/libsp/sessions/alice", and its NUL.
 * Any program that speaks nng's REQ, PUSH or SUB can dial it.  Whether the
 * session exists is not checked, and nothing is sent.
 * client: whose sessions they are.
 * out_url, size: where it is written to, and how many bytes there are.
 * SP_EMSGSIZE: size is too small; SP_URL_MAX + 1 is enough.
 * SP_EINVAL: a NULL.
 * SP_EFORKED. */
#define SP_URL_MAX 127
enum sp_error sp_session_url(struct sp_client *client, const char *id,
                             char *out_url, size_t size);

/* ---- talking to many sessions -------------------------------------------- */

/* Sessions of those that the supervisor lists at the time: all that are of this
 * module (NULL: of any) and whose IDs match this pattern (NULL: any), which is
 * one of fnmatch(3): `*` stands for any characters, `?` for one, `[a-f]` for
 * one of these, `[!a-f]` for one that is none of these.  At most
 * SP_PATTERN_MAX bytes. */
#define SP_PATTERN_MAX 255
struct sp_choice {
    const char *module;
    const char *pattern;
};

/* What came of a broadcast, for each of the chosen sessions, in the order of
 * their IDs. */
struct sp_answers;

/* Sends the same request to each of the chosen sessions, or the same message,
 * as sp_call() and sp_cast() do to one, and waits until it is known what came
 * of each.  Sessions are independent: none waits for another, and what fails at
 * one is that one's alone.  Where a program's limits leave room for some at a
 * time (1,024 connections, 256 MiB of messages and answers), the others take
 * their turns.
 *
 * SP_OK: the answers say what came of each; they may be none.  An answer's
 * error is that of sp_call() or sp_cast(); SP_ETIMEDOUT with
 * SP_PROGRESS_NOT_SENT also if it had no turn within the timeout; SP_ENOMEM
 * with SP_PROGRESS_ANSWERED if what all have answered is too much.
 * Else it is not known which sessions there are, and nothing was sent:
 * SP_ENOSUP, SP_ETIMEDOUT, SP_EMSGSIZE, SP_ENOMEM, SP_ESYSTEM.
 * What is sent here goes by connections of its own: in no order with what the
 * client sends otherwise.  The caller frees the answers with
 * sp_answers_free(). */
enum sp_error sp_call_all(struct sp_client *client,
                          const struct sp_choice *choice, const void *request,
                          size_t size, int timeout_ms,
                          struct sp_answers **out_answers,
                          struct sp_result *result);
enum sp_error sp_cast_all(struct sp_client *client,
                          const struct sp_choice *choice, const void *message,
                          size_t size, int timeout_ms,
                          struct sp_answers **out_answers,
                          struct sp_result *result);

void sp_answers_free(struct sp_answers *answers); /* NULL is allowed */
size_t sp_answers_count(const struct sp_answers *answers);
/* how many of them are errors */
size_t sp_answers_failed(const struct sp_answers *answers);
/* index is less than the count; strings and data live as long as the answers */
const char *sp_answers_id(const struct sp_answers *answers, size_t index);
/* as sp_result_error(), sp_result_progress(), sp_result_text(),
 * sp_result_data() and sp_result_size(), but that no NUL follows the data */
enum sp_error sp_answers_error(const struct sp_answers *answers, size_t index);
enum sp_progress sp_answers_progress(const struct sp_answers *answers,
                                     size_t index);
const char *sp_answers_text(const struct sp_answers *answers, size_t index);
const void *sp_answers_data(const struct sp_answers *answers, size_t index);
size_t sp_answers_size(const struct sp_answers *answers, size_t index);

/* ---- what there is ------------------------------------------------------ */

/* What the supervisor knows of one session, at the time of asking.  A number
 * that it does not tell is 0, a text "". */
struct sp_session_info;

/* How a process of a session ended. */
struct sp_session_end;

/* Asks the supervisor what it knows of a session.  The caller frees the info
 * with sp_info_free().
 * SP_OK: also for a session that is gone and that the supervisor remembers, for
 * a while (tombstone_time): its state is then "gone", sp_info_fate() says why,
 * and its numbers are those of its end.
 * SP_ENOENT: nothing is known of such a session. */
enum sp_error sp_info(struct sp_client *client, const char *id,
                      struct sp_session_info **out_info,
                      struct sp_result *result);

/* Frees an info that sp_info() has given.  One that is part of a list is the
 * list's.
 * info: NULL is allowed. */
void sp_info_free(struct sp_session_info *info);

/* What is known of a session.  All strings live as long as the info, or the
 * list that it is part of. */
/* its ID, and the name of its module */
const char *sp_info_id(const struct sp_session_info *info);
const char *sp_info_module(const struct sp_session_info *info);
/* one of "starting", "running", "restarting", "backoff" (waits for its
 * restart), "stopping" or "gone" */
const char *sp_info_state(const struct sp_session_info *info);
/* whether sp_pause() has stopped it */
bool sp_info_paused(const struct sp_session_info *info);
/* its process ID; 0 when it has no process at this moment */
pid_t sp_info_pid(const struct sp_session_info *info);
/* the user who started it; (uid_t)-1 when the supervisor does not tell */
uid_t sp_info_uid(const struct sp_session_info *info);
/* times it was restarted since sp_start() */
unsigned sp_info_restarts(const struct sp_session_info *info);
/* milliseconds since sp_start(), on the supervisor's monotonic clock */
unsigned long long sp_info_age_ms(const struct sp_session_info *info);
/* why its last process ended, as "killed by SIGSEGV"; "" if none has */
const char *sp_info_last_end(const struct sp_session_info *info);

/* What is known of a session in detail.  It is told by sp_info() and
 * sp_list_detailed(); in a list of sp_list() it is 0, "" and NULL.  All strings
 * and the end live as long as the info, or the list that it is part of. */
/* milliseconds since its last call or cast; 0 while it is busy */
unsigned long long sp_info_idle_ms(const struct sp_session_info *info);
/* of its present process: calls and casts handled, calls without a reply yet,
 * subscribers to its events, lines of its log that were too many */
unsigned long long sp_info_calls(const struct sp_session_info *info);
unsigned long long sp_info_casts(const struct sp_session_info *info);
unsigned sp_info_waiting(const struct sp_session_info *info);
unsigned sp_info_subscribers(const struct sp_session_info *info);
unsigned long long sp_info_log_dropped(const struct sp_session_info *info);
/* what it is doing now, as "a call", and for how many milliseconds; "" and 0
 * when it is idle */
const char *sp_info_doing(const struct sp_session_info *info);
unsigned long long sp_info_doing_ms(const struct sp_session_info *info);
/* CPU time of its present process in milliseconds, and its resident memory in
 * KiB */
unsigned long long sp_info_cpu_ms(const struct sp_session_info *info);
unsigned long long sp_info_memory_kb(const struct sp_session_info *info);
/* what confines that process, as the kernel tells: the tier's name, a colon,
 * and more in words; "" without a process */
const char *sp_info_sandbox(const struct sp_session_info *info);
/* how its last process ended; NULL if none has */
const struct sp_session_end *sp_info_end(const struct sp_session_info *info);
/* of a session that is gone: why, in words, and how many milliseconds ago */
const char *sp_info_fate(const struct sp_session_info *info);
unsigned long long sp_info_gone_ms(const struct sp_session_info *info);

/* How a process of a session ended.  All strings live as long as the info that
 * the end is part of. */
/* in words, as "killed by SIGSEGV in a call after 3 ms" */
const char *sp_end_text(const struct sp_session_end *end);
/* its exit status, or the number of the signal that killed it */
int sp_end_code(const struct sp_session_end *end);
/* the name of that signal, as "SIGSEGV"; "" when it exited */
const char *sp_end_signal(const struct sp_session_end *end);
/* whether it left a core file */
bool sp_end_core(const struct sp_session_end *end);
/* the limit that it hit, as "call_limit"; "" for none */
const char *sp_end_limit(const struct sp_session_end *end);
/* why the supervisor ended it, as "stop" or "idle_timeout"; "" if it did not */
const char *sp_end_asked(const struct sp_session_end *end);
/* who asked for it: (uid_t)-1 and 0 for nobody */
uid_t sp_end_by_uid(const struct sp_session_end *end);
pid_t sp_end_by_pid(const struct sp_session_end *end);
/* the session's own reason, from its module */
const char *sp_end_reason(const struct sp_session_end *end);
/* how long the process lived, the CPU time that it took, its largest resident
 * memory in KiB, and how long ago that was */
unsigned long long sp_end_lived_ms(const struct sp_session_end *end);
unsigned long long sp_end_cpu_ms(const struct sp_session_end *end);
unsigned long long sp_end_peak_kb(const struct sp_session_end *end);
unsigned long long sp_end_ago_ms(const struct sp_session_end *end);
/* what it was doing, and for how long; "" and 0 when it was idle */
const char *sp_end_doing(const struct sp_session_end *end);
unsigned long long sp_end_doing_ms(const struct sp_session_end *end);
/* what it had handled */
unsigned long long sp_end_calls(const struct sp_session_end *end);
unsigned long long sp_end_casts(const struct sp_session_end *end);

/* All sessions, in the order of their IDs (as strcmp has it). */
struct sp_session_list;

/* Asks the supervisor for all sessions.  The caller frees the list with
 * sp_list_free(). */
enum sp_error sp_list(struct sp_client *client,
                      struct sp_session_list **out_list,
                      struct sp_result *result);

/* Asks the supervisor for all sessions in detail: all that sp_info() tells of
 * each.  Of many it takes longer.  The caller frees the list with
 * sp_list_free(). */
enum sp_error sp_list_detailed(struct sp_client *client,
                               struct sp_session_list **out_list,
                               struct sp_result *result);

/* Frees a list of sessions and reads it.  What is read belongs to it.
 * index: less than the count. */
/* frees it, and all that was read from it; NULL is allowed */
void sp_list_free(struct sp_session_list *list);
/* how many sessions it has, and one of them */
size_t sp_list_count(const struct sp_session_list *list);
const struct sp_session_info *sp_list_at(const struct sp_session_list *list,
                                         size_t index);

/* The modules that the supervisor offers, in the order of their names. */
struct sp_module_list;

/* Asks the supervisor for its modules.  The caller frees them with
 * sp_modules_free(). */
enum sp_error sp_modules(struct sp_client *client,
                         struct sp_module_list **out_modules,
                         struct sp_result *result);

/* Frees a list of modules and reads it.  Strings live as long as the list.
 * index: less than the count. */
/* frees it; NULL is allowed */
void sp_modules_free(struct sp_module_list *modules);
/* how many there are */
size_t sp_modules_count(const struct sp_module_list *modules);
/* the name of one, its file, and whether it is the default module */
const char *sp_modules_name(const struct sp_module_list *modules, size_t index);
const char *sp_modules_path(const struct sp_module_list *modules, size_t index);
bool sp_modules_is_default(const struct sp_module_list *modules, size_t index);
/* the sessions of this module now */
unsigned sp_modules_sessions(const struct sp_module_list *modules,
                             size_t index);

/* Asks the supervisor for a sign of life.
 * SP_OK: the result's data is its version, as "0.1.0", and sp_result_pid() its
 * process. */
enum sp_error sp_ping(struct sp_client *client, struct sp_result *result);

/* Has the supervisor read its configuration anew, whole or not at all.
 * Sessions that are there keep what they were started with.
 * out_changed, out_added, out_removed: how many modules changed, came and went;
 * NULL is allowed for each.
 * SP_EINVAL: the text names file and line; nothing has changed. */
enum sp_error sp_reload(struct sp_client *client, unsigned *out_changed,
                        unsigned *out_added, unsigned *out_removed,
                        struct sp_result *result);

/* What the supervisor counts since it was started, in its own order. */
struct sp_stat_list;

/* Asks the supervisor for what it counts.  The caller frees the list with
 * sp_stats_free(). */
enum sp_error sp_stats(struct sp_client *client,
                       struct sp_stat_list **out_stats,
                       struct sp_result *result);

/* Frees a list of numbers and reads it.  Strings live as long as the list.
 * index: less than the count. */
/* frees it; NULL is allowed */
void sp_stats_free(struct sp_stat_list *stats);
/* how many there are */
size_t sp_stats_count(const struct sp_stat_list *stats);
/* the name of one, and the number */
const char *sp_stats_name(const struct sp_stat_list *stats, size_t index);
unsigned long long sp_stats_value(const struct sp_stat_list *stats,
                                  size_t index);
/* what it counts, in one line */
const char *sp_stats_help(const struct sp_stat_list *stats, size_t index);

/* What there is on the supervisor's machine to confine sessions with: each
 * primitive of the kernel, and whether the tiers of the sandbox can be kept. */
struct sp_diagnosis;

/* Has the supervisor try what the machine has to confine sessions with.  The
 * caller frees the diagnosis with sp_doctor_free().
 * client: NULL for where there is no supervisor; the spd that belongs to this
 * library is then run to try them, as the user of this process, and ends again.
 * SP_ESYSTEM: they could not be tried.
 * SP_ENOSUP, SP_ETIMEDOUT, SP_EPERM, SP_EPROTO, SP_ENOMEM, SP_EFORKED. */
enum sp_error sp_doctor(struct sp_client *client,
                        struct sp_diagnosis **out_doctor,
                        struct sp_result *result);

/* Frees a diagnosis and reads it.  Strings live as long as the diagnosis.
 * index: less than the count of primitives, or of tiers. */
/* frees it; NULL is allowed */
void sp_doctor_free(struct sp_diagnosis *doctor);
/* how many primitives there are, and the name of one */
size_t sp_doctor_count(const struct sp_diagnosis *doctor);
const char *sp_doctor_name(const struct sp_diagnosis *doctor, size_t index);
/* "present", "absent" or "unknown" */
const char *sp_doctor_state(const struct sp_diagnosis *doctor, size_t index);
/* the tier that needs it first, or in words who else: "a setting" */
const char *sp_doctor_needed_by(const struct sp_diagnosis *doctor,
                                size_t index);
/* what was found, as "ABI 7" or "unshare: EPERM"; may be "" */
const char *sp_doctor_detail(const struct sp_diagnosis *doctor, size_t index);
/* what follows where it is not present, and what to do; "" where it is */
const char *sp_doctor_follows(const struct sp_diagnosis *doctor, size_t index);
/* the tiers, from the least to the most */
size_t sp_doctor_tiers(const struct sp_diagnosis *doctor);
const char *sp_doctor_tier(const struct sp_diagnosis *doctor, size_t index);
/* whether it can be kept, and else the names of what it lacks, with ", "
 * between them */
bool sp_doctor_kept(const struct sp_diagnosis *doctor, size_t index);
const char *sp_doctor_lacks(const struct sp_diagnosis *doctor, size_t index);

/* ---- what happens -------------------------------------------------------
 *
 * The supervisor keeps the last events of the lives of sessions: start, ready,
 * crash, restart, stop, expiry, give_up, refusal and violation; of a template,
 * violations alone.  PROTOCOL.md says when each comes. */
struct sp_event_list;
struct sp_event;

/* Asks the supervisor for the events that it keeps, oldest first.  To follow
 * what happens, ask on with sp_events_next() as `after`.  As with sp_wait(),
 * the answer is waited for beyond the timeout.  The caller frees the events
 * with sp_events_free().
 * id: of one session; NULL: of all.  Another that is not valid is SP_EBADID.
 * after: those with a number above this; 0: all.
 * timeout_ms: if there are none, how long to wait for the first one, in
 * milliseconds, as elsewhere; 0: not at all.  Then it is SP_OK, and no events;
 * a negative number but SP_TIMEOUT_INFINITE is SP_EINVAL. */
enum sp_error sp_events(struct sp_client *client, const char *id,
                        unsigned long long after, int timeout_ms,
                        struct sp_event_list **out_events,
                        struct sp_result *result);

/* Frees a list of events and reads it.  Events belong to their list.
 * index: less than the count. */
/* frees it, and its events; NULL is allowed */
void sp_events_free(struct sp_event_list *events);
/* how many there are, and one of them */
size_t sp_events_count(const struct sp_event_list *events);
const struct sp_event *sp_events_at(const struct sp_event_list *events,
                                    size_t index);
/* the highest number of all events so far, other sessions' included */
unsigned long long sp_events_next(const struct sp_event_list *events);

/* What is told of an event.  Strings live as long as the events that it is part
 * of, but for the JSON. */
/* its number: 1, 2, ... of this supervisor; a gap: some are no longer kept, or
 * of others */
unsigned long long sp_event_seq(const struct sp_event *event);
/* milliseconds since the epoch, on the clock of the wall */
unsigned long long sp_event_time_ms(const struct sp_event *event);
/* "start", "ready", ... */
const char *sp_event_name(const struct sp_event *event);
/* "": it is of no session, but of its module's template */
const char *sp_event_id(const struct sp_event *event);
const char *sp_event_module(const struct sp_event *event);
/* the process that it is about; 0: none */
pid_t sp_event_pid(const struct sp_event *event);
/* more about it, in words; "" if there is no more */
const char *sp_event_text(const struct sp_event *event);
/* the whole of it as one line of JSON, without a newline; PROTOCOL.md says what
 * keys it has.  The caller frees it with free().  NULL: no memory. */
char *sp_event_json(const struct sp_event *event);

/* ---- a supervisor of one's own ------------------------------------------ */

/* An spd that runs as a child of this process and ends with it. */
struct sp_supervisor;

/* Starts spd and waits until it accepts requests.  The caller ends it with
 * sp_supervisor_stop().
 * runtime_dir: NULL for the default (see sp_client_open()).
 * config: a configuration file, or NULL for none.
 * spd: the path of the spd program; NULL for the one installed with libsp: for
 * libsp.so beside it, for libsp.a where it was configured to be.
 *
 * spd ends in order, with all its sessions, when sp_supervisor_stop() is
 * called and when this process ends in any way.  Between fork and exec only
 * async-signal-safe functions are called, so it may be used in a threaded
 * program.  The child is this process's to wait for: a program that reaps all
 * its children, or ignores SIGCHLD, cannot be told spd's exit status, which
 * does no other harm.
 *
 * SP_ESYSTEM: it could not be run, or exited, or was not ready within
 * SP_TIMEOUT_DEFAULT; the result's text says which.  What spd itself has to say
 * about it is on standard error, which it shares with this process.
 * SP_EINVAL, SP_ENOMEM. */
enum sp_error sp_supervisor_start(const char *runtime_dir, const char *config,
                                  const char *spd,
                                  struct sp_supervisor **out_supervisor,
                                  struct sp_result *result);

/* Ends spd and its sessions in order, waits until it is gone, and frees the
 * handle.
 * supervisor: NULL is allowed. */
void sp_supervisor_stop(struct sp_supervisor *supervisor);

/* spd's process ID. */
pid_t sp_supervisor_pid(const struct sp_supervisor *supervisor);

#ifdef __cplusplus
}
#endif
#endif
