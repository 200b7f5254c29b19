/* SPDX-License-Identifier: MIT */
/* output.h - standard output: nothing written to it gets lost unnoticed. */
#ifndef SPCTL_OUTPUT_H
#define SPCTL_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include <sp/error.h>

/* Call it first.  Occupies those of the descriptors 0, 1 and 2 that are closed,
 * so that no socket becomes standard output, and has a closed pipe told as an
 * error instead of ending the process. */
void output_init(void);

/* Call it last.  Whether all that was printed has been written; if not, the
 * user has been told. */
bool output_finish(void);

bool output_is_terminal(void);

/* Columns to fill: the terminal's, or 80. */
unsigned output_width(void);

/* Bytes as JSON: a string, or, where they are not UTF-8, which has no form in
 * JSON, a number for each.  NULL: no memory. */
json_t *output_bytes(const void *data, size_t size);

/* Prints a JSON value on one line.  Takes the value; NULL, as jansson gives it
 * when there is no memory, is SP_ENOMEM, told to the user. */
enum sp_error output_json(json_t *value);

/* The same for an array, with one element a line. */
enum sp_error output_json_lines(json_t *array);

#endif
