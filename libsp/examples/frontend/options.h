/* SPDX-License-Identifier: MIT */
/* frontend/options.h - the command line of sp-frontend. */
#ifndef FRONTEND_OPTIONS_H
#define FRONTEND_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

/* Strings are borrowed from argv; NULL where an option was not given. */
struct options {
    uint16_t port; /* 0: any */
    const char *host;
    const char *module;
    const char *runtime_dir;
    const char *config;
    const char *key_file;
    bool secure;
    bool own_supervisor;
};

enum options_verdict { OPTIONS_RUN, OPTIONS_HELP, OPTIONS_WRONG };

/* Reads the command line.  OPTIONS_HELP: the help was printed.  OPTIONS_WRONG:
 * the fault was named on standard error. */
enum options_verdict options_read(int argc, char **argv,
                                  struct options *out_options);

#endif
