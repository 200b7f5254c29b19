/* SPDX-License-Identifier: MIT */
/* Leases of uids, and the record that orders a sandbox.
 *
 * A lease is a lock on one byte of a file that all supervisors of this machine
 * share: the kernel gives it back when its holder dies, whichever way. */
#define _GNU_SOURCE
#include "confine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "settings.h"
#include "wire/sandbox.h"

#define LEASES "/run/libsp.uids"
/* For what a process has besides connections. */
#define OTHER_FILES 16

/* ---- uids ---- */

static bool lock_byte(int fd, uid_t uid)
{
    struct flock lock = {.l_type = F_WRLCK, .l_start = uid, .l_len = 1};

    return fcntl(fd, F_OFD_SETLK, &lock) == 0;
}

int uid_lease_take(const struct module_settings *settings, const char *range,
                   struct uid_lease *out_lease, char *out_text,
                   size_t text_size)
{
    uid_t uid, last;
    int fd;

    *out_lease = (struct uid_lease){SANDBOX_NO_UID, -1};
    if (settings->sandbox == SANDBOX_NONE || geteuid() != 0)
        return 0;
    fd = open(LEASES, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        snprintf(out_text, text_size, "a uid of its own: %s: %s", LEASES,
                 strerrordesc_np(errno));
        return -1;
    }
    if (setting_uids(range, &uid, &last))
        for (; uid <= last; uid++)
            if (lock_byte(fd, uid)) {
                *out_lease = (struct uid_lease){uid, fd};
                return 0;
            }
    snprintf(out_text, text_size, "all of uid_range = %s are in use", range);
    close(fd);
    return -1;
}

void uid_lease_give(struct uid_lease *lease)
{
    if (lease->fd >= 0)
        close(lease->fd);
    *lease = (struct uid_lease){SANDBOX_NO_UID, -1};
}

/* ---- filters ---- */

int confine_filters(void)
{
    return memfd_create("libsp-filters", MFD_CLOEXEC | MFD_ALLOW_SEALING);
}

/* ---- the record ---- */

/* Words to NUL-terminated paths; returns their size.  The setting's check has
 * bounded it. */
static uint32_t split_paths(const char *value, char out[SANDBOX_PATHS_MAX])
{
    size_t size = 0;

    for (value += strspn(value, " \t"); *value;
         value += strspn(value, " \t")) {
        size_t len = strcspn(value, " \t");

        memcpy(out + size, value, len);
        out[size + len] = '\0';
        size += len + 1;
        value += len;
    }
    return (uint32_t)size;
}

static uint32_t allowed(const struct module_settings *settings)
{
    return (settings->allow_fork ? SANDBOX_ALLOW_FORK : 0u) |
           (settings->allow_wx ? SANDBOX_ALLOW_WX : 0u) |
           (settings->allow_network ? SANDBOX_ALLOW_NETWORK : 0u) |
           (*settings->command ? SANDBOX_ALLOW_COMMAND : 0u);
}

int confine_order(const struct module_settings *settings, uid_t uid,
                  int control_fd)
{
    struct {
        struct sandbox_record head;
        char paths[SANDBOX_PATHS_MAX];
    } record = {.head = {.tier = (uint32_t)settings->sandbox,
                         .allow = allowed(settings),
                         .memory = settings->memory,
                         .cpu_seconds = settings->cpu_seconds,
                         .open_files = (uint32_t)settings->open_files,
                         .uid = uid,
                         .landlock_abi = (uint32_t)settings->landlock_abi,
                         .threads = settings->threads}};
    ssize_t sent;

    if (record.head.open_files == 0)
        record.head.open_files =
            (uint32_t)settings->max_connections + OTHER_FILES;
    record.head.paths_size = split_paths(settings->allow_read, record.paths);
    /* the socket is new and empty: it has room */
    do
        sent = send(control_fd, &record,
                    sizeof record.head + record.head.paths_size, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent < 0 ? -1 : 0;
}
