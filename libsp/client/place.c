/* SPDX-License-Identifier: MIT */
/* Reads a client's address and the environment.  What a runtime directory is
 * and whether to trust it is base/rundir's to say. */
#define _GNU_SOURCE
#include "place.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sp/client.h>

#define URL_IPC "ipc://"

static enum sp_error rundir_to_error(enum rundir_error error)
{
    switch (error) {
    case RUNDIR_OK:
        return SP_OK;
    case RUNDIR_NOT_ABSOLUTE:
    case RUNDIR_TOO_LONG:
        return SP_EINVAL;
    case RUNDIR_MISSING:
        return SP_ENOSUP;
    case RUNDIR_SYMLINK:
    case RUNDIR_WRONG_OWNER:
    case RUNDIR_OPEN_MODE:
        return SP_EPERM;
    case RUNDIR_SYSTEM:
        return errno == EACCES ? SP_EPERM : SP_ESYSTEM;
    }
    return SP_ESYSTEM;
}

/* secure_getenv: a set-uid program does not let its caller choose. */
static enum sp_error channel_from_environment(enum place_channel *out_channel,
                                              char *text, size_t size)
{
    const char *name = secure_getenv(SP_CHANNEL_ENV);

    if (!name || !*name || strcmp(name, "local") == 0) {
        *out_channel = PLACE_LOCAL;
    } else if (strcmp(name, "nng") == 0) {
        *out_channel = PLACE_NNG;
    } else {
        snprintf(text, size, SP_CHANNEL_ENV "='%.40s': neither local nor nng",
                 name);
        return SP_EINVAL;
    }
    return SP_OK;
}

enum sp_error place_find(const char *where, struct place *out_place,
                         char *text, size_t size)
{
    struct place place = {.reply_max = SP_REPLY_MAX};
    enum rundir_error trouble;
    enum sp_error error;
    int fd;

    error = channel_from_environment(&place.channel, text, size);
    if (error != SP_OK)
        return error;
    if (where && strncmp(where, URL_IPC, strlen(URL_IPC)) == 0) {
        place.channel = PLACE_NNG;
        where += strlen(URL_IPC);
    }
    trouble = rundir_resolve(where, place.dir);
    if (trouble == RUNDIR_OK)
        trouble = rundir_open(place.dir, &fd, &place.owner);
    error = rundir_to_error(trouble);
    rundir_explain(trouble, place.dir, text, size);
    if (trouble != RUNDIR_OK)
        return error;
    close(fd);
    *out_place = place;
    return SP_OK;
}
