/* SPDX-License-Identifier: MIT */
/* client/nng/address.h - where nng finds a session, or spd, and who was found
 * there.
 *
 * A session has its name in the file system until it ends or drains; one that
 * is started later by the same ID has another file of that name.  So the name
 * tells that a session has ended before nng does.  (The processes of one
 * session, restarted, share its file.) */
#ifndef CLIENT_NNG_ADDRESS_H
#define CLIENT_NNG_ADDRESS_H

#include <stdbool.h>
#include <sys/stat.h>

#include "base/rundir.h"

struct place;

#define ADDRESS_URL_SIZE (sizeof "ipc://" + RUNDIR_PATH_SIZE)

/* The URL of a session, or of spd (DIAL_CONTROL). */
void address_url(const struct place *place, const char *id,
                 char out[ADDRESS_URL_SIZE]);

/* The file of a session, as it was found. */
struct address_file {
    bool found;
    dev_t device;
    ino_t inode;
    struct timespec made; /* numbers of inodes are used again */
};

void address_look(const struct place *place, const char *id,
                  struct address_file *out);

/* Whether it has certainly gone. */
bool address_is_left(const struct place *place, const char *id,
                     const struct address_file *file);

#endif
