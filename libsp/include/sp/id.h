/* SPDX-License-Identifier: MIT */
/* sp/id.h - session IDs: what is one, and how to make one.
 *
 * A session ID is 1 to 64 characters of [A-Za-z0-9_-].  Nothing else is
 * accepted anywhere: "abc\n" is refused, as is "../x".
 *
 * Link with -lsp: cc program.c $(pkg-config --cflags --libs libsp)
 *
 * Threads: any number of threads may call them at once. */
#ifndef SP_ID_H
#define SP_ID_H

#include <stdbool.h>
#include <stddef.h>

#include <sp/error.h>

/* The longest session ID, in bytes without the NUL. */
#define SP_ID_MAX 64

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default) /* modules find them by name */

/* Whether the len bytes at id are a session ID.  The bytes need no NUL and may
 * hold one (which makes them no session ID).
 * id: NULL is allowed if len is 0. */
bool sp_id_valid(const char *id, size_t len);

/* Writes a new session ID that nobody can guess (122 random bits: a version 4
 * UUID, RFC 4122, made by libuuid from the kernel's random source).
 * out_id: where it is written to, with its NUL: 37 bytes. */
void sp_session_id_new(char out_id[SP_ID_MAX + 1]);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif
#endif
