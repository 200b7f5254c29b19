/* SPDX-License-Identifier: MIT */
/* base/rundir.h - the runtime directory: where it is, what is in it, and
 * whether to trust it.  spd makes it; every client checks it the same way. */
#ifndef BASE_RUNDIR_H
#define BASE_RUNDIR_H

#include <stddef.h>
#include <sys/types.h>

#include <sp/id.h>

/* "/sessions/" and an ID of 64 bytes fit behind it in a socket address */
#define RUNDIR_MAX 33
/* RUNDIR/sessions/ID and its NUL; sizeof sun_path */
#define RUNDIR_PATH_SIZE 108

#define RUNDIR_CONTROL "control"
#define RUNDIR_SESSIONS "sessions"

enum rundir_error {
    RUNDIR_OK,
    RUNDIR_NOT_ABSOLUTE,
    RUNDIR_TOO_LONG,
    RUNDIR_MISSING,
    RUNDIR_SYMLINK,     /* a symbolic link, or no directory */
    RUNDIR_WRONG_OWNER, /* neither root nor the caller */
    RUNDIR_OPEN_MODE,   /* lets others in */
    RUNDIR_SYSTEM,      /* errno says */
};

/* Writes the directory to use to out: `given` if not NULL, else
 * $SP_RUNTIME_DIR, else the default of this user.  RUNDIR_OK, NOT_ABSOLUTE or
 * TOO_LONG (out then holds what there was room for, for the message). */
enum rundir_error rundir_resolve(const char *given, char out[RUNDIR_MAX + 1]);

/* Opens the directory without following a link and checks owner and mode.
 * RUNDIR_OK: *out_fd is the caller's to close, *out_owner its owner. */
enum rundir_error rundir_open(const char *path, int *out_fd, uid_t *out_owner);

/* One line that names the directory and the culprit, to out. */
void rundir_explain(enum rundir_error error, const char *path, char *out,
                    size_t out_size);

/* RUNDIR/sessions/ID, RUNDIR/control.  The id is valid, the path short. */
void rundir_session_path(const char *path, const char *id,
                         char out[RUNDIR_PATH_SIZE]);
void rundir_control_path(const char *path, char out[RUNDIR_PATH_SIZE]);

#endif
