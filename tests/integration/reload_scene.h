/* SPDX-License-Identifier: MIT */
/* reload_scene.h - for the tests of reloads: another configuration, and what
 * spd then holds. */
#ifndef RELOAD_SCENE_H
#define RELOAD_SCENE_H

#include <stddef.h>
#include <sys/types.h>

#include "support/asking.h"

#define PROBE HARNESS_PROBE_CONFIG
#define TEMPORARY PROBE "restart = temporary\n"
#define OTHER "[module other]\npath = @PROBE@\n"

/* ---- reloading ---- */

/* Reloads, and counts the modules. */
void expect_reload(const struct harness *harness, long changed, long added,
                   long removed);
/* Reloads, which must fail with this error, and a text that holds that. */
void expect_no_reload(const struct harness *harness, enum sp_error error,
                      const char *text);
/* Configures and reloads. */
void change(struct harness *harness, const char *config, long changed,
            long added, long removed);

/* ---- processes ---- */

/* Waits until spd has so many children in all. */
void expect_processes(const struct harness *harness, size_t sessions,
                      size_t templates);
/* The pid of the only child that is none of these sessions. */
pid_t template_beside(const struct harness *harness, const pid_t *sessions,
                      size_t count);
/* Kills a session's process and waits until it has ended. */
void crash(const struct harness *harness, const char *id);

/* ---- what spd holds ---- */

struct holdings {
    const struct harness *harness;
    size_t descriptors;
    size_t log_sockets;
};

/* To be noted before anything is started. */
struct holdings holdings_note(const struct harness *harness);
/* Waits until spd holds that again.  It may have been about to close a
 * descriptor of a question or of its own start: there may be fewer. */
void holdings_expect_back(struct holdings *wanted);
size_t count_log_sockets(const struct harness *harness);

#endif
