/* SPDX-License-Identifier: MIT */
/* stream.h - standard output that goes on until somebody has had enough of it:
 * the reader, who closes the pipe, or the user, who interrupts. */
#ifndef SPCTL_STREAM_H
#define SPCTL_STREAM_H

#include <stdbool.h>

/* From now on each line is written as it is printed; SIGINT and SIGTERM end the
 * program with exit status 0, and a closed pipe ends it as it ends others (by
 * SIGPIPE, silently).  Nothing has been printed yet. */
void stream_begin(void);

/* Around printing: so that no line is cut by a signal. */
void stream_hold(void);
void stream_release(void);

/* Whether it can still be written; false: output_finish() says what is wrong.
 * A pipe that nobody reads any more ends the program here. */
bool stream_wanted(void);

#endif
