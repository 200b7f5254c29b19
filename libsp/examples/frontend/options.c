/* SPDX-License-Identifier: MIT */
/* The command line: one table, from which getopt's list and the help come. */
#define _GNU_SOURCE
#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_PORT 8080

/* X(name, option, argument's name or NULL, help) */
#define OPTIONS_TABLE(X)                                                       \
    X(PORT, "port", "N", "listen on 127.0.0.1:N (8080; 0: any free port)")     \
    X(HOST, "host", "NAME",                                                    \
      "also answer to this Host, as a proxy in front sends it")                \
    X(SECURE, "secure", NULL, "visitors come by https: cookies are Secure")    \
    X(KEY_FILE, "key-file", "FILE",                                            \
      "sign cookies with these keys: they outlive this server")                \
    X(MODULE, "module", "NAME", "the module of visitors' sessions (visitor)")  \
    X(RUNTIME_DIR, "runtime-dir", "DIR", "where spd is (as spctl has it)")     \
    X(OWN_SUPERVISOR, "own-supervisor", NULL,                                  \
      "run an spd of our own, for as long as we run")                          \
    X(CONFIG, "config", "FILE", "configuration of our own spd")                \
    X(HELP, "help", NULL, "print this and exit")

enum {
    OPTION_BELOW_ = 255, /* above every short option */
#define OPTION_NUMBER_(name, option, argument, help) OPTION_##name,
    OPTIONS_TABLE(OPTION_NUMBER_)
#undef OPTION_NUMBER_
};

static const struct option long_options[] = {
#define OPTION_ROW_(name, option, argument, help)                              \
    {option, (argument) ? required_argument : no_argument, NULL,               \
     OPTION_##name},
    OPTIONS_TABLE(OPTION_ROW_)
#undef OPTION_ROW_
    {0},
};

static void help_row(const char *option, const char *argument, const char *help)
{
    char left[64];

    snprintf(left, sizeof left, "--%s%s%s", option, argument ? " " : "",
             argument ? argument : "");
    printf("  %-20s  %s\n", left, help);
}

static void help_print(void)
{
    puts("Usage: sp-frontend [OPTION]...\n\n"
         "Serves a page on loopback whose every visitor has a process.\n");
#define OPTION_HELP_(name, option, argument, help)                             \
    help_row(option, argument, help);
    OPTIONS_TABLE(OPTION_HELP_)
#undef OPTION_HELP_
}

static bool port_read(const char *text, uint16_t *out_port)
{
    size_t len = strlen(text);
    unsigned long port;

    if (len == 0 || len > 5 || strspn(text, "0123456789") != len)
        return false;
    port = strtoul(text, NULL, 10);
    if (port > UINT16_MAX)
        return false;
    *out_port = (uint16_t)port;
    return true;
}

/* False: the value is wrong, or getopt has complained already. */
static bool option_take(int option, const char *value, struct options *options)
{
    switch (option) {
    case OPTION_PORT:
        if (port_read(value, &options->port))
            return true;
        fprintf(stderr, "sp-frontend: not a port: %s\n", value);
        return false;
    case OPTION_HOST:
        options->host = value;
        return true;
    case OPTION_SECURE:
        options->secure = true;
        return true;
    case OPTION_KEY_FILE:
        options->key_file = value;
        return true;
    case OPTION_MODULE:
        options->module = value;
        return true;
    case OPTION_RUNTIME_DIR:
        options->runtime_dir = value;
        return true;
    case OPTION_OWN_SUPERVISOR:
        options->own_supervisor = true;
        return true;
    case OPTION_CONFIG:
        options->config = value;
        return true;
    default:
        return false;
    }
}

enum options_verdict options_read(int argc, char **argv,
                                  struct options *out_options)
{
    struct options options = {.port = DEFAULT_PORT, .module = "visitor"};
    int option;

    argv[0] = (char *)"sp-frontend"; /* in getopt's complaints */
    while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        if (option == OPTION_HELP) {
            help_print();
            return OPTIONS_HELP;
        }
        if (!option_take(option, optarg, &options))
            return OPTIONS_WRONG;
    }
    if (optind < argc) {
        fprintf(stderr, "sp-frontend: what is '%s'?\n", argv[optind]);
        return OPTIONS_WRONG;
    }
    if (options.config && !options.own_supervisor) {
        fputs("sp-frontend: --config is for --own-supervisor\n", stderr);
        return OPTIONS_WRONG;
    }
    *out_options = options;
    return OPTIONS_RUN;
}
