/* SPDX-License-Identifier: MIT */
/* sink: a module that counts what it is cast, and sums the numbers in it; a
 * call answers both, as struct stamp_tally.  Used by session_stream.c. */
#include <stdlib.h>

#include <sp/module.h>

#include "stamp.h"

static enum sp_init sink_init(struct sp_session *session, const void *arg,
                              size_t size, void **out_state)
{
    (void)session;
    (void)arg;
    (void)size;
    *out_state = calloc(1, sizeof(struct stamp_tally));
    return *out_state ? SP_INIT_OK : SP_INIT_FAIL;
}

static enum sp_handled sink_call(struct sp_session *session, void *state,
                                 struct sp_call *call, const void *request,
                                 size_t size)
{
    (void)session;
    (void)request;
    (void)size;
    return sp_reply(call, state, sizeof(struct stamp_tally));
}

static void sink_cast(struct sp_session *session, void *state,
                      const void *message, size_t size)
{
    (void)session;
    if (size == STAMP_SIZE)
        stamp_count(state, message);
}

static void sink_terminate(struct sp_session *session, void *state,
                           enum sp_end end, const char *text)
{
    (void)session;
    (void)end;
    (void)text;
    free(state);
}

SP_MODULE(.name = "sink", .init = sink_init, .handle_call = sink_call,
          .handle_cast = sink_cast, .terminate = sink_terminate);
