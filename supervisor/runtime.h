/* SPDX-License-Identifier: MIT */
/* supervisor/runtime.h - spd's side of the runtime directory: made, locked,
 * cleaned, and the sockets in it bound. */
#ifndef SUPERVISOR_RUNTIME_H
#define SUPERVISOR_RUNTIME_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/rundir.h"

#define RUNDIR_LOG "log"
#define RUNDIR_POOL "pool"
#define RUNTIME_CLOSED                                                         \
    ((struct runtime){                                                         \
        .lock_fd = -1, .sessions_fd = -1, .log_fd = -1, .pool_fd = -1})

struct runtime {
    char dir[RUNDIR_MAX + 1];
    bool made;   /* the directory is ours to remove */
    int lock_fd; /* owned; held as long as spd runs */
    int sessions_fd; /* owned; what is removed is removed from these, so that */
    int log_fd;      /* it never is another spd's, should they be replaced */
    int pool_fd;     /* likewise */
    bool shared; /* with a group */
    gid_t group; /* valid if shared */
};

/* Resolves, makes and checks the directory, takes its lock, and removes what a
 * killed spd left behind.  group: its name, or "" for none.  -1: out_text is
 * one line for people; another spd's sockets are untouched. */
int runtime_open(struct runtime *runtime, const char *given, const char *group,
                 char *out_text, size_t text_size);

/* A descriptor, the caller's to close, that becomes readable when something in
 * the directory itself has gone, or the directory has; runtime_intact() then
 * tells.  -1 and errno. */
int runtime_watch(const struct runtime *runtime);

/* Whether spd can be reached: its directory is where it was, with all that it
 * needs in it.  False: out_text names what is missing. */
bool runtime_intact(const struct runtime *runtime, char *out_text,
                    size_t text_size);

/* Removes all of it, unless it is another's by now, and gives up the lock. */
void runtime_close(struct runtime *runtime);

/* A listening, non-blocking socket; -1 and errno. */
int runtime_listen_control(const struct runtime *runtime);
int runtime_listen_session(const struct runtime *runtime, const char *id);
void runtime_unlink_session(const struct runtime *runtime, const char *id);

/* A listener that is nobody's yet: where spd alone can search, so that no
 * client takes it for a session's.  The name is a number that no other has
 * had. */
#define RUNTIME_POOL_NAME_SIZE 24
int runtime_listen_pooled(const struct runtime *runtime,
                          char out_name[RUNTIME_POOL_NAME_SIZE]);
/* It becomes the session's, in one step.  -1 and errno: EEXIST if there is
 * one. */
int runtime_name_pooled(const struct runtime *runtime, const char *name,
                        const char *id);
void runtime_unlink_pooled(const struct runtime *runtime, const char *name);

void runtime_unlink_log(const struct runtime *runtime, const char *name);

#endif
