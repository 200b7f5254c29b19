/* SPDX-License-Identifier: MIT */
/* Runs a program that does not outlive whoever started it, however that ends.
 *
 *   tied PARENT PROGRAM [ARGUMENT...]
 *
 * PARENT is the process ID of who starts it.  Started by program.c. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    /* it may have ended before the first line was done */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 ||
        getppid() != (pid_t)atol(argv[1]))
        return 1;
    execvp(argv[2], argv + 2);
    perror(argv[2]);
    return 127;
}
