/* SPDX-License-Identifier: MIT */
/* support/program.h - run another program in a test: its input and output over
 * pipes, with a deadline.  It starts with the signals of a fresh shell and
 * with no descriptors but 0, 1, 2 and those given.  What goes wrong on our
 * side fails the test. */
#ifndef SUPPORT_PROGRAM_H
#define SUPPORT_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/buf.h"

struct program {
    pid_t pid;   /* 0 once it has been waited for */
    int pidfd;   /* owned */
    int out;     /* reading end of its standard output; owned; -1 once closed */
    int err;     /* the same for standard error */
    struct buf out_read; /* what has been read so far */
    struct buf err_read;
    int status;  /* as waitpid() tells it, once it has ended */
};

struct program_options {
    const char *const *argv; /* argv[0] is looked up in PATH; ends in NULL */
    const char *const *env;  /* "NAME=value" to set; ends in NULL, or is NULL */
    const void *input;       /* standard input, at most 64 KiB; NULL: none */
    size_t input_size;
    int input_fd; /* instead of input; borrowed; 0 for none */
    const int *fds; /* to become 3, 4, ... in the program */
    size_t fd_count;
    const char *log; /* file for both outputs instead of pipes; may be NULL */
    bool tied; /* it is killed when the thread that starts it ends, if only by
                * a crash of the test: for what has no life pipe */
};

void program_start(const struct program_options *options,
                   struct program *out_program);

/* Reads until it has ended and both outputs are at their end, then returns its
 * exit status (128 + signal for a death by signal).  Past the deadline it is
 * killed and the test fails. */
int program_wait(struct program *program, int timeout_ms);

/* Waits until its standard output holds this text.  False: deadline, or it
 * ended without. */
bool program_wait_output(struct program *program, const char *text,
                         int timeout_ms);

/* What came over its outputs so far, NUL-terminated, valid until the next
 * call. */
const char *program_out(struct program *program);
const char *program_err(struct program *program);

/* Kills it if it still runs, waits for it and frees what it holds. */
void program_fini(struct program *program);

/* program_start(), program_wait() with WAIT_MS, of a program named by a NULL-
 * terminated list of strings. */
int program_run(struct program *out_program, const char *const argv[]);
#define PROGRAM_RUN(out_program, ...)                                          \
    program_run((out_program), (const char *const[]){__VA_ARGS__, NULL})

#endif
