/* SPDX-License-Identifier: MIT */
/* worker/program/interpreter.h - the files that the kernel runs when it is
 * asked to run one: a script's interpreter is one of them. */
#ifndef PROGRAM_INTERPRETER_H
#define PROGRAM_INTERPRETER_H

#include <limits.h>
#include <stddef.h>

/* The kernel follows no more than five in a row; env(1) adds one. */
#define INTERPRETER_FILES 6

struct interpreter_files {
    char paths[INTERPRETER_FILES][PATH_MAX];
    const char *files[INTERPRETER_FILES + 1]; /* of these; NULL behind them */
};

/* Where env(1) and shells look for programs. */
#define INTERPRETER_PATH "/usr/local/bin:/usr/bin:/bin"

/* The program's own path, that of the interpreter that it names in its first
 * line, that one's, and so on; behind env(1) the program that it would find.
 * What cannot be read has no interpreter that this process could know of.  -1:
 * out_text says why it would not run: an interpreter that is not there. */
int interpreter_find(const char *program, struct interpreter_files *out_files,
                     char *out_text, size_t text_size);

#endif
