/* SPDX-License-Identifier: MIT */
/* One attempt to connect, for both channels: the local one keeps the socket,
 * the nng one asks first whether there is anybody to dial. */
#define _GNU_SOURCE
#include "dial.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "result.h"

#define PAUSE_MAX_MS 50

static struct sockaddr_un address_of(const struct place *place, const char *id)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    static_assert(sizeof address.sun_path == RUNDIR_PATH_SIZE, "");
    if (*id)
        rundir_session_path(place->dir, id, address.sun_path);
    else
        rundir_control_path(place->dir, address.sun_path);
    return address;
}

/* Returns a socket, or -1 and errno. */
static int try_connect(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int saved;

    if (fd < 0)
        return -1;
    if (connect(fd, (const struct sockaddr *)address, sizeof *address) == 0)
        return fd;
    saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

static bool supervisor_listens(const struct place *place)
{
    struct sockaddr_un address = address_of(place, DIAL_CONTROL);
    int fd = try_connect(&address);

    if (fd >= 0)
        close(fd);
    /* a full queue is a listener's, too */
    return fd >= 0 || errno == EAGAIN;
}

static enum sp_error nobody_there(const struct place *place, const char *id,
                                  struct sp_result *result)
{
    if (*id && supervisor_listens(place))
        return result_set(result, SP_ENOENT, SP_PROGRESS_NOT_SENT);
    return result_fail(result, SP_ENOSUP, SP_PROGRESS_NOT_SENT,
                       "no supervisor listens in %s", place->dir);
}

static enum sp_error failed(const struct place *place, const char *id,
                            const char *path, struct sp_result *result)
{
    int saved = errno;

    switch (saved) {
    case ENOENT:
    case ECONNREFUSED: /* left behind by a supervisor that was killed */
        return nobody_there(place, id, result);
    case EAGAIN:
        return result_set(result, SP_EAGAIN, SP_PROGRESS_NOT_SENT);
    case EACCES:
    case EPERM:
        return result_fail(result, SP_EPERM, SP_PROGRESS_NOT_SENT,
                           "%s: %s", path, strerrordesc_np(saved));
    }
    return result_fail(result, SP_ESYSTEM, SP_PROGRESS_NOT_SENT, "%s: %s",
                       path, strerrordesc_np(saved));
}

/* The kernel stamps a listener with the user who made it. */
static enum sp_error check_peer(const struct place *place, int fd,
                                const char *path, struct sp_result *result)
{
    struct ucred peer;
    socklen_t size = sizeof peer;

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
        return result_fail(result, SP_ESYSTEM, SP_PROGRESS_NOT_SENT,
                           "%s: %s", path, strerrordesc_np(errno));
    if (peer.uid != place->owner)
        return result_fail(result, SP_EPERM, SP_PROGRESS_NOT_SENT,
                           "%s: served by user %lu, not by user %lu whom %s "
                           "belongs to; not trusted",
                           path, (unsigned long)peer.uid,
                           (unsigned long)place->owner, place->dir);
    return SP_OK;
}

enum sp_error dial(const struct place *place, const char *id, int *out_fd,
                   struct sp_result *result)
{
    struct sockaddr_un address = address_of(place, id);
    enum sp_error error;
    int fd = try_connect(&address);

    if (fd < 0)
        return failed(place, id, address.sun_path, result);
    error = check_peer(place, fd, address.sun_path, result);
    if (error == SP_OK && fcntl(fd, F_SETFL, 0) < 0)
        error = failed(place, id, address.sun_path, result);
    if (error != SP_OK) {
        close(fd);
        return error;
    }
    *out_fd = fd;
    return SP_OK;
}

int dial_pause_next(struct dial_pause *pause)
{
    int now = pause->next_ms;

    pause->next_ms = 2 * now < PAUSE_MAX_MS ? 2 * now : PAUSE_MAX_MS;
    return now;
}

bool dial_pause(struct dial_pause *pause, int64_t deadline)
{
    int left = deadline_left(deadline);
    int next;

    if (left == 0)
        return false;
    next = dial_pause_next(pause);
    poll(NULL, 0, left < 0 || left > next ? next : left);
    return true;
}
