/* SPDX-License-Identifier: MIT */
/* input.h - bytes for a request or an argument: from the command line, from
 * standard input or from a file, whole and bounded. */
#ifndef SPCTL_INPUT_H
#define SPCTL_INPUT_H

#include <stddef.h>

#include <sp/error.h>

struct invocation;

/* The most that is read for a request and for a start's argument.  spd's
 * limits are usually lower; these keep an endless input out of memory. */
#define INPUT_REQUEST_MAX (1024 * 1024 * 1024)
#define INPUT_ARG_MAX (1024 * 1024)

struct input {
    const void *bytes; /* borrowed, or the same as owned */
    size_t size;
    void *owned; /* NULL if the bytes are argv's */
};

/* The request of `call` and `cast`: operand `index`, or else all of standard
 * input.  SP_OK: the caller ends it with input_fini().  Else it has been told
 * to the user: SP_EMSGSIZE, SP_ENOMEM, SP_ESYSTEM. */
enum sp_error input_request(const struct invocation *invocation, size_t index,
                            struct input *out_input);

/* The argument of `start`, by --arg or --arg-file; empty without them.  The
 * same, and SP_EINVAL for both at once. */
enum sp_error input_argument(const struct invocation *invocation,
                             struct input *out_input);

void input_fini(struct input *input);

#endif
