/* SPDX-License-Identifier: MIT */
/* Waits for what becomes of a session.  spd answers after
 * CONTROL_TIMEOUT_MAX_MS at the latest; who waits longer asks again. */
#define _GNU_SOURCE
#include <assert.h>
#include <limits.h>

#include "ask.h"
#include "base/clock.h"

#define WAIT_CHECK_(NAME, name)                                                \
    static_assert((int)SP_WAIT_##NAME == (int)CONTROL_WAIT_##NAME, "");
CONTROL_WAIT_TABLE(WAIT_CHECK_)
#undef WAIT_CHECK_

/* The process that the session is in now: every question names it, so that no
 * restart falls between two of them. */
static enum sp_error note_process(struct sp_client *client,
                                  struct control_request *request,
                                  struct sp_result *result)
{
    pid_t pid;
    enum sp_error error = sp_session_pid(client, request->id, &pid, result);

    if (error == SP_OK && pid > 1) {
        request->keys |= CONTROL_KEY_PID;
        request->pid = pid;
    }
    return error;
}

/* Asks until it is so, or the deadline has passed. */
static enum sp_error wait_until(struct sp_client *client,
                                struct control_request *request,
                                int64_t deadline, struct sp_result *result)
{
    enum sp_error error;
    json_t *answer;
    bool again;

    do {
        error = ask_patiently(client, request, deadline, result, &answer);
        /* without an answer it is spd that does not keep up */
        again = error == SP_ETIMEDOUT && answer && deadline_left(deadline) != 0;
        if (error == SP_OK && result)
            result->pid = (pid_t)ask_integer(answer, "pid", 0, INT_MAX, 0);
        json_decref(answer);
    } while (again);
    return error;
}

enum sp_error sp_wait(struct sp_client *client, const char *id,
                      enum sp_wait what, int timeout_ms,
                      struct sp_result *result)
{
    int64_t deadline = deadline_after(timeout_ms);
    struct control_request request;
    enum sp_error error = client_check(client, id);

    result_begin(result);
    if (error == SP_OK && (timeout_ms < SP_TIMEOUT_INFINITE ||
                           (unsigned)what >= CONTROL_WAITS))
        error = SP_EINVAL;
    if (error != SP_OK)
        return result_refuse(result, error);
    request = ask_about(CONTROL_WAIT, id);
    request.keys |= CONTROL_KEY_FOR;
    request.wait = (enum control_wait)what;
    if (what == SP_WAIT_RESTARTED)
        error = note_process(client, &request, result);
    if (error != SP_OK)
        return error;
    return wait_until(client, &request, deadline, result);
}
