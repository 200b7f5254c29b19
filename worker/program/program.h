/* SPDX-License-Identifier: MIT */
/* worker/program/program.h - the process of a command module's program: its
 * start, three pipes, and its end. */
#ifndef PROGRAM_PROGRAM_H
#define PROGRAM_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct sandbox;

struct program {
    pid_t pid;
    int pidfd;  /* owned; readable when it has ended */
    int input;  /* owned; its standard input; not blocking; -1: closed */
    int output; /* owned; its standard output; not blocking */
    int errors; /* the caller's; its standard error; not blocking */
    bool ended; /* and reaped */
    int signal; /* that has ended it; 0: */
    int status; /* it has exited with this */
};

/* Runs the program in what the sandbox has for it.  argv and envp as of
 * execve(); argv[0] is its path.  It is killed when this process ends.  -1:
 * out_text says what could not be done. */
int program_start(struct program *program, char *const argv[],
                  char *const envp[], struct sandbox *sandbox, char *out_text,
                  size_t text_size);

/* Reaps what has ended, of its orphans too.  Whether it has. */
bool program_reap(struct program *program);

/* Waits for its end.  False: it goes on. */
bool program_wait(struct program *program, int timeout_ms);

/* Closes its standard input: it is to end. */
void program_hang_up(struct program *program);
/* SIGTERM. */
void program_terminate(const struct program *program);
/* SIGKILL, and waits until it is reaped: an end of our own choosing leaves
 * nothing behind. */
void program_kill(struct program *program);

#endif
