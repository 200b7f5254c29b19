/* SPDX-License-Identifier: MIT */
/* sp/evhttp.h - a session for every visitor of an HTTP server on libevent.
 *
 * The plug keeps each visitor's session ID in a cookie and sees to it that
 * there is a session of that ID:
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
 * Which sessions a plug has started it remembers in memory, and nowhere else:
 * after a restart of the server every visitor is a new one.  Nothing ends the
 * sessions of visitors who went away but the supervisor's own limits.
 *
 * The cookie has Path=/, HttpOnly and SameSite=Lax and ends with the browser.
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
 * event bases, each with its thread.  A request is used by the thread of its
 * own event base, and options by one thread at a time.
 */
#ifndef SP_EVHTTP_H
#define SP_EVHTTP_H

#include <stdbool.h>
#include <stddef.h>

#include <sp/client.h>

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
/* How many sessions a plug remembers unless set, and at most: about 200 bytes
 * each, taken as visitors come. */
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

/* Sets whether browsers may send the cookie over TLS only (the attribute
 * Secure).
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

/* Sets how many sessions the plug remembers.
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
 * not set to be secure, which browsers refuse.
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

/* Finds the session of the visitor who sent this request, as sp_plug_session()
 * does, without starting anything or touching the response: for requests that
 * make sense only in a session that is there, such as a POST.
 * SP_ENOENT: the cookie names no session that sp_plug_session() would use. */
enum sp_error sp_plug_find(struct sp_plug *plug, struct evhttp_request *request,
                           char out_id[SP_ID_MAX + 1]);

#ifdef __cplusplus
}
#endif
#endif
