/* SPDX-License-Identifier: MIT */
/* sp/evhttp.h - a session for every visitor of an HTTP server on libevent.
 *
 * The plug keeps each visitor's session ID in a cookie and sees to it that
 * there is a session of that ID.  In a server that may wait:
 *
 *     static void answer(struct evhttp_request *request, void *plug)
 *     {
 *         char id[SP_ID_MAX + 1];
 *
 *         if (sp_plug_session(plug, request, NULL, 0, id, NULL, NULL) != SP_OK)
 *             evhttp_send_error(request, 503, NULL);
 *         else ... sp_call(client, id, ...) ... evhttp_send_reply(request, ...)
 *     }
 *
 * Link with -lsp-evhttp -lsp -levent:
 * cc program.c $(pkg-config --cflags --libs libsp-evhttp)
 *
 * What a cookie is worth: it is used only if it names a session that this plug
 * has started and that is there still.  Anything else - an ID that somebody
 * made up, that of a session which another program started, of one that has
 * ended - is as good as no cookie, and the visitor gets a new session under a
 * new ID which nobody can guess (sp_session_id_new()).  So nobody can choose
 * another's ID for him, or reach a session that was not made for visitors.
 *
 * A plug knows its own IDs in one of two ways:
 *
 * - With keys (sp_plug_options_set_key_file()) each ID is signed, and the plug
 *   remembers nothing: visitors keep their sessions when the server is started
 *   again, and several servers with one key file serve the same visitors.  The
 *   cookie's value is the ID, a '.', and 64 hexadecimal digits, the HMAC-SHA256
 *   of the cookie's name and the ID.
 * - Without, it remembers in memory which sessions it has started: after a
 *   restart of the server every visitor is a new one.
 *
 * Nothing ends the sessions of visitors who went away but the supervisor's own
 * limits.
 *
 * As good as no cookie is also one that is longer than an ID and a signature,
 * or has another shape; one with a signature that is wrong, of another cookie's
 * name, or by a key that is in the file no more.  If a request has several of
 * the name, the first that names a session which is there counts: up to 4 that
 * are ours are asked after, with keys of the first 16 of the name.  None of
 * that is an error, and none takes longer than it takes to read the request and
 * to sign 32 IDs.
 *
 * The cookie has Path=/, HttpOnly and SameSite=Lax and ends with the browser;
 * with keys also Secure and the prefix __Host-, but for plain HTTP
 * (sp_plug_options_set_plain_http()).
 * SameSite=Lax keeps it out of POST requests from other sites, not out of GET
 * requests by a link: change nothing on GET.
 *
 * The conventions of <sp/client.h> hold, and these:
 *
 * - plug: one of sp_plug_new(); not NULL.
 * - request: libevent's, inside its callback or until it is answered; not NULL.
 * - out_id: where the ID is written to, with a NUL.
 *
 * Threads: any number of threads may use one plug at once: it can serve several
 * event bases, each with its thread.  A request, and an asynchronous client, is
 * used by the thread of its own event base, and options by one thread at a
 * time.
 *
 * Two ways to answer: sp_plug_session() and the functions of <sp/client.h> wait
 * for supervisor and session, which is simple; sp_plug_answer() does not, and
 * the loop serves others meanwhile.
 */
#ifndef SP_EVHTTP_H
#define SP_EVHTTP_H

#include <stdbool.h>
#include <stddef.h>

#include <sp/async.h>

#ifdef __cplusplus
extern "C" {
#endif

struct evhttp_request; /* libevent's */

/* ---- options --------------------------------------------------------------
 *
 * What a plug is to be like.  sp_plug_new() copies them, so that one set of
 * options can make several plugs.
 *
 * options: of sp_plug_options_new(); not NULL. */
struct sp_plug_options;

/* The cookie's name unless set. */
#define SP_PLUG_COOKIE "sp_session"
/* The longest cookie name, in bytes without the NUL. */
#define SP_PLUG_COOKIE_MAX 64
/* How many sessions a plug without keys remembers unless set, and at most:
 * about 200 bytes each, taken as visitors come. */
#define SP_PLUG_CAPACITY 65536
#define SP_PLUG_CAPACITY_MAX 1048576

/* Makes options, as they are unless set; NULL if there is no memory.  The
 * caller frees them with sp_plug_options_free(). */
struct sp_plug_options *sp_plug_options_new(void);

/* Frees options.
 * options: NULL is allowed. */
void sp_plug_options_free(struct sp_plug_options *options);

/* Sets the cookie's name.  Two plugs on one host need two names: ports do not
 * keep cookies apart.
 * name: a token (RFC 9110: letters, digits, !#$%&'*+-.^_`|~) of 1 to
 * SP_PLUG_COOKIE_MAX bytes, which is copied.
 * SP_EINVAL: not such a name. */
enum sp_error sp_plug_options_set_cookie(struct sp_plug_options *options,
                                         const char *name);

/* Has the plug sign its IDs by the keys in this file, so that it need not
 * remember them; and has its cookie be Secure and have the prefix __Host-
 * before its name, unless that has one already.  The file is read now, and not
 * again.
 *
 * It holds one or two keys, each a line of 64 to 128 hexadecimal digits:
 *
 *     (umask 077 && openssl rand -hex 32 >sp.key)
 *
 * The first key signs, both verify; what the second one has signed is signed
 * anew by the next response (of sp_plug_session(), or a 200 of
 * sp_plug_answer()).  So keys are changed without a
 * visitor being lost: put the new one in the second line, on all servers, then
 * in the first, and the old one in the second; when its sessions are over, take
 * it out.  Who can read a key can be any visitor.
 *
 * path: NULL makes a key now that nobody else has: for one server, whose
 * visitors are new ones after its restart.
 * out_text: says in one line, with its NUL, what is wrong if something is;
 * text_size may be 0.
 * SP_EPERM: the file is a symbolic link or not a regular one, belongs to
 * neither root nor the user of this process, or lets its group or others in.
 * SP_EINVAL: it holds something else.
 * SP_ESYSTEM: it cannot be opened or read, or (NULL) there are no random
 * bytes. */
enum sp_error sp_plug_options_set_key_file(struct sp_plug_options *options,
                                           const char *path, char *out_text,
                                           size_t text_size);

/* Sets whether a plug with keys is to be reached by plain HTTP, as a server on
 * loopback in development is: the cookie then has neither Secure nor the
 * prefix, and who listens on the way has the session.
 * plain_http: false unless set. */
enum sp_error sp_plug_options_set_plain_http(struct sp_plug_options *options,
                                             bool plain_http);

/* Names a request header for clients that keep no cookies, as "X-Session".  A
 * request that has it, if only an empty one, is the visitor's whom it names,
 * whatever its cookies say; a new session's ID is then told by a header of this name in
 * the response, and not by a cookie.  The client sends that value again: it has
 * the shape of the cookie's, and with keys it is signed for this name.
 * Browsers let no other site's pages send it unless this site says so (CORS).
 * name: a token, as a cookie's; NULL, as unless set: there is none. */
enum sp_error sp_plug_options_set_header(struct sp_plug_options *options,
                                         const char *name);

/* Sets whether browsers may send the cookie over TLS only (the attribute
 * Secure), of a plug without keys: with keys, see
 * sp_plug_options_set_plain_http().
 * secure: true where visitors come by https, also if a proxy in front ends the
 * TLS.  False unless set. */
enum sp_error sp_plug_options_set_secure(struct sp_plug_options *options,
                                         bool secure);

/* Sets the module of the sessions that are started.  Whether the supervisor has
 * it is not checked.
 * module: its name, which is copied; NULL, as unless set: the supervisor's
 * default module.
 * SP_EINVAL: empty, or longer than SP_ID_MAX. */
enum sp_error sp_plug_options_set_module(struct sp_plug_options *options,
                                         const char *module);

/* Sets how many sessions a plug without keys remembers.
 *
 * A session that lives is never forgotten.  When a new visitor finds the plug
 * full, it asks the supervisor about those of its sessions that were not used
 * for longest, 16 at most, and the first one that has ended makes room.  If
 * all of these live, the newcomer gets SP_ELIMIT: a flood of visitors keeps
 * others from coming, and takes nobody's session away.
 *
 * sessions: 1 to SP_PLUG_CAPACITY_MAX; more than the supervisor's max_sessions
 * is sensible.
 * SP_EINVAL: out of range. */
enum sp_error sp_plug_options_set_capacity(struct sp_plug_options *options,
                                           size_t sessions);

/* ---- the plug ----------------------------------------------------------- */

struct sp_plug;

/* Makes a plug.  The caller frees it with sp_plug_free().
 * client: borrowed: it is to live longer than the plug.
 * options: NULL for the options as they are unless set.
 * SP_EINVAL: a cookie whose name begins with __Host- or __Secure- and which is
 * not to be secure, which browsers refuse.
 * SP_ENOMEM. */
enum sp_error sp_plug_new(struct sp_client *client,
                          const struct sp_plug_options *options,
                          struct sp_plug **out_plug);

/* Frees a plug.  The visitors' sessions live on.
 * plug: NULL is allowed.
 * Threads: no other thread may be using it. */
void sp_plug_free(struct sp_plug *plug);

/* How a visitor came by the session. */
enum sp_visit {
    SP_VISIT_KNOWN,   /* the cookie names it */
    SP_VISIT_NEW,     /* it was started now; there was no cookie of ours */
    SP_VISIT_RENEWED, /* it was started now; the cookie names one of ours that
                       * has ended, or was given up after too many crashes */
};

/* Finds or starts the session of the visitor who sent this request.  One that
 * is started has the plug's module and this argument (see sp_start()), and the
 * response gets the Set-Cookie header for it: so call this before the response
 * is sent, and mark the response with Cache-Control as not to be stored by
 * caches.  A second call for the same request finds the session of the first.
 * It waits for the supervisor, and so does the event base that calls it; a
 * session whose init is slow makes it wait that long.
 *
 * arg, arg_size: any bytes, for a session that is started; NULL and 0 for none.
 * out_visit: how the visitor came by the session; NULL is allowed.
 * result: that of sp_start(), and left alone if it did not come to that: its
 * text belongs to the error that is returned if sp_result_error() is the same
 * error.  NULL is allowed.
 *
 * SP_OK: out_id is the session's ID.  It may end at any time: a call to it can
 * still say SP_ENOENT, and asking here again then starts another.
 * SP_ELIMIT: the plug is full (sp_plug_options_set_capacity()), or the
 * supervisor.
 * SP_EIGNORED, SP_EINIT, SP_EMODULE, SP_ELOAD, SP_EMSGSIZE (arg).
 * SP_ENOSUP, SP_ETIMEDOUT, SP_EPERM, SP_EPROTO, SP_EFORKED.
 * SP_ENOMEM, SP_ESYSTEM, SP_EINVAL. */
enum sp_error sp_plug_session(struct sp_plug *plug,
                              struct evhttp_request *request, const void *arg,
                              size_t arg_size, char out_id[SP_ID_MAX + 1],
                              enum sp_visit *out_visit,
                              struct sp_result *result);

/* Gives the visitor a new session under a new ID, whatever his cookie says: for
 * when he logs in or out.  Who has got him to use an ID that is known elsewhere
 * (session fixation), or has read it before he came to be trusted, has nothing
 * of it then.  The new session is started with the plug's module and this
 * argument, and the response tells its ID, in place of another that it was to
 * tell.
 *
 * out_old: NULL ends the old session, if there is one, and waits for its end,
 * as sp_terminate() does; the cookie that named it is worth nothing then.
 * Otherwise the old session is handed over: out_old is its ID, or "" if there
 * was none, and the caller moves what is to stay from it to the new one and
 * ends it.  Until then a cookie that names it still leads to it, if the plug
 * has keys; so what is trusted goes to the new session alone.
 *
 * It waits, as sp_plug_session() does.
 * arg, arg_size: the new session's argument.
 * result: as of sp_plug_session().
 * SP_OK: out_id is the new session's.
 * Other errors are as of sp_plug_session(); the visitor then has his old
 * session and cookie. */
enum sp_error sp_plug_renew(struct sp_plug *plug,
                            struct evhttp_request *request, const void *arg,
                            size_t arg_size, char out_old[SP_ID_MAX + 1],
                            char out_id[SP_ID_MAX + 1],
                            struct sp_result *result);

/* Finds the session of the visitor who sent this request, as sp_plug_session()
 * does, without starting anything or touching the response: for requests that
 * make sense only in a session that is there, such as a POST.
 * SP_ENOENT: the cookie names no session that sp_plug_session() would use. */
enum sp_error sp_plug_find(struct sp_plug *plug, struct evhttp_request *request,
                           char out_id[SP_ID_MAX + 1]);

/* The first ID of the request that is ours, without asking anybody whether its
 * session is there: for servers that may not wait.  SP_ENOENT: none is. */
enum sp_error sp_plug_peek(struct sp_plug *plug, struct evhttp_request *request,
                           char out_id[SP_ID_MAX + 1]);

/* ---- an answer, without waiting -----------------------------------------
 *
 *     static void on_request(struct evhttp_request *request, void *context)
 *     {
 *         struct sp_plug_ask ask = {.message = "show", .size = 4,
 *                                   .timeout_ms = 2000};
 *
 *         sp_plug_answer(plug, async, request, &ask);
 *     }
 *
 * where `async` is attached to the server's event base (<sp/event.h>).  However
 * many requests wait for their sessions, the loop goes on. */

/* The HTTP status that an error is answered with:
 *
 *   200  SP_OK
 *   400  SP_EREQUEST: the session does not know this request
 *   403  SP_EIGNORED: the module declined to start the session
 *   404  SP_ENOENT: the visitor has no session, and none is to be started
 *   413  SP_EMSGSIZE
 *   422  SP_EREPLY: the session answered with an error
 *   502  SP_EDIED, SP_EENDED, SP_EINIT, SP_EPROTO: the session died, did not
 *        come to life, or talks nonsense
 *   503  SP_ELIMIT, SP_EAGAIN, SP_ENOMEM, SP_ENOSUP: there is no room or no
 *        supervisor now; with Retry-After
 *   504  SP_ETIMEDOUT
 *   500  all else: this server is not set up as it should be */
int sp_plug_status(enum sp_error error);

/* The seconds that Retry-After says. */
#define SP_PLUG_RETRY_AFTER 1

/* What became of a request. */
struct sp_plug_outcome {
    enum sp_error error;
    int status;            /* sp_plug_status(), but 502 if a session that was
                            * just started is SP_ENOENT */
    const char *id;        /* of the session that was asked; "" if none was */
    enum sp_visit visit;   /* how the visitor came by it */
    const char *former;    /* with SP_VISIT_RENEWED the first session of his
                            * that has ended; else "" */
    struct sp_result *result; /* of the call; NULL if it did not come to one */
};

/* Answers a request in the program's own way.  The response has its headers
 * already: Set-Cookie where there is a new ID, Cache-Control: no-store unless
 * there was a Cache-Control, Retry-After with 503.
 * True: the request has been answered, or will be; it is the program's.  False:
 * it is to be answered as without this function.
 * outcome and what is in it are valid until it returns; as in a `done` of
 * <sp/async.h>, the result's bytes can be taken, and everything is allowed but
 * sp_async_dispatch(). */
typedef bool sp_plug_answered(struct evhttp_request *request,
                              const struct sp_plug_outcome *outcome,
                              void *context);

/* Called in place of that when there is nobody left to answer: the request is
 * no more, and neither is its connection.  From inside evhttp_free() or
 * evhttp_connection_free() where the program has called these, else from a
 * callback of the event base, and then everything is allowed but
 * sp_async_dispatch(), also to free the server.
 * id: of the session that was asked last; valid until it returns.
 * progress: how far the call to it had got; what was sent may still run. */
typedef void sp_plug_gone(const char *id, enum sp_progress progress,
                          void *context);

/* Whose session is asked; none of these: the visitor's, or one that is started
 * for him if he has none. */
enum sp_plug_flag {
    SP_PLUG_ONLY_KNOWN = 1, /* the visitor's; without one SP_ENOENT */
    SP_PLUG_NEW_ID = 2,     /* one that is started under a new ID, whatever the
                             * cookie says: for log-in, see sp_plug_renew().  If
                             * its answer is SP_OK it is the visitor's, and the
                             * sessions that he had are ended.  Otherwise it is
                             * ended, and he keeps what he had. */
    SP_PLUG_KEEP_OLD = 4,   /* with that: they are not ended.  sp_plug_peek()
                             * has told which one it was. */
};

/* What to ask a session.  All that is 0 is as good as not said. */
struct sp_plug_ask {
    const void *message; /* the call; copied, as is the argument */
    size_t size;
    int timeout_ms;      /* of all that it takes; 0: SP_TIMEOUT_DEFAULT */
    unsigned flags;      /* of enum sp_plug_flag */
    const void *arg;     /* for a session that is started */
    size_t arg_size;
    sp_plug_answered *answered; /* NULL: as below */
    void *context;              /* for both */
    sp_plug_gone *gone;         /* NULL: nobody wants to know */
};

/* Answers a request by a call to the visitor's session, and starts one if there
 * is none, all without waiting.  It ends in one of three ways, once: either
 * ask->answered or ask->gone is called, once, and can free what `context` points
 * to:
 *
 * - The session answers, or does not in time, or cannot: ask->answered is
 *   called, from inside sp_async_dispatch(), or from inside this function if
 *   nothing could be asked.  If that is NULL or says false, the response is the
 *   reply with status 200, else the error in one line of text and its status:
 *   the module's own text of SP_EREPLY, sp_strerror() of all others.  It is of
 *   Content-Type text/plain unless (with 200) the response has another one
 *   already, and nosniff.
 * - The client hangs up, or ends its sending, before it is answered: the call
 *   is cancelled, and may or may not have run; a session that was started for it
 *   is ended, since nobody knows its ID; the connection is closed; ask->gone is
 *   called.  Of a client that has sent more than this request already it is
 *   noticed within a second.  That a client hangs up later, while its answer is
 *   written, is nobody's to know.
 * - The server is freed: as if all clients had hung up.
 *
 * The plug has keys.  The request is one that evhttp has received and not been
 * answered yet; until the answer it is the plug's, and so is its connection's
 * close callback (evhttp_connection_set_closecb()).  A response to HEAD has no
 * body.  Plug, async and event base outlive the server: evhttp_free() first.
 *
 * The memory that it takes, and how many connections, are those of the
 * asynchronous client, which has limits; and once more the message and argument
 * until the answer.
 *
 * SP_OK: it will end so.  On another value nothing has happened, and the
 * request is the caller's.  SP_EINVAL: a NULL, a plug without keys, a timeout
 * below SP_TIMEOUT_INFINITE, flags that there are not or that contradict each
 * other, a request without a connection.  SP_ENOMEM. */
enum sp_error sp_plug_answer(struct sp_plug *plug, struct sp_async *async,
                             struct evhttp_request *request,
                             const struct sp_plug_ask *ask);

/* ---- server-sent events --------------------------------------------------
 *
 *     static void on_events(struct evhttp_request *request, void *context)
 *     {
 *         struct sp_plug_watch watch = {.flags = SP_PLUG_LIFE};
 *
 *         sp_plug_stream(plug, async, request, &watch);
 *     }
 *
 * and in the visitor's page, where it goes on for as long as the page is there:
 *
 *     const source = new EventSource("/events");
 *     source.onmessage = (event) => show(event.data);
 *     source.addEventListener("crash", (event) => ...);
 *
 * What is sent, by its type (the field `event`):
 *
 *   message  what the session's module has emitted, if it is UTF-8: CR, LF and
 *            CR LF each arrive as one LF, all else as it was
 *   base64   what it has emitted and is not UTF-8, or all of it
 *            (SP_PLUG_BASE64): in base64, every byte as it was
 *   begun    first of all: what is emitted from here on is sent.  {}
 *   gap      nobody knows what is missing here, or whether anything is: the
 *            session has a new process, or the supervisor was restarted; or
 *            (right behind `begun`) the browser has been here before.  {}
 *   lost     so many of all these are missing here, since they came faster than
 *            the client took them.  A number
 *   start, ready, crash, restart, stop, expiry, give_up, refusal, violation
 *            what happens to the session (SP_PLUG_LIFE), as sp_events() names
 *            it; of a crash, why:
 *            {"time_ms":1790000000000,"pid":17376,"text":"killed by SIGSEGV in
 *            a call after 3 ms; restarting in 0 ms"}, on one line
 *   over     last of all: {"error":"SP_ENOENT","text":"no such session"}
 *
 * and what the program adds by sp_stream_send().  All but `message` and
 * `base64` have JSON as their data.
 *
 * Nothing is kept for those who are away.  A browser whose connection has
 * broken asks again by itself, after `retry`, and sends Last-Event-ID; it gets `begun`
 * and `gap`, and has missed what came in between: ask the session for its
 * present state then, as after every `gap`.  After `over` it asks again, too,
 * and stops at the 404. */

/* The response of one request to sp_plug_stream(). */
struct sp_stream;

/* What is sent. */
enum sp_plug_stream_flag {
    SP_PLUG_LIFE = 1,   /* what happens to the session, too */
    SP_PLUG_BASE64 = 2, /* all that it emits in base64 */
};

/* Bytes that wait for a client at most; what comes above is lost to it. */
#define SP_PLUG_STREAM_BYTES 262144
/* Streams of one session at once. */
#define SP_PLUG_STREAMS 16
/* What is so unless set, in milliseconds: after how long a browser asks again,
 * and how often a client is sent something. */
#define SP_PLUG_RETRY 2000
#define SP_PLUG_KEEPALIVE 15000

/* Called when a stream has begun, and when one that has begun is no more: as a
 * `done` of <sp/async.h>, from a callback of the event base, never inside
 * sp_plug_stream().  Inside sp_plug_closed the stream is still valid, but takes
 * nothing, and neither the server nor a connection of its may be freed. */
typedef void sp_plug_opened(struct sp_stream *stream, void *context);
typedef void sp_plug_closed(struct sp_stream *stream, void *context);

/* What to stream.  All that is 0 is as good as not said. */
struct sp_plug_watch {
    const void *prefix;  /* of messages; copied */
    size_t prefix_size;  /* up to SP_PREFIX_MAX */
    unsigned flags;      /* of enum sp_plug_stream_flag */
    int timeout_ms;      /* until it begins; 0: SP_TIMEOUT_DEFAULT */
    int retry_ms;        /* 0: SP_PLUG_RETRY */
    int keepalive_ms;    /* 0: SP_PLUG_KEEPALIVE */
    sp_plug_opened *opened; /* NULL: nobody wants to know */
    sp_plug_closed *closed;
    void *context;       /* for both */
};

/* Answers a request by server-sent events from the visitor's session, for as
 * long as that and the client are there, all without waiting.  It starts no
 * session.  The response begins once the session says that what it emits will
 * come; it is of type text/event-stream, not to be stored, nosniff, and tells
 * proxies like nginx not to hold it back (X-Accel-Buffering).  Otherwise it is
 * the error, as that of sp_plug_answer(): 404 if the visitor has no session;
 * 503, with Retry-After, at the limit of subscriptions (SP_ASYNC_SUBSCRIPTIONS)
 * or of a session's streams; 504 if it has not begun in time.  Browsers do not
 * ask again by themselves after any of these.
 *
 * The streams of one plug and asynchronous client share their subscriptions:
 * one to each session (and prefix), one to the supervisor.  A session that is
 * watched is not idle (idle_timeout).
 *
 * It ends in one of these ways:
 *
 * - The session has ended: `over`, and the end of the response.  With
 *   SP_PLUG_LIFE that is 200 ms later, so that the last event, which says why,
 *   comes before it.
 * - The client hangs up, or ends its sending.
 * - The client takes nothing: whatever waits for it, or has not arrived at its
 *   machine, for 4 times keepalive_ms, ends its connection.  What waits is
 *   bounded meanwhile, and the client holds up nobody.
 * - The server is freed, as for sp_plug_answer().
 *
 * The plug may have keys or not.  Until the end the request is the plug's, and
 * so is its connection's close callback; the connection's time-outs and the
 * high-water mark of its reading are set.  What the client sends meanwhile is
 * not read beyond 4 KiB.  The connection is closed at the end.  A response to
 * HEAD ends with its headers.  Plug, async and event base outlive the server.
 *
 * SP_OK: it will end so.  On another value nothing has happened, and the
 * request is the caller's.  SP_EINVAL: a NULL, a prefix that is too long, a
 * time that is negative (but SP_TIMEOUT_INFINITE for timeout_ms), flags that there
 * are not, a request without a connection.  SP_ENOMEM. */
enum sp_error sp_plug_stream(struct sp_plug *plug, struct sp_async *async,
                             struct evhttp_request *request,
                             const struct sp_plug_watch *watch);

/* Sends an event of the program's own in a stream that has begun, since
 * browsers have few connections for more streams.
 * type: letters, digits, '_' and '-', 1 to 64 of them; NULL: "message".
 * data: UTF-8, of which CR and CR LF arrive as LF.
 * SP_EAGAIN: too much waits for the client already; it will be told of one more
 * event that it has lost.
 * SP_EMSGSIZE: it is above SP_PLUG_STREAM_BYTES.
 * SP_EINVAL: a NULL, another type, not UTF-8; a stream that has ended.
 * SP_ENOMEM. */
enum sp_error sp_stream_send(struct sp_stream *stream, const char *type,
                             const void *data, size_t size);

/* The ID of the session that a stream tells of.  It lives as long as the
 * stream, which is not NULL. */
const char *sp_stream_id(const struct sp_stream *stream);

#ifdef __cplusplus
}
#endif
#endif
