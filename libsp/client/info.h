/* SPDX-License-Identifier: MIT */
/* client/info.h - the inside of the public struct sp_session_info. */
#ifndef CLIENT_INFO_H
#define CLIENT_INFO_H

#include <jansson.h>

#include <sp/client.h>

/* Strings are borrowed from the answer. */
struct sp_session_info {
    const char *id;
    const char *module;
    const char *state;
    const char *last_end;
    pid_t pid;
    unsigned restarts;
    unsigned long long age_ms;
    json_t *answer; /* owned; NULL in a list, which owns it for all */
};

/* Reads one session of an answer.  SP_EPROTO: it is not one. */
enum sp_error info_decode(const json_t *session,
                          struct sp_session_info *out_info);

#endif
