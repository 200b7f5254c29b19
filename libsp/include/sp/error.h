/* SPDX-License-Identifier: MIT */
/* sp/error.h - every error of libsp: number, name, text, the exit status that
 * spctl gives it, and who may claim it.
 *
 * The table below is the only list.  enum sp_error, sp_strerror(),
 * sp_error_name(), spctl's exit codes, the numbers on the wire and the manual
 * derive from it.  Numbers are part of the wire and never change meaning; new
 * errors are added at the end.
 *
 * Link with -lsp: cc program.c $(pkg-config --cflags --libs libsp)
 *
 * Threads: any number of threads may call them at once. */
#ifndef SP_ERROR_H
#define SP_ERROR_H

/* X(name, number, exit, from_session, text)
 *
 * exit          the exit status of spctl
 * from_session  1: a session may answer with this number.  The other errors
 *               are decided by the client and by spd alone; a client that is
 *               sent one of them by a session reports SP_EPROTO. */
#define SP_ERROR_TABLE(X)                                                      \
    X(SP_OK, 0, 0, 0, "success")                                               \
    X(SP_ENOENT, 1, 1, 0, "no such session")                                   \
    X(SP_EINVAL, 2, 2, 0, "invalid argument")                                  \
    X(SP_EBADID, 3, 2, 0, "invalid session ID")                                \
    X(SP_EALREADY, 4, 3, 0, "the session is already started")                  \
    X(SP_ETIMEDOUT, 5, 4, 0, "timed out")                                      \
    X(SP_EDIED, 6, 5, 0, "the session died")                                   \
    X(SP_EREPLY, 7, 6, 1, "the session answered with an error")                \
    X(SP_EREQUEST, 8, 6, 1, "the session does not know this request")          \
    X(SP_ENOSUP, 9, 7, 0, "no supervisor")                                     \
    X(SP_ELIMIT, 10, 8, 0, "refused by a limit")                               \
    X(SP_EINIT, 11, 9, 0, "the session could not start")                       \
    X(SP_EIGNORED, 12, 9, 0, "the module declined to start the session")       \
    X(SP_EMODULE, 13, 9, 0, "unknown module")                                  \
    X(SP_ELOAD, 14, 9, 0, "the module cannot be loaded")                       \
    X(SP_EPERM, 15, 10, 0, "not permitted")                                    \
    X(SP_EAGAIN, 16, 8, 0, "the session does not keep up")                     \
    X(SP_EMSGSIZE, 17, 8, 1, "the message is too large")                       \
    X(SP_EPROTO, 18, 11, 1, "protocol error")                                  \
    X(SP_ENOMEM, 19, 11, 0, "out of memory")                                   \
    X(SP_ESYSTEM, 20, 11, 0, "a system call failed")                           \
    X(SP_EENDED, 21, 5, 1, "this request ended the session")               \
    X(SP_EFORKED, 22, 11, 0, "the client was opened before a fork")

enum sp_error {
#define SP_ERROR_ENUM_(name, number, exit, from_session, text) name = number,
    SP_ERROR_TABLE(SP_ERROR_ENUM_)
#undef SP_ERROR_ENUM_
};

/* The longest text, in bytes without the NUL, that travels with an error. */
#define SP_TEXT_MAX 1024

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default) /* modules find them by name */

/* The text of an error, as "no such session"; "unknown error" for a number
 * that is not in the table.  Static storage, never NULL. */
const char *sp_strerror(enum sp_error error);

/* The name of an error, as "SP_ENOENT"; "SP_E?" for a number that is not in
 * the table.  Static storage, never NULL. */
const char *sp_error_name(enum sp_error error);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif
#endif
