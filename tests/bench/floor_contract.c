/* SPDX-License-Identifier: MIT */
/* The client of contract.h's supervisor.  Used by floor.c. */
#define _GNU_SOURCE
#include "floor_contract.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "contract.h"
#include "floor_child.h"
#include "measure.h"
#include "samples.h"

/* 64 bytes in libsp's frame. */
#define CALL_SIZE 77

struct contract {
    int supervisor; /* a socket */
    pid_t pid;
    clockid_t clock; /* the supervisor's CPU time */
};

static void contract_place(void)
{
    const char *place = getenv("SP_RUNTIME_DIR");

    snprintf(contract_directory, sizeof contract_directory,
             "%.70s/contract.%d", place ? place : "/dev/shm", (int)getpid());
    if (mkdir(contract_directory, 0700) < 0)
        measure_fail(contract_directory);
}

static struct contract contract_open(void)
{
    struct contract contract;
    int pair[2];

    contract_place();
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        measure_fail("socketpair");
    contract.pid = fork();
    if (contract.pid < 0)
        measure_fail("fork");
    if (contract.pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        close(pair[0]);
        contract_supervise(pair[1]);
        _exit(0);
    }
    close(pair[1]);
    contract.supervisor = pair[0];
    clock_getcpuclockid(contract.pid, &contract.clock);
    return contract;
}

static void contract_close(struct contract *contract)
{
    close(contract->supervisor);
    waitpid(contract->pid, NULL, 0);
    rmdir(contract_directory);
}

/* ---- requests ---- */

static void ask(const struct contract *contract, enum contract_verb verb,
                size_t number)
{
    struct contract_request request = {.verb = verb,
                                       .number = (uint32_t)number};

    child_write(contract->supervisor, (char *)&request, sizeof request);
}

static struct contract_answer answered(const struct contract *contract)
{
    struct contract_answer answer;

    child_read(contract->supervisor, (char *)&answer, sizeof answer);
    return answer;
}

static pid_t request(const struct contract *contract, enum contract_verb verb,
                     size_t number)
{
    ask(contract, verb, number);
    return answered(contract).pid;
}

static int connected(size_t number)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    contract_route(address.sun_path, (uint32_t)number);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
        measure_fail("connect");
    return fd;
}

static void call(int fd)
{
    char message[CALL_SIZE] = {'x'};

    child_write(fd, message, sizeof message);
    child_read(fd, message, sizeof message);
}

/* ---- measures ---- */

void contract_call(size_t count, size_t more)
{
    struct contract contract = contract_open();
    struct samples samples;
    int fd;

    (void)more;
    samples_init(&samples, count);
    request(&contract, CONTRACT_START, 0);
    fd = connected(0);
    for (size_t i = 0; i < count / 10; i++)
        call(fd);
    for (size_t i = 0; i < count; i++) {
        uint64_t start = samples_clock();

        call(fd);
        samples_add(&samples, start);
    }
    close(fd);
    request(&contract, CONTRACT_STOP, 0);
    contract_close(&contract);
    samples_print(&samples);
}

static uint64_t cpu_now(const struct contract *contract)
{
    struct timespec now;

    if (clock_gettime(contract->clock, &now) < 0)
        measure_fail("clock_gettime");
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* Its first answer, and what that took of the supervisor. */
static void start_one(const struct contract *contract, enum contract_verb verb,
                      size_t number, struct samples *samples,
                      struct samples *cpu)
{
    uint64_t ran = cpu_now(contract);
    uint64_t start = samples_clock();
    int fd;

    request(contract, verb, number);
    fd = connected(number);
    call(fd);
    samples_add(samples, start);
    samples_add_ns(cpu, cpu_now(contract) - ran);
    close(fd);
}

static void starts_measure(const struct contract *contract,
                           enum contract_verb verb, size_t count)
{
    struct samples samples, cpu;

    samples_init(&samples, count);
    samples_init(&cpu, count);
    for (size_t i = 0; i < count; i++) {
        size_t number = i % CONTRACT_SESSIONS;

        start_one(contract, verb, number, &samples, &cpu);
        request(contract, CONTRACT_STOP, number);
    }
    measure_print("cpu", samples_figures(&cpu).p50);
    samples_fini(&cpu);
    samples_print(&samples);
}

void contract_start(size_t count, size_t more)
{
    struct contract contract = contract_open();

    (void)more;
    starts_measure(&contract, CONTRACT_START, count);
    contract_close(&contract);
}

void contract_pool(size_t count, size_t more)
{
    struct contract contract = contract_open();

    (void)more;
    if (count > CONTRACT_SESSIONS)
        measure_wrong("count");
    for (size_t i = 0; i < count; i++)
        request(&contract, CONTRACT_FILL, 0);
    starts_measure(&contract, CONTRACT_POOLED, count);
    contract_close(&contract);
}

/* `window` under way; replies are read as far behind. */
void contract_starts(size_t count, size_t window)
{
    struct contract contract = contract_open();
    int *fds = calloc(count, sizeof *fds);
    size_t asked = 0, started = 0, done = 0;
    char message[CALL_SIZE] = {'x'};
    uint64_t start;

    if (!fds || count > CONTRACT_SESSIONS)
        measure_fail("starts");
    request(&contract, CONTRACT_START, count);
    start = samples_clock();
    while (done < count) {
        for (; asked < count && asked - started < window; asked++)
            ask(&contract, CONTRACT_START, asked);
        if (started < asked && started - done < window) {
            fds[started] = connected(answered(&contract).number);
            child_write(fds[started++], message, sizeof message);
            continue;
        }
        child_read(fds[done], message, sizeof message);
        close(fds[done++]);
    }
    measure_print("rate", measure_rate(count, start, 1e3));
    for (size_t i = 0; i <= count; i++)
        request(&contract, CONTRACT_STOP, i);
    contract_close(&contract);
    free(fds);
}

/* ---- ends ---- */

static void kill_and_see(pid_t pid)
{
    struct pollfd exited = {.fd = pidfd_open(pid, 0), .events = POLLIN};

    if (exited.fd < 0 || pidfd_send_signal(exited.fd, SIGKILL, NULL, 0) < 0 ||
        poll(&exited, 1, -1) != 1)
        measure_fail("kill");
    close(exited.fd);
}

void contract_crash(size_t count, size_t more)
{
    struct contract contract = contract_open();
    struct samples samples;
    pid_t pid = request(&contract, CONTRACT_LASTING, 0);
    int fd = connected(0);

    (void)more;
    call(fd);
    samples_init(&samples, count);
    for (size_t i = 0; i < count; i++) {
        uint64_t start;

        usleep(2000); /* as for libsp, which has to count it as stable */
        start = samples_clock();
        kill_and_see(pid);
        close(fd);
        fd = connected(0);
        call(fd);
        samples_add(&samples, start);
        pid = request(&contract, CONTRACT_PID, 0);
    }
    close(fd);
    request(&contract, CONTRACT_STOP, 0);
    contract_close(&contract);
    samples_print(&samples);
}

static void ends_measure(size_t count, enum contract_verb verb)
{
    struct contract contract = contract_open();
    struct samples samples;

    samples_init(&samples, count);
    for (size_t i = 0; i < count; i++) {
        size_t number = i % CONTRACT_SESSIONS;
        pid_t pid = request(&contract, CONTRACT_START, number);
        int fd = connected(number);
        uint64_t start;

        call(fd);
        start = samples_clock();
        if (verb == CONTRACT_WAIT)
            kill(pid, SIGKILL);
        request(&contract, verb, number);
        samples_add(&samples, start);
        close(fd);
    }
    contract_close(&contract);
    samples_print(&samples);
}

void contract_end(size_t count, size_t more)
{
    (void)more;
    ends_measure(count, CONTRACT_WAIT);
}

void contract_stop(size_t count, size_t more)
{
    (void)more;
    ends_measure(count, CONTRACT_STOP);
}
