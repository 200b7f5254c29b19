/* SPDX-License-Identifier: MIT */
/* worker/command.h - the module that stands between a session's clients and a
 * program (COMMAND.md): the runtime of a command module. */
#ifndef WORKER_COMMAND_H
#define WORKER_COMMAND_H

#include <stddef.h>

#include <sp/module.h>

#include "program/interpreter.h"

struct sandbox;

/* Behind sp-worker's own arguments NAME and PATH: FRAMING, and the program's.
 * Takes them, and finds the files that the program needs to be run.  sandbox:
 * borrowed, for good, as are the arguments.  -1: out_text says why. */
int command_prepare(char *const argv[], struct sandbox *sandbox,
                    char *out_text, size_t text_size);

/* Its files, the program's first. */
const struct interpreter_files *command_files(void);

/* The module. */
extern const struct sp_module command_module;

#endif
