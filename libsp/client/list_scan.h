/* SPDX-License-Identifier: MIT */
/* client/list_scan.h - reads a list of sessions in the form in which spd writes
 * a brief one, without an object for each value.  Pure. */
#ifndef CLIENT_LIST_SCAN_H
#define CLIENT_LIST_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "info.h"

/* No object that list_scan() takes is shorter: it has the keys of
 * INFO_REQUIRED, and an ID. */
#define LIST_SCAN_SESSION_MIN 79

/* Reads the size bytes at json, an answer to CONTROL_LIST, behind which there
 * is a NUL.  True: *out_count infos, at most max, are written in the order of
 * the answer; their strings are in json, which is changed for it.  False: json
 * is as it was, and may be a list all the same, but in another form: there are
 * blanks, escapes, bytes beyond ASCII, objects inside, keys that info.h does
 * not know, or more than max sessions.  What is taken is JSON and makes sense,
 * as json_loadb() and info_decode() would find, with the same values. */
bool list_scan(char *json, size_t size, struct sp_session_info *infos,
               size_t max, size_t *out_count);

#endif
