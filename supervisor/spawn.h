/* SPDX-License-Identifier: MIT */
/* supervisor/spawn.h - start sp-worker for a module. */
#ifndef SUPERVISOR_SPAWN_H
#define SUPERVISOR_SPAWN_H

#include <sys/types.h>

struct spawned {
    pid_t pid;
    int pidfd;      /* the caller's to close */
    int control_fd; /* our end of its control socket, non-blocking; likewise */
};

/* What it inherits besides its control socket; borrowed. */
struct spawn_fds {
    int log; /* its output */
    int slots;
    int filters; /* -1: none */
};

/* Runs the program `worker` with arguments as of wire/template.h, an empty
 * environment, and no descriptor but those told there.  Its exit is the
 * caller's to wait for; a program that cannot be run is exit status 127.  -1
 * and errno. */
int spawn_worker(const char *worker, char *const argv[],
                 const struct spawn_fds *fds, struct spawned *out_spawned);

/* In a child of spd, before it becomes another program: no signal is blocked,
 * ignored or handled.  Async-signal-safe. */
void spawn_reset_signals(void);

#endif
