/* SPDX-License-Identifier: MIT */
/* supervisor/runtime.h - spd's side of the runtime directory: made, locked,
 * cleaned, and the sockets in it bound. */
#ifndef SUPERVISOR_RUNTIME_H
#define SUPERVISOR_RUNTIME_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/rundir.h"

struct runtime {
    char dir[RUNDIR_MAX + 1];
    bool made;   /* the directory is ours to remove */
    int lock_fd; /* owned; held as long as spd runs */
    bool shared; /* with a group */
    gid_t group; /* valid if shared */
};

/* Resolves, makes and checks the directory, takes its lock, and removes what a
 * killed spd left behind.  group: its name, or "" for none.  -1: out_text is
 * one line for people; another spd's sockets are untouched. */
int runtime_open(struct runtime *runtime, const char *given, const char *group,
                 char *out_text, size_t text_size);

/* Removes all of it and gives up the lock. */
void runtime_close(struct runtime *runtime);

/* A listening, non-blocking socket; -1 and errno. */
int runtime_listen_control(const struct runtime *runtime);
int runtime_listen_session(const struct runtime *runtime, const char *id);
void runtime_unlink_session(const struct runtime *runtime, const char *id);

#endif
