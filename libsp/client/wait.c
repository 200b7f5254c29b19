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

/* Every question names the process that is to be replaced, so that no restart
 * falls between two of them. */
static void set_process(struct control_request *request, pid_t pid)
{
    request->keys |= CONTROL_KEY_PID;
    request->pid = pid;
}

/* The one that the session is in now, if any. */
static enum sp_error note_process(struct sp_client *client,
                                  struct control_request *request,
                                  struct sp_result *result)
{
    pid_t pid;
    enum sp_error error = sp_session_pid(client, request->id, &pid, result);

    if (error == SP_OK && pid > 1)
        set_process(request, pid);
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

static enum sp_error check(const struct sp_client *client, const char *id,
                           int timeout_ms, struct sp_result *result)
{
    enum sp_error error = client_check(client, id);

    result_begin(result);
    if (error == SP_OK && timeout_ms < SP_TIMEOUT_INFINITE)
        error = SP_EINVAL;
    return error == SP_OK ? SP_OK : result_refuse(result, error);
}

static struct control_request wait_for(const char *id, enum sp_wait what)
{
    struct control_request request = ask_about(CONTROL_WAIT, id);

    request.keys |= CONTROL_KEY_FOR;
    request.wait = (enum control_wait)what;
    return request;
}

enum sp_error sp_wait(struct sp_client *client, const char *id,
                      enum sp_wait what, int timeout_ms,
                      struct sp_result *result)
{
    int64_t deadline = deadline_after(timeout_ms);
    enum sp_error error = check(client, id, timeout_ms, result);
    struct control_request request;

    if (error != SP_OK)
        return error;
    if ((unsigned)what >= CONTROL_WAITS)
        return result_refuse(result, SP_EINVAL);
    request = wait_for(id, what);
    if (what == SP_WAIT_RESTARTED)
        error = note_process(client, &request, result);
    if (error != SP_OK)
        return error;
    return wait_until(client, &request, deadline, result);
}

enum sp_error sp_wait_replaced(struct sp_client *client, const char *id,
                               pid_t pid, int timeout_ms,
                               struct sp_result *result)
{
    int64_t deadline = deadline_after(timeout_ms);
    enum sp_error error = check(client, id, timeout_ms, result);
    struct control_request request;

    if (error != SP_OK)
        return error;
    if (pid < 2)
        return result_refuse(result, SP_EINVAL);
    request = wait_for(id, SP_WAIT_RESTARTED);
    set_process(&request, pid);
    return wait_until(client, &request, deadline, result);
}
