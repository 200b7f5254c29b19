/* SPDX-License-Identifier: MIT */
/* The memory of a peer's sessions, looked at as that of floor and session:
 *
 *   peer-memory COMMAND...
 *
 * The command prints a line when all is there but the sessions, reads a line,
 * starts them, prints a line of their process IDs that ends in 0, and stays
 * until its standard input ends. */
#define _GNU_SOURCE
#include "memory.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "measure.h"

#define PIDS_MAX 10000

struct command {
    pid_t pid;
    FILE *to, *from;
};

static struct command command_run(char **argv)
{
    struct command command;
    int to[2], from[2];

    if (pipe2(to, O_CLOEXEC) != 0 || pipe2(from, O_CLOEXEC) != 0)
        measure_fail("pipe");
    command.pid = fork();
    if (command.pid < 0)
        measure_fail("fork");
    if (command.pid == 0) {
        dup2(to[0], STDIN_FILENO);
        dup2(from[1], STDOUT_FILENO);
        execvp(argv[0], argv);
        _exit(127);
    }
    close(to[0]);
    close(from[1]);
    command.to = fdopen(to[1], "w");
    command.from = fdopen(from[0], "r");
    return command;
}

static void command_end(const struct command *command)
{
    fclose(command->to);
    fclose(command->from);
    waitpid(command->pid, NULL, 0);
}

static size_t command_pids(const struct command *command, pid_t *pids)
{
    size_t count = 0;
    int pid;

    while (fscanf(command->from, "%d", &pid) == 1 && pid > 0 &&
           count < PIDS_MAX)
        pids[count++] = pid;
    if (count == 0) {
        fputs("bench: no process ID from the peer\n", stderr);
        exit(1);
    }
    return count;
}

int main(int argc, char **argv)
{
    static pid_t pids[PIDS_MAX];
    struct memory_machine before;
    struct command command;
    char line[64];

    if (argc < 2) {
        fprintf(stderr, "usage: %s COMMAND...\n", argv[0]);
        return 2;
    }
    measure_deadline("memory");
    command = command_run(argv + 1);
    if (!fgets(line, sizeof line, command.from)) {
        fprintf(stderr, "bench: %s is not ready\n", argv[1]);
        return 1;
    }
    before = memory_machine_now();
    fputc('\n', command.to);
    fflush(command.to);
    memory_print(pids, command_pids(&command, pids), &before);
    command_end(&command);
    return 0;
}
