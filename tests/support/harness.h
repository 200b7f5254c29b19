/* SPDX-License-Identifier: MIT */
/* support/harness.h - a supervisor for one test: the real spd in a private
 * directory.
 *
 *     struct harness *harness = harness_start(NULL);
 *     ... harness_runtime_dir(harness) ...
 *     harness_stop(harness);
 *
 * Whatever goes wrong here fails the test.  When the test fails or crashes
 * first, spd and its sessions end too: spd holds the reading end of a pipe
 * whose other end the test process holds.  Any number of harnesses can run at
 * once, in one test and in many.
 *
 * The programs are those of the build; the environment variables SP_TEST_SPD,
 * SP_TEST_SPCTL and SP_TEST_PROBE name others.  SP_TEST_POOL=N gives each
 * module that does not say a pool of N: nothing else may differ by it. */
#ifndef SUPPORT_HARNESS_H
#define SUPPORT_HARNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/rundir.h"

struct harness;

/* A module for tests only, as configuration text. */
#define HARNESS_PROBE_CONFIG "[module probe]\npath = @PROBE@\n"
/* The same, for what it may do nowhere else: open files, fork. */
#define HARNESS_FREE_CONFIG HARNESS_PROBE_CONFIG "sandbox = none\n"

/* Starts spd and returns once it accepts requests.  config: the text of its
 * configuration file, in which @PROBE@ stands for the path of the test module;
 * NULL for none.  The harness is the caller's to harness_stop(). */
struct harness *harness_start(const char *config);

/* The same, with spd run by another program: its name and arguments, which end
 * in NULL, stand before spd's own ("prlimit", "--nofile=64").  It must become
 * spd by exec. */
struct harness *harness_start_under(const char *config,
                                    const char *const before[]);

/* Writes another configuration file in place of the one it was started with. */
void harness_configure(struct harness *harness, const char *config);
/* The same, line by line.  A build with sanitizers, which cannot be confined,
 * else gets sandbox = none in each section of a module. */
void harness_configure_as_is(struct harness *harness, const char *config);

/* Ends spd by SIGTERM and expects it to exit with 0 within WAIT_MS, then fails
 * the test if anything was left behind: a descriptor of the test process that
 * was not open at harness_start(), a child or grandchild process (a session,
 * a template), anything in the runtime directory.  Removes the directory. */
void harness_stop(struct harness *harness);

/* spd's process ID; 0 when it does not run. */
pid_t harness_spd(const struct harness *harness);

/* The private directory, mode 0700, for files of the test; and the runtime
 * directory in it.  They live as long as the harness. */
const char *harness_dir(const struct harness *harness);
const char *harness_runtime_dir(const struct harness *harness);

/* The paths of spd's own socket and of a session's. */
void harness_control_path(const struct harness *harness,
                          char out[RUNDIR_PATH_SIZE]);
void harness_session_path(const struct harness *harness, const char *id,
                          char out[RUNDIR_PATH_SIZE]);

/* For those who start spd themselves, without a configuration: NULL, or that of
 * a build with sanitizers, as a file in this directory. */
const char *harness_default_config(const char *dir);

/* Waits until spd's log holds this text.  False: deadline. */
bool harness_wait_log(const struct harness *harness, const char *text,
                      int timeout_ms);

/* The log so far; the caller frees it with free(). */
char *harness_log(const struct harness *harness);

/* Kills spd with SIGKILL and waits for it, and for all that it had started:
 * fails if a session outlives it by more than WAIT_MS. */
void harness_kill_spd(struct harness *harness);

/* Closes our end of the life pipe and waits until spd has ended; fails unless
 * it exits with 0. */
void harness_end_life(struct harness *harness);

/* Waits until spd has ended by itself; fails unless it exits with this. */
void harness_expect_end(struct harness *harness, int status);

/* Starts spd again in the same directory after one of the three above. */
void harness_start_spd(struct harness *harness);

/* The programs under test. */
const char *harness_spd_program(void);
const char *harness_spctl_program(void);
const char *harness_probe_module(void);

#endif
