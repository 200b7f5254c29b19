/* SPDX-License-Identifier: MIT */
/* The address of a session: as a URL, and as a file.  Callers: outlet.c,
 * lane.c, link_nng.c. */
#define _GNU_SOURCE
#include "address.h"

#include <errno.h>
#include <string.h>

#include "client/place.h"

static void path_of(const struct place *place, const char *id,
                    char out[RUNDIR_PATH_SIZE])
{
    if (*id)
        rundir_session_path(place->dir, id, out);
    else
        rundir_control_path(place->dir, out);
}

void address_url(const struct place *place, const char *id,
                 char out[ADDRESS_URL_SIZE])
{
    static const char scheme[] = "ipc://";

    memcpy(out, scheme, sizeof scheme);
    path_of(place, id, out + sizeof scheme - 1);
}

/* 0, or what stat() says. */
static int look(const struct place *place, const char *id,
                struct address_file *out)
{
    char path[RUNDIR_PATH_SIZE];
    struct stat status;

    path_of(place, id, path);
    *out = (struct address_file){0};
    if (stat(path, &status) < 0)
        return errno;
    *out = (struct address_file){
        .found = true,
        .device = status.st_dev,
        .inode = status.st_ino,
        .made = status.st_mtim, /* nothing is ever written to a socket's file */
    };
    return 0;
}

void address_look(const struct place *place, const char *id,
                  struct address_file *out)
{
    look(place, id, out);
}

bool address_is_left(const struct place *place, const char *id,
                     const struct address_file *file)
{
    struct address_file now;
    int error = look(place, id, &now);

    if (!file->found || (error && error != ENOENT))
        return false;
    return error || now.device != file->device || now.inode != file->inode ||
           now.made.tv_sec != file->made.tv_sec ||
           now.made.tv_nsec != file->made.tv_nsec;
}
