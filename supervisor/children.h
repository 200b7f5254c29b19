/* SPDX-License-Identifier: MIT */
/* supervisor/children.h - the children of a process, as the kernel lists them.
 *
 * Read a page at a time, since the kernel counts its way from the first child
 * to each page: with 9,000 children all pages take 20 ms and the last one 3.  A
 * child that is reaped between two pages may hide another one, which is for a
 * later reading to see. */
#ifndef SUPERVISOR_CHILDREN_H
#define SUPERVISOR_CHILDREN_H

#include <stddef.h>
#include <sys/types.h>

#define CHILDREN_READ_SIZE 4096

struct children {
    int fd;         /* owned */
    pid_t unended;  /* its digits go on in the next page; 0: none */
    pid_t pids[CHILDREN_READ_SIZE / 2]; /* of this page */
    size_t count;
    size_t next; /* in pids */
};

/* Those of spd, or of another process with one thread.  -1 and errno: the kernel
 * does not tell. */
int children_open(struct children *children);
int children_open_of(struct children *children, pid_t parent);
void children_close(struct children *children);

/* Takes in a page of the kernel's list, of at most CHILDREN_READ_SIZE bytes, in
 * place of the one before.  A number may be cut in two where the kernel's pages
 * are larger.  Pure. */
void children_parse(struct children *children, const char *text, size_t size);

/* 0: there are no more. */
pid_t children_next(struct children *children);

/* All of them at once, in an array that the caller frees.  NULL: none, or the
 * kernel does not tell, or there is no memory. */
pid_t *children_list(size_t *out_count);

#endif
