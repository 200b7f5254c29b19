/* SPDX-License-Identifier: MIT */
/* base/fdpass.h - one record with descriptors over a SEQPACKET socket, and
 * records whose sender the kernel stamps. */
#ifndef BASE_FDPASS_H
#define BASE_FDPASS_H

#include <stddef.h>
#include <sys/types.h>

#define FDPASS_MAX 8

/* Sends one record and a copy of each descriptor.  0, or -1 and errno. */
int fdpass_send(int fd, const void *record, size_t size, const int *fds,
                size_t count);

/* Receives one record with exactly `count` descriptors, close-on-exec, into
 * fds, or with none at all: then fds[0] is -1.  Returns the record's size; 0 at
 * end of file; -1 and errno: EMFILE when this process may not have so many
 * descriptors (a record of `size` bytes is there then), EPROTO when there were
 * some and not `count`, or the record was cut.  What came is closed again. */
ssize_t fdpass_recv(int fd, void *record, size_t size, int *fds, size_t count);

/* Receives one record on a socket that has SO_PASSCRED set, without blocking.
 * Descriptors are never taken: should any come, the kernel is given no room
 * for them and drops them.  Then, and when the record is larger than size, the
 * result is EPROTO, and what there was room for is there.  *out_pid is the
 * kernel's word on the sender (0 if it gave none), also for EPROTO. */
ssize_t fdpass_recv_stamped(int fd, void *record, size_t size, pid_t *out_pid);

#endif
