/* SPDX-License-Identifier: MIT */
/* supervisor/counters.h - what spd has counted since it started, and how much
 * there is now: `stats`.  Who counts writes the field. */
#ifndef SUPERVISOR_COUNTERS_H
#define SUPERVISOR_COUNTERS_H

#include <jansson.h>
#include <stdint.h>

struct endpoint_counters;

/* X(name, help): only ever grows. */
#define COUNTER_TABLE(X)                                                       \
    X(starts, "starts that were accepted")                                     \
    X(ready, "processes of sessions that have finished their init")            \
    X(starts_failed, "starts whose init did not succeed")                      \
    X(init_timeouts, "inits that took longer than init_timeout")               \
    X(crashes, "processes that ended abnormally")                              \
    X(restarts, "processes started to replace another")                        \
    X(given_up, "sessions whose restart budget was spent")                     \
    X(stops, "sessions stopped on request")                                    \
    X(finished, "sessions that ended themselves")                              \
    X(idle_expiries, "sessions ended by idle_timeout")                         \
    X(lifetime_expiries, "sessions ended by max_lifetime")                     \
    X(call_recycles, "processes replaced at max_calls")                        \
    X(memory_recycles, "processes replaced at max_memory_recycle")             \
    X(refused_limit, "starts refused by max_sessions of the supervisor")       \
    X(refused_module_limit, "starts refused by max_sessions of a module")      \
    X(refused_uid_limit, "starts refused by max_sessions_uid")                 \
    X(refused_rate, "starts refused by start_rate")                            \
    X(refused_throttle, "starts refused since none of the module ever worked") \
    X(refused_unknown, "starts refused for an unknown module")                 \
    X(refused_argument, "starts refused by max_arg")                           \
    X(refused_cgroup, "starts refused for want of a cgroup's controller")      \
    X(refused_resources, "starts refused for want of descriptors or memory")   \
    X(refused_stopping, "starts refused since spd was stopping")               \
    X(hangs, "processes ended by call_limit")                                  \
    X(slow_calls, "calls that took longer than slow_call")                     \
    X(stop_timeouts, "processes killed since they did not end in "             \
                     "stop_timeout")                                           \
    X(drain_timeouts, "drains that were cut short by drain_timeout")           \
    X(suspended, "processes ended since they had stopped themselves")          \
    X(listeners_shut, "processes ended since they had shut their listener "    \
                      "down")                                                  \
    X(violations, "sessions' processes and templates that broke their "        \
                  "contract with spd, or made a forbidden system call")        \
    X(strangers, "children of spd that nobody had announced, ended")           \
    X(templates_started, "templates started")                                  \
    X(templates_ended, "templates that have ended")                            \
    X(log_lines, "lines of sessions and templates that were logged")           \
    X(log_dropped, "lines that log_rate held back")                            \
    X(events, "lifecycle events")                                              \
    X(events_lost, "lifecycle events for which there was no memory")           \
    X(not_permitted, "requests refused since their user may not ask")          \
    X(requests_bad, "requests that made no sense")                             \
    X(reloads, "configurations that were taken over")                          \
    X(reloads_failed, "configurations that were refused")

/* X(name, help): what there is now. */
#define GAUGE_TABLE(X)                                                         \
    X(sessions, "sessions now")                                                \
    X(processes, "processes of sessions now")                                  \
    X(pooled, "processes that wait for a session now, or are asked for")       \
    X(modules, "modules now")                                                  \
    X(templates, "templates now")                                              \
    X(users, "users with sessions now")                                        \
    X(tombstones, "ends of sessions that are remembered now")                  \
    X(descriptors, "descriptors of spd now")                                   \
    X(uptime_ms, "milliseconds since spd started")

#define COUNTERS_FIELD_(name, help) uint64_t name;

struct counters {
    COUNTER_TABLE(COUNTERS_FIELD_)
};

struct gauges {
    GAUGE_TABLE(COUNTERS_FIELD_)
};

#undef COUNTERS_FIELD_

/* All of them as an array of {"name", "value", "help"}, gauges first, and then
 * those of the control socket's endpoint, their names behind "control_".  The
 * caller's to json_decref(); NULL: no memory. */
json_t *counters_json(const struct gauges *gauges,
                      const struct counters *counters,
                      const struct endpoint_counters *control);

#endif
