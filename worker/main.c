/* SPDX-License-Identifier: MIT */
/* sp-worker: run by spd, once a module, never by hand.
 *
 *   hygiene -> sandbox -> load the module -> fork sessions on request
 *
 * It becomes the template of that module, and its forks the sessions.  With
 * --probe it loads nothing, and tells what this machine has (probe.h). */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <sp/version.h>

#include "hygiene.h"
#include "probe.h"
#include "template.h"
#include "wire/template.h"

static int is_control_socket(int fd)
{
    int type;
    socklen_t size = sizeof type;

    return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 &&
           type == SOCK_SEQPACKET;
}

int main(int argc, char **argv)
{
    pid_t supervisor = getppid();

    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        puts("sp-worker " SP_VERSION);
        return 0;
    }
    if ((argc == 2 || argc == 3) && strcmp(argv[1], "--probe") == 0)
        return probe_run(argv[2]);
    if (argc < 3 || !is_control_socket(WORKER_CONTROL_FD)) {
        fputs("sp-worker: this program is run by spd and does nothing without "
              "it; see spd(8)\n",
              stderr);
        return WORKER_EXIT_USAGE;
    }
    if (hygiene_template(supervisor) < 0) {
        perror("sp-worker: hygiene");
        return WORKER_EXIT_RUNTIME;
    }
    return template_run(supervisor, argv);
}
