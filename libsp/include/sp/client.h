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
 * Conventions, true of every function unless its comment says otherwise:
 *
 * - Thread-safe: any number of threads may use one client at once.  A result,
 *   an info and a list belong to one thread at a time.
 * - A function that can fail returns SP_OK or an error of <sp/error.h>.  An
 *   out parameter is written on SP_OK only.
 * - A `result` parameter may be NULL.  Otherwise it is overwritten, whatever
 *   the outcome: see struct sp_result.
 * - A session ID is a NUL-terminated string; one that is not valid
 *   (<sp/id.h>) is SP_EBADID and nothing is sent.  A NULL client, or a NULL
 *   where bytes are promised, is SP_EINVAL.
 * - A timeout is in milliseconds from the call, on the monotonic clock, 0 to
 *   INT_MAX, or SP_TIMEOUT_INFINITE; another negative number is SP_EINVAL.
 *   Functions without one wait up to SP_TIMEOUT_DEFAULT for the supervisor.
 *   When it has passed: SP_ETIMEDOUT.
 * - No supervisor on the runtime directory: SP_ENOSUP.
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
 * the pointers read from it. */
struct sp_result;

/* How far a request got.  Meaningful for sp_call and sp_cast. */
enum sp_progress {
    SP_PROGRESS_NOT_SENT, /* the session has not run it and never will: it is
                           * safe to send it again */
    SP_PROGRESS_SENT,     /* the session may have run it, in part or in full */
    SP_PROGRESS_ANSWERED, /* the session ran it and answered */
};

/* A new, empty result (SP_OK, no data), or NULL if there is no memory.  The
 * caller frees it with sp_result_free(). */
struct sp_result *sp_result_new(void);

/* Frees a result and what it holds.  NULL is allowed. */
void sp_result_free(struct sp_result *result);

/* The outcome, the same that the function returned. */
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

/* Takes the reply's bytes out of the result, which then holds none.  The
 * caller frees them with free().  NULL if there is no memory. */
void *sp_result_take(struct sp_result *result, size_t *out_size);

/* How far the request got. */
enum sp_progress sp_result_progress(const struct sp_result *result);

/* The session's process ID, after sp_start() and sp_session_pid(); 0 when it
 * is not known. */
pid_t sp_result_pid(const struct sp_result *result);

/* ---- client ------------------------------------------------------------- */

/* A connection to one supervisor and its sessions.  Sockets are opened as they
 * are needed and kept for reuse. */
struct sp_client;

/* Opens a client.  `where` names the supervisor:
 *
 *   NULL             $SP_RUNTIME_DIR; else /run/libsp as root,
 *                    $XDG_RUNTIME_DIR/libsp or /tmp/libsp-UID otherwise
 *   /a/directory     that runtime directory
 *   ipc:///a/dir     that runtime directory, over nng's own sockets
 *
 * The channel is nng where the URL or SP_CHANNEL=nng says so, else local: the
 * scalability protocols spoken on the sessions' own Unix sockets, without
 * threads.  SP_EINVAL: not such a name, a path of more than 33 bytes, or an
 * SP_CHANNEL that is neither "local" nor "nng".
 * SP_ENOSUP: there is no such directory.  SP_EPERM: the directory is not to be
 * trusted: it is a symbolic link, belongs to somebody who is neither root nor
 * the caller, or lets others in.  `sp_client_diagnose()` says which.
 * That a supervisor answers is not checked: see sp_ping(). */
enum sp_error sp_client_open(const char *where, struct sp_client **out_client);

/* Explains why sp_client_open(where) fails now, in one line for people, to
 * out_text (always NUL-terminated; size at least 1).  Returns the error. */
enum sp_error sp_client_diagnose(const char *where, char *out_text,
                                 size_t size);

/* Closes the client, its sockets and all that it owns.  No other thread may be
 * using it.  NULL is allowed. */
void sp_client_close(struct sp_client *client);

/* The runtime directory of the client.  Valid as long as the client. */
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
 * SP_EIGNORED: init declined.  SP_EINIT: init failed; the text is init's own.
 * SP_EMODULE, SP_ELOAD, SP_ELIMIT, SP_EMSGSIZE (arg), SP_EPERM. */
enum sp_error sp_start(struct sp_client *client, const char *id,
                       const char *module, const void *arg, size_t arg_size,
                       struct sp_result *result);

/* Whether there is a session of this ID (also while it starts, restarts or
 * stops).  SP_OK: *out_started says. */
enum sp_error sp_started(struct sp_client *client, const char *id,
                         bool *out_started, struct sp_result *result);

/* The process ID of a session; SP_ENOENT without one, and *out_pid = 0 for a
 * session that has no process at this moment (it is being restarted). */
enum sp_error sp_session_pid(struct sp_client *client, const char *id,
                             pid_t *out_pid, struct sp_result *result);

/* Ends a session for good and waits until it is gone.  Its module's terminate
 * runs; after the stop deadline (5 s) the process is killed.  SP_ENOENT. */
enum sp_error sp_terminate(struct sp_client *client, const char *id,
                           struct sp_result *result);

/* The same for the session whose process this is.  SP_ENOENT: no session has
 * this process ID. */
enum sp_error sp_terminate_pid(struct sp_client *client, pid_t pid,
                               struct sp_result *result);

/* Sends a request and waits for the reply, which is then the result's data.
 *
 * SP_EREPLY: the module answered with an error; the text is its own.
 * SP_EREQUEST: the module does not know this request.
 * SP_EDIED: the session's process ended meanwhile; known at once.
 * sp_result_progress() says whether the request may have run.  A request that
 * has certainly not run is sent once more, within the timeout, before this is
 * reported.
 * SP_ETIMEDOUT: no reply in time.  The request may still run; its reply is
 * dropped and never taken for that of another call.
 * SP_EAGAIN: the session's queue of connections is full.
 * SP_EMSGSIZE: larger than the module's max_message (16 MiB unless configured).
 * SP_ENOENT, SP_EPROTO, SP_ENOMEM, SP_ESYSTEM. */
enum sp_error sp_call(struct sp_client *client, const char *id,
                      const void *request, size_t size, int timeout_ms,
                      struct sp_result *result);

/* Sends a message and does not wait for it to be handled.  SP_OK: it is in the
 * session's queue, in order behind all that this client has sent to this
 * session before, and closing the client does not lose it.  (Over nng, casts
 * are in order with casts, but not with calls.)  Unlike a cast in Elixir it
 * says SP_ENOENT when there is no such session.
 * It waits up to SP_TIMEOUT_DEFAULT for room in the queue.  A large message
 * that has found room for only a part of it by then ends its connection: what
 * is sent afterwards is in no order with what was sent before. */
enum sp_error sp_cast(struct sp_client *client, const char *id,
                      const void *message, size_t size,
                      struct sp_result *result);

/* Writes the session's address, "ipc:///run/libsp/sessions/alice", and its NUL
 * to out_url.  Any program that speaks nng's REQ, PUSH or SUB can dial it.
 * Whether the session exists is not checked.  SP_EMSGSIZE: size is too small;
 * SP_URL_MAX + 1 is enough. */
#define SP_URL_MAX 127
enum sp_error sp_session_url(struct sp_client *client, const char *id,
                             char *out_url, size_t size);

/* ---- what there is ------------------------------------------------------ */

/* What the supervisor knows of one session, at the time of asking. */
struct sp_session_info;

/* SP_ENOENT without such a session.  The caller frees the info with
 * sp_info_free(). */
enum sp_error sp_info(struct sp_client *client, const char *id,
                      struct sp_session_info **out_info,
                      struct sp_result *result);

void sp_info_free(struct sp_session_info *info); /* NULL is allowed */

/* All strings live as long as the info or the list that it is part of. */
const char *sp_info_id(const struct sp_session_info *info);
const char *sp_info_module(const struct sp_session_info *info);
/* "starting", "running", "stopping" or "backoff" (waits for its restart) */
const char *sp_info_state(const struct sp_session_info *info);
/* 0 when it has no process at this moment */
pid_t sp_info_pid(const struct sp_session_info *info);
/* times it was restarted since sp_start() */
unsigned sp_info_restarts(const struct sp_session_info *info);
/* milliseconds since sp_start(), on the supervisor's monotonic clock */
unsigned long long sp_info_age_ms(const struct sp_session_info *info);
/* Why its last process ended, as "killed by SIGSEGV"; "" if none has. */
const char *sp_info_last_end(const struct sp_session_info *info);

/* All sessions, in the order of their IDs (as strcmp has it). */
struct sp_session_list;

/* The caller frees the list with sp_list_free(). */
enum sp_error sp_list(struct sp_client *client,
                      struct sp_session_list **out_list,
                      struct sp_result *result);

void sp_list_free(struct sp_session_list *list); /* NULL is allowed */
size_t sp_list_count(const struct sp_session_list *list);
/* index is less than the count; the info belongs to the list */
const struct sp_session_info *sp_list_at(const struct sp_session_list *list,
                                         size_t index);

/* The modules that the supervisor offers, in the order of their names. */
struct sp_module_list;

/* The caller frees them with sp_modules_free(). */
enum sp_error sp_modules(struct sp_client *client,
                         struct sp_module_list **out_modules,
                         struct sp_result *result);

void sp_modules_free(struct sp_module_list *modules); /* NULL is allowed */
size_t sp_modules_count(const struct sp_module_list *modules);
/* index is less than the count; strings live as long as the modules */
const char *sp_modules_name(const struct sp_module_list *modules, size_t index);
const char *sp_modules_path(const struct sp_module_list *modules, size_t index);
bool sp_modules_is_default(const struct sp_module_list *modules, size_t index);
/* the sessions of this module now */
unsigned sp_modules_sessions(const struct sp_module_list *modules,
                             size_t index);

/* Asks the supervisor for a sign of life.  SP_OK: the result's data is its
 * version, as "0.1.0", and sp_result_pid() its process. */
enum sp_error sp_ping(struct sp_client *client, struct sp_result *result);

/* ---- a supervisor of one's own ------------------------------------------ */

/* An spd that runs as a child of this process and ends with it. */
struct sp_supervisor;

/* Starts spd and waits until it accepts requests.
 * runtime_dir: NULL for the default (see sp_client_open).
 * config: a configuration file, or NULL for none.
 * spd: the path of the spd program; NULL for the one installed with libsp.
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
 * about it is on standard error, which it shares with this process. */
enum sp_error sp_supervisor_start(const char *runtime_dir, const char *config,
                                  const char *spd,
                                  struct sp_supervisor **out_supervisor,
                                  struct sp_result *result);

/* Ends spd and its sessions in order, waits until it is gone, and frees the
 * handle.  NULL is allowed. */
void sp_supervisor_stop(struct sp_supervisor *supervisor);

/* spd's process ID. */
pid_t sp_supervisor_pid(const struct sp_supervisor *supervisor);

#ifdef __cplusplus
}
#endif
#endif
