/* SPDX-License-Identifier: MIT */
/* talker: a program for tests of command modules.  A message is a word, and what
 * stands behind it; the reply is what the word says, or the message itself.
 *
 *   talker line|length
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static bool by_length;

/* ---- the exchange ---- */

static void answer(const void *bytes, size_t size)
{
    uint32_t head = htonl((uint32_t)size);

    if (by_length)
        fwrite(&head, sizeof head, 1, stdout);
    fwrite(bytes, 1, size, stdout);
    if (!by_length)
        putchar('\n');
    fflush(stdout);
}

/* Owned by this function, terminated; NULL: there is no more. */
static char *receive(size_t *out_size)
{
    static char *message;
    static size_t room;
    uint32_t head;
    ssize_t size;

    if (!by_length) {
        size = getline(&message, &room, stdin);
        if (size <= 0)
            return NULL;
        message[*out_size = (size_t)size - 1] = '\0';
        return message;
    }
    if (fread(&head, sizeof head, 1, stdin) != 1)
        return NULL;
    *out_size = ntohl(head);
    free(message);
    message = malloc(*out_size + 1);
    if (!message || fread(message, 1, *out_size, stdin) != *out_size)
        return NULL;
    message[*out_size] = '\0';
    return message;
}

/* ---- words ---- */

static void say(const char *text)
{
    answer(text, strlen(text));
}

/* What the environment has, but for the values that others have, too. */
static void tell_environment(const char *rest)
{
    char text[512] = "";

    (void)rest;
    for (char **variable = environ; *variable; variable++) {
        strncat(text, *variable, sizeof text - strlen(text) - 2);
        strcat(text, ";");
    }
    say(text);
}

static void tell_descriptors(const char *rest)
{
    char text[512] = "";

    (void)rest;
    for (int fd = 0; fd < 1024; fd++)
        if (lseek(fd, 0, SEEK_CUR) >= 0 || errno != EBADF)
            sprintf(text + strlen(text), "%d ", fd);
    say(text);
}

static void tell_signals(const char *rest)
{
    char text[64];
    sigset_t blocked;
    int count = 0, ignored = 0;

    (void)rest;
    sigprocmask(SIG_SETMASK, NULL, &blocked);
    for (int number = 1; number < NSIG; number++) {
        struct sigaction action;

        count += sigismember(&blocked, number) == 1;
        ignored += sigaction(number, NULL, &action) == 0 &&
                   action.sa_handler == SIG_IGN;
    }
    snprintf(text, sizeof text, "%d blocked, %d ignored", count, ignored);
    say(text);
}

static void tell_pid(const char *rest)
{
    char text[32];

    (void)rest;
    snprintf(text, sizeof text, "%d", (int)getpid());
    say(text);
}

static void end(const char *rest)
{
    exit(atoi(rest));
}

static void fault(const char *rest)
{
    static char *volatile nowhere = (char *)16;

    (void)rest;
    *nowhere = 0;
}

/* Its last reply, behind which it ends. */
static void end_after(const char *rest)
{
    say("bye");
    exit(atoi(rest));
}

static void fault_after(const char *rest)
{
    say("bye");
    fault(rest);
}

static void complain(const char *rest)
{
    fprintf(stderr, "%s\n", rest);
    say("done");
}

static void be_silent(const char *rest)
{
    (void)rest;
    for (;;)
        pause();
}

/* A reply, and later what nobody has asked for. */
static void write_unasked(const char *rest)
{
    say("done");
    usleep(10000); /* so that it is later, as a rule */
    say(rest);
    for (;;)
        pause();
}

static void answer_twice(const char *rest)
{
    char both[64];
    int size = snprintf(both, sizeof both, "%s\n%s\n", rest, rest);

    if (write(STDOUT_FILENO, both, (size_t)size) != size)
        exit(99);
}

/* As long a line as that, in MiB, without an end if it is not taken. */
static void write_much(const char *rest)
{
    static char block[1 << 16];
    long blocks = atol(rest) * 16;

    memset(block, 'x', sizeof block);
    while (blocks-- > 0)
        if (write(STDOUT_FILENO, block, sizeof block) < 0)
            exit(99);
    say("");
}

/* All bytes, but for the newline. */
static void write_garbage(const char *rest)
{
    char bytes[256];

    (void)rest;
    for (int i = 0; i < 256; i++)
        bytes[i] = (char)(i == '\n' ? 0 : i);
    answer(bytes, sizeof bytes);
}

/* All bytes. */
static void write_noise(const char *rest)
{
    char bytes[256];

    (void)rest;
    for (int i = 0; i < 256; i++)
        bytes[i] = (char)i;
    answer(bytes, sizeof bytes);
}

/* A length, and nothing behind it. */
static void claim(const char *rest)
{
    uint32_t head = htonl((uint32_t)strtoul(rest, NULL, 0));

    fwrite(&head, sizeof head, 1, stdout);
    fflush(stdout);
    pause();
}

static void close_it(const char *rest)
{
    close(atoi(rest));
    say("done");
    for (;;)
        pause();
}

static void on_term(int number)
{
    static const char text[] = "heard SIGTERM\n";

    (void)number;
    if (write(STDERR_FILENO, text, sizeof text - 1) < 0)
        _exit(99);
}

/* From now on it hears neither the end of its input nor SIGTERM. */
static void be_stubborn(const char *rest)
{
    size_t size;

    (void)rest;
    signal(SIGTERM, on_term);
    say("done");
    while (receive(&size))
        say("still here");
    fputs("goodbye, but\n", stderr);
    for (;;)
        pause();
}

/* Double fork, and out of its process session.  The daemon has no pipe of the
 * exchange. */
static void daemonise(const char *rest)
{
    pid_t pid = fork();

    (void)rest;
    if (pid == 0) {
        if (setsid() < 0 || fork() != 0)
            _exit(0);
        close_range(0, ~0U, 0);
        for (;;)
            pause();
    }
    if (pid < 0 || waitpid(pid, NULL, 0) != pid)
        say(strerrorname_np(errno));
    else
        say("done");
}

static const struct word {
    const char *name;
    void (*run)(const char *rest);
} words[] = {
    {"environment", tell_environment},
    {"descriptors", tell_descriptors},
    {"signals", tell_signals},
    {"pid", tell_pid},
    {"exit", end},
    {"fault", fault},
    {"last", end_after},
    {"fault-last", fault_after},
    {"complain", complain},
    {"silent", be_silent},
    {"unasked", write_unasked},
    {"twice", answer_twice},
    {"much", write_much},
    {"garbage", write_garbage},
    {"noise", write_noise},
    {"claim", claim},
    {"close", close_it},
    {"stubborn", be_stubborn},
    {"daemonise", daemonise},
};

static bool obey(char *message)
{
    char *rest = message + strcspn(message, " ");
    size_t size = (size_t)(rest - message);

    rest += *rest == ' ';
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strlen(words[i].name) == size &&
            memcmp(words[i].name, message, size) == 0) {
            words[i].run(rest);
            return true;
        }
    return false;
}

int main(int argc, char **argv)
{
    char *message;
    size_t size;

    by_length = argc > 1 && strcmp(argv[1], "length") == 0;
    while ((message = receive(&size)))
        if (!obey(message))
            answer(message, size);
    fputs("goodbye\n", stderr);
    return 0;
}
