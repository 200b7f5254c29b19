/* SPDX-License-Identifier: MIT */
/* Sockets: escapes 6 to 10. */
#define _GNU_SOURCE
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "scene.h"
#include "support/asking.h"

TIER_SUITE(network);

static const struct kept_off rows[] = {
    {"socket_inet", "EPERM", true, "EPERM"},
    {"socket_inet6", "EPERM", false, "EPERM"},
    {"socket_netlink", "EPERM", true, "EPERM"},
    {"socket_packet", "EPERM", false, "EPERM"},
    {"socket_vsock", "EPERM", false, "EPERM"},
    {"socket_unix", "EPERM", true, "EPERM"},
    {"socket_pair", "EPERM", true, "EPERM"},
};

SCENE_KEPT_OFF(network, rows)

/* ---- somebody to talk to ---- */

/* A path, or a name with '@' for the NUL before it. */
static int bind_datagrams(const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
                                 strlen(name));

    snprintf(address.sun_path, sizeof address.sun_path, "%.100s", name);
    if (name[0] == '@')
        address.sun_path[0] = '\0';
    else
        size = sizeof address;
    cr_assert_eq(bind(fd, (struct sockaddr *)&address, size), 0);
    return fd;
}

/* A datagram to a service and a connection to it, with this outcome. */
static void expect_talk(const struct scene *scene, const char *name,
                        const char *outcome, bool heard)
{
    char request[RUNDIR_PATH_SIZE + 16], byte;
    int service = bind_datagrams(name);

    snprintf(request, sizeof request, "datagram_to %s", name);
    scene_expect(scene, request, outcome);
    cr_expect_eq(recv(service, &byte, 1, 0) > 0, heard, "%s", name);
    snprintf(request, sizeof request, "connect %s", name);
    scene_expect(scene, request, outcome);
    close(service);
    if (name[0] != '@')
        unlink(name);
}

static void talk(const char *settings, const char *outcome, bool heard)
{
    struct scene scene;
    char name[RUNDIR_PATH_SIZE];

    scene_open(&scene, settings);
    /* the first: a connection cannot be undone */
    snprintf(name, sizeof name, "@sp-hostile-%d", (int)getpid());
    expect_talk(&scene, name, outcome, heard);
    snprintf(name, sizeof name, "%s/service", harness_dir(scene.harness));
    expect_talk(&scene, name, outcome, heard);
    scene_check(&scene);
    scene_close(&scene);
}

Test(network, of_this_machine_cannot_be_talked_to)
{
    talk("", "EPERM", false);
}

Test(network, of_this_machine_can_be_talked_to_without_a_sandbox)
{
    talk("sandbox = none\n", "done", true);
}

Test(network, does_not_lead_to_a_sibling_or_to_spd)
{
    struct scene scene;
    char path[RUNDIR_PATH_SIZE], request[RUNDIR_PATH_SIZE + 16];

    scene_open(&scene, "");
    harness_session_path(scene.harness, "sibling", path);
    snprintf(request, sizeof request, "connect %s", path);
    scene_expect(&scene, request, "EPERM");
    harness_control_path(scene.harness, path);
    snprintf(request, sizeof request, "connect %s", path);
    scene_expect(&scene, request, "EPERM");
    scene_check(&scene);
    scene_close(&scene);
}
