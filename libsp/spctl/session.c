/* SPDX-License-Identifier: MIT */
/* One session as JSON and as cells of a table. */
#include "session.h"

#include <stdio.h>

json_t *session_json(const struct sp_session_info *info)
{
    return json_pack("{s:s, s:I, s:s, s:s, s:I, s:I, s:s}", "id",
                     sp_info_id(info), "pid", (json_int_t)sp_info_pid(info),
                     "module", sp_info_module(info), "state",
                     sp_info_state(info), "restarts",
                     (json_int_t)sp_info_restarts(info), "age_ms",
                     (json_int_t)sp_info_age_ms(info), "last_end",
                     sp_info_last_end(info));
}

void session_age(const struct sp_session_info *info, char out[SESSION_AGE_SIZE])
{
    unsigned long long s = sp_info_age_ms(info) / 1000;

    if (s < 60)
        snprintf(out, SESSION_AGE_SIZE, "%llus", s);
    else if (s < 60 * 60)
        snprintf(out, SESSION_AGE_SIZE, "%llum%02llus", s / 60, s % 60);
    else if (s < 24 * 60 * 60)
        snprintf(out, SESSION_AGE_SIZE, "%lluh%02llum", s / 3600,
                 s / 60 % 60);
    else
        snprintf(out, SESSION_AGE_SIZE, "%llud%02lluh", s / 86400,
                 s / 3600 % 24);
}

void session_pid(const struct sp_session_info *info, char out[SESSION_PID_SIZE])
{
    pid_t pid = sp_info_pid(info);

    if (pid > 0)
        snprintf(out, SESSION_PID_SIZE, "%ld", (long)pid);
    else
        snprintf(out, SESSION_PID_SIZE, "-");
}
