/* SPDX-License-Identifier: MIT */
/* echo: the smallest useful module, without state.
 *
 *   call ANYTHING   replies the same bytes
 *   cast ANYTHING   is emitted to the session's SUB peers
 *
 * Shows: a handler that replies at once, and sp_session_emit(). */
#include <sp/module.h>

static enum sp_handled echo_call(struct sp_session *session, void *state,
                                 struct sp_call *call, const void *request,
                                 size_t size)
{
    (void)session;
    (void)state;
    return sp_reply(call, request, size);
}

static void echo_cast(struct sp_session *session, void *state,
                      const void *message, size_t size)
{
    (void)state;
    sp_session_emit(session, message, size);
}

SP_MODULE(.name = "echo", .handle_call = echo_call, .handle_cast = echo_cast);
