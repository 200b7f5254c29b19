/* SPDX-License-Identifier: MIT */
/* Texts about spctl as a whole.  Those of commands, options and exit statuses
 * stand in their tables. */
#include "about.h"

#include <stddef.h>

#include <sp/client.h>

const char about_summary[] =
    "manage sessions, each of which is an OS process of its own";

const char about_synopsis[] = "[OPTION...] COMMAND [OPERAND...]";

const char about_text[] =
    "spctl starts sessions, sends them requests and messages, lists them and "
    "ends them. A session is one process with its own state, found by its "
    "session ID: 1 to 64 characters of A-Z, a-z, 0-9, _ and -. The supervisor, "
    "spd, starts sessions and watches over them."
    "\n\n"
    "Options stand before the command or after it. -- ends them: what follows "
    "is taken as it is, even if it begins with -.";

const char about_output[] =
    "What was asked for goes to standard output, everything else to standard "
    "error, as one line that begins with \"spctl: \". stop, cast, pause, "
    "resume, signal and touch have nothing to print."
    "\n\n"
    "The reply of call is printed byte for byte. If standard output is a "
    "terminal, and the reply does not end its last line, a newline follows. "
    "The bytes are the session's own: where it is not trusted, look at them "
    "through cat -v."
    "\n\n"
    "Tables are for people and fit 80 columns, or the terminal: a row that "
    "does not, goes on in an indented line. Scripts use --names or --json. "
    "With --json, list and modules print an array with one object a line; "
    "events prints one object a line; start, restart, started, wait, info, "
    "url, new-id, doctor, ping, stats and reload print one object. New keys may be "
    "added to objects, and columns to tables.";

const struct about_row about_environment[] = {
    {SP_RUNTIME_DIR_ENV,
     "The runtime directory, if --runtime-dir is not given. Without either: "
     "/run/libsp as root, $XDG_RUNTIME_DIR/libsp or /tmp/libsp-UID otherwise."},
    {SP_CHANNEL_ENV, "local (the default) or nng: how sessions are talked to."},
    {NULL, NULL},
};

const char about_see_also[] = "spd(8), nngcat(1)";
