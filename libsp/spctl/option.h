/* SPDX-License-Identifier: MIT */
/* option.h - every option of spctl, once: the parser, --help, the manual page
 * and the completion of the shell derive from this table. */
#ifndef SPCTL_OPTION_H
#define SPCTL_OPTION_H

#include <stddef.h>

/* X(NAME, long, short, argument, text)
 *
 * short     '\0' if there is none
 * argument  its name in texts; NULL for an option without one */
#define OPTION_TABLE(X)                                                        \
    X(RUNTIME_DIR, "runtime-dir", '\0', "DIR",                                 \
      "The supervisor's runtime directory, or ipc://DIR to talk to it with "   \
      "nng's own sockets. Without it: $SP_RUNTIME_DIR, else the default of "   \
      "the user.")                                                             \
    X(QUIET, "quiet", 'q', NULL,                                               \
      "Leave it to the exit status: start, restart, started, wait, reload "    \
      "and ping print nothing, and the outcomes with exit status 1 and 3 to "  \
      "7 no message. What was asked for (a reply, a list) is printed all the " \
      "same.")                                                                 \
    X(JSON, "json", '\0', NULL,                                                \
      "Print what spctl itself has to say as JSON, for programs. A session's " \
      "reply is never changed.")                                               \
    X(HELP, "help", 'h', NULL, "Explain the command, or spctl, and exit.")     \
    X(VERSION, "version", '\0', NULL, "Print the version and exit.")           \
    X(MODULE, "module", '\0', "MODULE",                                        \
      "The module, by the name that spctl modules lists.")                     \
    X(ARG, "arg", '\0', "ARG", "The argument for the module's init.")          \
    X(ARG_FILE, "arg-file", '\0', "FILE",                                      \
      "The same, from a file: every byte of it. - is the standard input.")     \
    X(PID, "pid", '\0', "PID",                                                 \
      "The session whose process this is; for wait, the process that is to "   \
      "be replaced.")                                                          \
    X(TIMEOUT, "timeout", '\0', "SECONDS",                                     \
      "How long to wait: a number, with decimals if need be, or infinity. 15 " \
      "without this option.")                                                  \
    X(CAST, "cast", '\0', NULL,                                                \
      "Send a message that wants no reply.")                                   \
    X(NAMES, "names", '1', NULL,                                               \
      "Print only the IDs or names, one a line, for scripts.")                 \
    X(LONG, "long", 'l', NULL,                                                 \
      "With what each session has done and used: idle time, calls, CPU time "  \
      "and memory.")                                                           \
    X(DRAIN, "drain", '\0', NULL,                                              \
      "Let it first finish what it has been sent.")                            \
    X(FOR, "for", '\0', "WHAT", "What to wait for: ready, gone or restarted.") \
    X(FOLLOW, "follow", 'f', NULL,                                             \
      "Go on with what happens from now on, until interrupted.")               \
    X(PREFIX, "prefix", '\0', "PREFIX",                                        \
      "Only messages that begin with it.")                                     \
    X(MAN, "man", '\0', NULL, "Print the manual page, for man -l -.")          \
    X(WORDS, "words", '\0', NULL,                                              \
      "Print the words that the shell completes: all commands, or all "        \
      "options of COMMAND.")

enum option_key {
#define OPTION_ENUM_(NAME, name, letter, argument, text) OPTION_##NAME,
    OPTION_TABLE(OPTION_ENUM_)
#undef OPTION_ENUM_
        OPTIONS
};

#define OPTION_BIT(option) (1u << (option))

/* What every command takes. */
#define OPTIONS_GLOBAL                                                         \
    (OPTION_BIT(OPTION_RUNTIME_DIR) | OPTION_BIT(OPTION_QUIET) |               \
     OPTION_BIT(OPTION_JSON) | OPTION_BIT(OPTION_HELP) |                       \
     OPTION_BIT(OPTION_VERSION))

struct option_row {
    const char *name;
    char letter;
    const char *argument;
    const char *text;
};

extern const struct option_row option_rows[OPTIONS];

/* "-q, --quiet" or "--module MODULE", to out. */
void option_usage(enum option_key option, char *out, size_t size);

#endif
