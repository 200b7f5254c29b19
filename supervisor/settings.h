/* SPDX-License-Identifier: MIT */
/* supervisor/settings.h - every setting: type, name, default, limits, help.
 *
 * The two tables are the only lists: the parser, the structs, the defaults,
 * the checks, spd --help and the manual page spd.conf(5) derive from them.
 *
 * X(TYPE, name, default, min, max, help)
 *
 *   COUNT     a whole number                                        uint64_t
 *   SIZE      bytes: a whole number, K, M or G behind it            uint64_t
 *   DURATION  milliseconds: a number with ms, s, m or h behind it   uint64_t
 *   NAME      [A-Za-z0-9_-], 1 to 64 of them                        char *
 *   PATH      an absolute path                                      char *
 *   LEVEL     error, warning, info or debug (enum log_level)        uint64_t
 *   RESTART   permanent, transient or temporary (policy.h)          uint64_t
 *   ENDING    abort or kill (enum setting_ending)                   uint64_t
 *   SANDBOX   none, default or strict (enum sandbox_tier)           uint64_t
 *   SWITCH    no or yes                                             uint64_t
 *   TEMPLATE  none or shared (enum setting_template)                uint64_t
 *   PATHS     absolute paths, separated by spaces; none is ""       char *
 *   UIDS      user IDs, FIRST-LAST                                  char *
 *   CGROUP    auto, off or an absolute path                         char *
 *
 * min and max are for the numbers; 0 and 0 for the texts.  A number whose
 * default is "off" may be "off", which is 0, or from min to max.  A default is
 * written as in a file; "" stands for a text that is worked out when it is not
 * given, as its help says. */
#ifndef SUPERVISOR_SETTINGS_H
#define SUPERVISOR_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "policy.h"
#include "wire/framing.h"
#include "wire/sandbox.h"
#include "wire/template.h"

/* [supervisor] */
#define SUPERVISOR_SETTINGS(X)                                                 \
    X(NAME, default_module, "kv", 0, 0,                                        \
      "the module of a session that is started without one")                   \
    X(COUNT, max_sessions, "9000", 1, 1000000,                                 \
      "sessions at once; each needs two descriptors in spd")                   \
    X(SIZE, max_arg, "64K", 0, START_ARG_MAX,                                  \
      "the largest argument of a start; it is kept for restarts")              \
    X(COUNT, tombstones, "1000", 0, 100000,                                    \
      "sessions that are no more of which it is kept how they ended")          \
    X(DURATION, tombstone_time, "10m", 1, 604800000,                           \
      "how long that is kept")                                                 \
    X(COUNT, max_sessions_uid, "off", 1, 1000000,                              \
      "sessions at once that one user may have started, but for root and "     \
      "spd's own")                                                             \
    X(COUNT, start_rate, "off", 1, 1000000,                                    \
      "starts a second that one user may ask for, but for root and spd's own") \
    X(COUNT, admin_reserve, "8", 0, 1000,                                      \
      "sessions out of max_sessions, and connections to the control socket "   \
      "beyond control_connections, for root and spd's own user alone")         \
    X(COUNT, events, "1000", 0, 100000,                                        \
      "events that are kept, for those who ask later")                         \
    X(COUNT, control_connections, "256", 1, 100000,                            \
      "connections to the control socket at once")                             \
    X(NAME, group, "", 0, 0,                                                   \
      "the group whose members may control and call, besides root and spd's "  \
      "own user; none unless given")                                           \
    X(PATH, module_dir, "", 0, 0,                                              \
      "where modules without a path are; where spd's own are unless given")    \
    X(PATH, worker, "", 0, 0,                                                  \
      "the program sp-worker; beside spd's own modules unless given")          \
    X(UIDS, uid_range, "1900000000-1900000999", 0, 0,                          \
      "where spd is root: users of which each confined module gets one to "    \
      "itself, so that none of them may be anybody else's")                    \
    X(CGROUP, cgroup, "auto", 0, 0,                                            \
      "the cgroup (v2) below which those of modules are made: a directory, "   \
      "off for none, or auto for spd's own where it has been delegated")       \
    X(LEVEL, log_level, "info", 0, 0,                                          \
      "what is logged: error, warning, info or debug")

/* X(name): settings of [supervisor] that a reload does not change: spd has to
 * be started again for them.  A reload says so by name. */
#define SUPERVISOR_SETTINGS_FIXED(X)                                           \
    X(cgroup)                                                                  \
    X(control_connections)                                                     \
    X(group)                                                                   \
    X(uid_range)

/* [module NAME] */
#define MODULE_SETTINGS(X)                                                     \
    X(PATH, path, "", 0, 0,                                                    \
      "the module's shared object; module_dir/NAME.so unless given; it and "   \
      "its folder must be root's or spd's own user's, and nobody else's to "   \
      "write to")                                                              \
    X(WORDS, command, "", 0, 0,                                                \
      "instead of path: a program, and its arguments, that each session runs " \
      "and that answers on its standard output what it reads on its input; "   \
      "see worker/COMMAND.md")                                                 \
    X(FRAMING, framing, "line", 0, 0,                                          \
      "how it tells messages apart: each a line, or 32 bits of length, most "  \
      "significant byte first, before it")                                     \
    X(SIZE, max_message, "16M", 1, (uint64_t)1 << 30,                          \
      "the largest request or cast")                                           \
    X(COUNT, max_connections, "48", 1, 10000,                                  \
      "connections to one session at once")                                    \
    X(RESTART, restart, "transient", 0, 0,                                     \
      "after which ends a session is started again: every one that nobody "    \
      "asked for, abnormal ones, or none")                                     \
    X(COUNT, max_restarts, "3", 0, POLICY_RESTARTS_MAX,                        \
      "restarts of one session within max_seconds, before it is given up")     \
    X(DURATION, max_seconds, "5s", 1, 86400000,                                \
      "the time in which max_restarts counts")                                 \
    X(DURATION, restart_delay, "100ms", 1, 86400000,                           \
      "before the second restart in a row, about; the first is at once, and "  \
      "each further one waits twice as long")                                  \
    X(DURATION, max_restart_delay, "30s", 1, 86400000,                         \
      "the longest wait before a restart")                                     \
    X(DURATION, stable_time, "1m", 1, 86400000,                                \
      "a process that has lived so long clears its session's restarts and "    \
      "their delay")                                                           \
    X(DURATION, init_timeout, "10s", 1, 86400000,                              \
      "from the fork to the end of the module's init")                         \
    X(DURATION, stop_timeout, "5s", 1, 86400000,                               \
      "from the request to stop until the process is killed")                  \
    X(DURATION, drain_timeout, "30s", 1, 86400000,                             \
      "from the request to drain until it becomes one to stop")                \
    X(COUNT, max_sessions, "off", 1, 1000000,                                  \
      "sessions of this module at once")                                       \
    X(DURATION, idle_timeout, "off", 1000, 2592000000,                         \
      "ends a session that has had no call or cast for so long, owes no "      \
      "reply and has no subscriber; its own timers do not count")              \
    X(DURATION, max_lifetime, "off", 1000, 2592000000,                         \
      "ends a session so long after its start")                                \
    X(COUNT, max_calls, "off", 1, 1000000000000,                               \
      "calls and casts after which a fresh process takes over")                \
    X(SIZE, max_memory_recycle, "off", 1 << 20, (uint64_t)1 << 40,             \
      "resident memory above which a fresh process takes over, after a reply") \
    X(DURATION, call_limit, "off", 100, 86400000,                              \
      "the longest that a call, cast or timer may run; longer is a hang")      \
    X(ENDING, call_limit_ends, "kill", 0, 0,                                   \
      "how a hang is ended: kill (SIGKILL) or abort (SIGABRT, then SIGKILL)")  \
    X(DURATION, slow_call, "off", 1, 86400000,                                 \
      "a call that took longer is logged")                                     \
    X(COUNT, log_rate, "100", 1, 1000000,                                      \
      "lines a second that one session may log; the rest is counted")          \
    X(SANDBOX, sandbox, "default", 0, 0,                                       \
      "what confines the module's code: none (nothing does), default, or "     \
      "strict; see worker/SANDBOX.md")                                         \
    X(TEMPLATE, template, "shared", 0, 0,                                      \
      "shared: sessions are forks of one process that has loaded the module; " \
      "none: each of a process of its own, which takes milliseconds a start "  \
      "and gives each session addresses of its own")                           \
    X(COUNT, pool, "0", 0, 1000,                                               \
      "processes that are kept ready for its next sessions once it has a "     \
      "template, which is faster to start than a fork; each takes memory and " \
      "three descriptors of spd; none where template = none")                  \
    X(COUNT, template_forks, "10000", 1, 1000000000,                           \
      "sessions after which a fresh process loads the module for the next")    \
    X(DURATION, template_time, "1h", 1000, 2592000000,                         \
      "the age at which such a process is replaced, when a session is started")\
    X(SWITCH, template_crash, "yes", 0, 0,                                     \
      "it is replaced when a session crashes by a signal, which may tell of "  \
      "addresses")                                                             \
    X(COUNT, landlock_abi, "off", 1, 1000,                                     \
      "the oldest interface of Landlock that will do; off: any, though "       \
      "before 6 a session is kept from signals by its filter alone")           \
    X(SIZE, memory, "256M", (uint64_t)16 << 20, (uint64_t)1 << 40,             \
      "address space of one process")                                          \
    X(COUNT, cpu_seconds, "off", 1, 1000000000,                                \
      "processor time of one session's process, in seconds, before it is "     \
      "ended")                                                                 \
    X(COUNT, open_files, "off", 32, 20000,                                     \
      "descriptors of one session's process; off: max_connections and 16 "     \
      "more")                                                                  \
    X(COUNT, threads, "64", 1, 100000,                                         \
      "threads, and with allow_fork processes, of one session's command, in "  \
      "strict; else it gets more while its user has half of what it may")      \
    X(SIZE, module_memory, "off", 1 << 20, (uint64_t)1 << 40,                  \
      "memory of all processes of the module together; needs a cgroup")        \
    X(COUNT, module_processes, "off", 2, 1000000,                              \
      "processes of the module, templates too; needs a cgroup")                \
    X(COUNT, cpu_weight, "off", 1, 10000,                                      \
      "the module's share of processor time beside others, of which each has " \
      "100; needs a cgroup")                                                   \
    X(PATHS, allow_read, "", 0, 0,                                             \
      "files, and folders with all below them, that the module may read")      \
    X(SWITCH, allow_fork, "no", 0, 0,                                          \
      "the module may have children, which may not run other programs")        \
    X(SWITCH, allow_wx, "no", 0, 0,                                            \
      "the module may run code that it makes or loads later")                  \
    X(SWITCH, allow_network, "no", 0, 0,                                       \
      "the module may use sockets of the Internet")

enum setting_type {
    SETTING_COUNT,
    SETTING_SIZE,
    SETTING_DURATION,
    SETTING_NAME,
    SETTING_PATH,
    SETTING_LEVEL,
    SETTING_RESTART,
    SETTING_ENDING,
    SETTING_SANDBOX,
    SETTING_SWITCH,
    SETTING_TEMPLATE,
    SETTING_PATHS,
    SETTING_WORDS,
    SETTING_FRAMING,
    SETTING_UIDS,
    SETTING_CGROUP,
};

/* In the order of their words. */
enum setting_ending { SETTING_ENDING_ABORT, SETTING_ENDING_KILL };
enum setting_template { SETTING_TEMPLATE_NONE, SETTING_TEMPLATE_SHARED };

#define SETTING_C_COUNT uint64_t
#define SETTING_C_SIZE uint64_t
#define SETTING_C_DURATION uint64_t
#define SETTING_C_NAME char *
#define SETTING_C_PATH char *
#define SETTING_C_LEVEL uint64_t
#define SETTING_C_RESTART uint64_t
#define SETTING_C_ENDING uint64_t
#define SETTING_C_SANDBOX uint64_t
#define SETTING_C_SWITCH uint64_t
#define SETTING_C_TEMPLATE uint64_t
#define SETTING_C_PATHS char *
#define SETTING_C_WORDS char *
#define SETTING_C_FRAMING uint64_t
#define SETTING_C_UIDS char *
#define SETTING_C_CGROUP char *

#define SETTING_FIELD_(TYPE, name, initial, min, max, help)                    \
    SETTING_C_##TYPE name;

struct supervisor_settings {
    SUPERVISOR_SETTINGS(SETTING_FIELD_)
};

struct module_settings {
    MODULE_SETTINGS(SETTING_FIELD_)
};

/* One row of a table. */
struct setting {
    enum setting_type type;
    const char *name;
    const char *initial;
    uint64_t min;
    uint64_t max;
    const char *help;
    size_t offset; /* of its field in its struct */
};

extern const struct setting supervisor_setting_rows[];
extern const size_t supervisor_setting_count;
extern const struct setting module_setting_rows[];
extern const size_t module_setting_count;

/* Fills a struct with the defaults.  -1: no memory. */
int settings_init(const struct setting *rows, size_t count, void *fields);
/* Frees the texts. */
void settings_fini(const struct setting *rows, size_t count, void *fields);

/* NULL without a row of this name. */
const struct setting *setting_find(const struct setting *rows, size_t count,
                                   const char *name);

/* Parses a value into its field.  -1: out_text says what it must be. */
int setting_parse(const struct setting *row, const char *value, void *fields,
                  char *out_text, size_t text_size);

/* Whether two structs of the rows' table have the same value here, or in every
 * row. */
bool setting_equal(const struct setting *row, const void *a, const void *b);
bool settings_equal(const struct setting *rows, size_t count, const void *a,
                    const void *b);
/* Exchanges the values of one row. */
void setting_swap(const struct setting *row, void *a, void *b);
/* Whether this row of [supervisor] is one of SUPERVISOR_SETTINGS_FIXED. */
bool setting_fixed(const struct setting *row);

/* First and last of a value of type UIDS.  False: it is none. */
bool setting_uids(const char *value, uid_t *out_first, uid_t *out_last);

/* What may stand for a value of this type, as "a size, 1 to 1G". */
void setting_describe(const struct setting *row, char *out, size_t out_size);

#endif
