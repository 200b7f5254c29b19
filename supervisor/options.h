/* SPDX-License-Identifier: MIT */
/* supervisor/options.h - spd's command line.  The table is the only list: the
 * parser, --help and spd(8) derive from it. */
#ifndef SUPERVISOR_OPTIONS_H
#define SUPERVISOR_OPTIONS_H

#include <stdbool.h>
#include <stdio.h>

/* X(NAME, name, argument, help): argument is NULL for none. */
#define OPTION_TABLE(X)                                                        \
    X(CONFIG, "config", "FILE",                                                \
      "read the configuration from FILE; see spd.conf(5)")                     \
    X(RUNTIME_DIR, "runtime-dir", "DIR",                                       \
      "where the sockets are, at most 33 bytes; by default $SP_RUNTIME_DIR, "  \
      "else /run/libsp as root, $XDG_RUNTIME_DIR/libsp or /tmp/libsp-UID")     \
    X(FOREGROUND, "foreground", NULL,                                          \
      "stay in the foreground; it always does, and never forks itself away")   \
    X(READY_FD, "ready-fd", "N",                                               \
      "write a newline to descriptor N once requests are accepted, and close " \
      "it")                                                                    \
    X(LIFE_FD, "life-fd", "N",                                                 \
      "stop in order when descriptor N, a pipe's read end, reaches its end")   \
    X(CHECK_CONFIG, "check-config", NULL,                                      \
      "check the configuration, say what is wrong with it, and exit")          \
    X(DOCTOR, "doctor", NULL,                                                  \
      "try what this machine has to confine sessions with, print it as JSON, " \
      "and exit; spctl doctor shows it as a table")                            \
    X(VERSION, "version", NULL, "print the version and exit")                  \
    X(HELP, "help", NULL, "print this and exit")

/* spd's exit statuses: X(NAME, number, help) */
#define SPD_EXIT_TABLE(X)                                                      \
    X(OK, 0, "it was told to stop, and did in order")                          \
    X(FAILED, 1, "it could not start; standard error says why")                \
    X(USAGE, 2, "the command line or the configuration is wrong")              \
    X(LOST, 3, "its runtime directory was removed; it stopped in order")

enum spd_exit {
#define SPD_EXIT_ENUM_(NAME, number, help) SPD_EXIT_##NAME = number,
    SPD_EXIT_TABLE(SPD_EXIT_ENUM_)
#undef SPD_EXIT_ENUM_
};

struct options {
    const char *config; /* NULL: none */
    const char *runtime_dir;
    int ready_fd; /* -1: none */
    int life_fd;  /* -1: none */
    bool check_config;
    bool doctor;
    bool version;
    bool help;
};

/* -1: out_text says what is wrong. */
int options_parse(int argc, char **argv, struct options *out_options,
                  char *out_text, size_t text_size);

/* What --help prints: options, settings, exit statuses. */
void options_print_help(FILE *out);

#endif
