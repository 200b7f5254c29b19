/* SPDX-License-Identifier: MIT */
/* What a large payload costs: one copy in the client (beside its caller's own
 * request; the asynchronous one has copied that, too) and one in the session,
 * so that never more than two are held of any.  Measured by the peak of resident memory; a build with sanitizers has
 * other peaks, and passes the calls alone. */
#define _GNU_SOURCE
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "async_scene.h"
#include "nng_once.h"
#include "support/harness.h"
#include "support/leaks.h"
#include "support/leftovers.h"

#define LIMIT (16 * 1024 * 1024) /* max_message, unless configured */
#define WIDE (40 * 1024 * 1024)  /* as it is configured here for one module */

/* What else may grow meanwhile: buffers of connections, the heap's rounding,
 * what the kernel counts in batches. */
#define SLACK (3 * 1024 * 1024)

/* One copy; and of its first half another, when a buffer that is full is moved
 * to one of twice its size (the kernel moves larger ones than these without
 * copying). */
#define GROWN(size) ((size) + (size) / 2)

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MEASURED false
#else
#define MEASURED true
#endif

static struct harness *harness;
static struct sp_client *client;
static struct sp_async *async;

static void setup(void)
{
    nng_once();
    leftovers_allow_sockets(2);
    harness = harness_start(HARNESS_PROBE_CONFIG
                            "[module wide]\npath = @PROBE@\n"
                            "max_message = 40M\n"
                            "[module echo]\nmax_message = 40M\n");
    cr_assert_eq(sp_client_open(harness_runtime_dir(harness), &client), SP_OK);
    cr_assert_eq(sp_async_new(client, &async), SP_OK);
    cr_assert_eq(sp_async_set_limit(async, SP_ASYNC_SESSION_BYTES, 1 << 30),
                 SP_OK);
    cr_assert_eq(sp_async_set_limit(async, SP_ASYNC_BYTES, 1 << 30), SP_OK);
}

static void teardown(void)
{
    async_close(harness, client, async);
}

TestSuite(large, .init = setup, .fini = teardown, .timeout = 120);

/* ---- peaks -------------------------------------------------------------- */

/* Of a process's life, in bytes. */
static size_t peak_of(pid_t pid)
{
    char path[64], line[256];
    size_t kib = 0;
    FILE *file;

    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    file = fopen(path, "re");
    cr_assert(file);
    while (fgets(line, sizeof line, file))
        if (sscanf(line, "VmHWM: %zu", &kib) == 1)
            break;
    fclose(file);
    cr_assert_gt(kib, 0u);
    return kib * 1024;
}

/* Begins the life's peak of this process anew, where it can. */
static void forget_peak(void)
{
    FILE *file = fopen("/proc/self/clear_refs", "we");

    if (!file)
        return;
    fputs("5", file);
    fclose(file);
}

struct peaks {
    pid_t session;
    size_t own, its;
};

static struct peaks peaks_before(pid_t session)
{
    forget_peak();
    return (struct peaks){session, peak_of(getpid()), peak_of(session)};
}

#define expect_peaks(before, own_max, its_max)                                 \
    do {                                                                       \
        size_t own_ = peak_of(getpid()) - (before)->own;                       \
        size_t its_ = peak_of((before)->session) - (before)->its;              \
        if (getenv("SP_TEST_TELL"))                                            \
            fprintf(stderr, "%s: client %zu MiB, session %zu MiB\n", __func__, \
                    own_ >> 20, its_ >> 20);                                   \
        cr_expect(!MEASURED || own_ <= (size_t)(own_max) + SLACK,              \
                  "the client held %zu bytes", own_);                          \
        cr_expect(!MEASURED || its_ <= (size_t)(its_max) + SLACK,              \
                  "the session held %zu bytes", its_);                         \
    } while (0)

/* ---- the ways ----------------------------------------------------------- */

static pid_t start(const char *id, const char *module)
{
    struct sp_result *result = sp_result_new();
    pid_t pid;

    cr_assert_eq(sp_start(client, id, module, NULL, 0, result), SP_OK, "%s",
                 sp_result_text(result));
    pid = sp_result_pid(result);
    /* what is set up once is there */
    cr_assert_eq(sp_call(client, id, "echo x", 6, LONG_MS, result), SP_OK);
    sp_result_free(result);
    return pid;
}

/* The caller's own copy, which is there before. */
static char *request_of(const char *verb, size_t size)
{
    char *request = malloc(size);

    cr_assert(request);
    memset(request, 'x', size);
    memcpy(request, verb, strlen(verb));
    return request;
}

static void expect_call(const char *id, const char *request, size_t size,
                        size_t reply)
{
    struct sp_result *result = sp_result_new();

    cr_assert_eq(sp_call(client, id, request, size, LONG_MS, result), SP_OK,
                 "%s", sp_result_text(result));
    cr_expect_eq(sp_result_size(result), reply);
    sp_result_free(result);
}

static void expect_async_call(const char *id, const char *request, size_t size,
                              size_t reply)
{
    struct answer answer = {0};

    cr_assert_eq(sp_async_call(async, id, NULL, request, size, LONG_MS,
                               answer_note, &answer, NULL),
                 SP_OK);
    async_await(async, &answer);
    expect_answer(&answer, SP_OK, SP_PROGRESS_ANSWERED);
    cr_expect_eq(answer.size, reply);
}

typedef void caller(const char *id, const char *request, size_t size,
                    size_t reply);

/* own: copies that the client may hold of a request. */
static void expect_costs(caller *call, const char *module, size_t size,
                         unsigned own)
{
    char *there = request_of("size ", size);
    struct peaks before;
    char back[32];

    /* of the session's two, one is the module's */
    before = peaks_before(start("there", module));
    call("there", there, size, 8);
    expect_peaks(&before, own * size, 2 * size);

    snprintf(back, sizeof back, "zeros %zu", size);
    before = peaks_before(start("back", module));
    call("back", back, strlen(back), size);
    expect_peaks(&before, GROWN(size), size);

    /* the request, and the reply */
    before = peaks_before(start("both", "echo"));
    call("both", there, size, size);
    expect_peaks(&before, own * size + GROWN(size), 2 * size);
    free(there);
}

Test(large, a_call_holds_one_copy_of_its_reply_and_none_of_its_request)
{
    expect_costs(expect_call, "probe", LIMIT, 0);
}

Test(large, an_asynchronous_call_holds_one_copy_of_each)
{
    expect_costs(expect_async_call, "probe", LIMIT, 1);
}

Test(large, a_module_may_take_more)
{
    expect_costs(expect_call, "wide", WIDE, 0);
}

Test(large, a_module_may_take_more_asynchronously)
{
    expect_costs(expect_async_call, "wide", WIDE, 1);
}

/* ---- what a client takes ------------------------------------------------ */

static void expect_reply_of(const char *id, size_t size, enum sp_error error)
{
    struct sp_result *result = sp_result_new();
    char request[32];

    snprintf(request, sizeof request, "zeros %zu", size);
    cr_expect_eq(sp_call(client, id, request, strlen(request), LONG_MS, result),
                 error, "%s", sp_result_text(result));
    cr_expect_eq(sp_result_size(result), error == SP_OK ? size : 0);
    sp_result_free(result);
}

static void expect_async_reply_of(const char *id, size_t size,
                                  enum sp_error error)
{
    struct answer answer = {0};
    char request[32];

    snprintf(request, sizeof request, "zeros %zu", size);
    cr_assert_eq(sp_async_call(async, id, NULL, request, strlen(request),
                               LONG_MS, answer_note, &answer, NULL),
                 SP_OK);
    async_await(async, &answer);
    cr_expect_eq(answer.error, error);
    cr_expect_eq(answer.size, error == SP_OK ? size : 0);
}

/* The setting is for connections that are made after it. */
static void set_reply_max(const char *where, size_t bytes)
{
    sp_async_free(async);
    sp_client_close(client);
    cr_assert_eq(sp_client_open(where, &client), SP_OK);
    cr_assert_eq(sp_client_set_reply_max(client, bytes), SP_OK);
    cr_assert_eq(sp_async_new(client, &async), SP_OK);
    cr_assert_eq(sp_async_set_limit(async, SP_ASYNC_SESSION_BYTES, 1 << 30),
                 SP_OK);
    cr_assert_eq(sp_async_set_limit(async, SP_ASYNC_BYTES, 1 << 30), SP_OK);
}

static void expect_bounds(const char *where, enum sp_error too_large)
{
    start("s", "probe");
    set_reply_max(where, 4096);
    expect_reply_of("s", 4096, SP_OK);
    expect_reply_of("s", 4097, too_large);
    expect_async_reply_of("s", 4096, SP_OK);
    expect_async_reply_of("s", 4097, too_large);
    set_reply_max(where, SP_REPLY_MAX + 1);
    expect_reply_of("s", SP_REPLY_MAX + 1, SP_OK);
    expect_async_reply_of("s", SP_REPLY_MAX + 1, SP_OK);
}

Test(large, a_reply_may_be_as_large_as_its_client_says)
{
    expect_bounds(harness_runtime_dir(harness), SP_EPROTO);
    cr_expect_eq(sp_client_set_reply_max(client, 4095), SP_EINVAL);
    cr_expect_eq(sp_client_set_reply_max(client, (1ull << 31) + 1), SP_EINVAL);
    cr_expect_eq(sp_client_set_reply_max(NULL, 4096), SP_EINVAL);
}

Test(large, a_reply_may_be_as_large_as_its_client_says_over_nng)
{
    char url[128];

    snprintf(url, sizeof url, "ipc://%s", harness_runtime_dir(harness));
    expect_bounds(url, SP_EDIED);
}
