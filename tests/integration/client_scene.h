/* SPDX-License-Identifier: MIT */
/* integration/client_scene.h - the scene of a test of libsp: spd with the probe
 * module, a client over one of the two channels, a result. */
#ifndef INTEGRATION_CLIENT_SCENE_H
#define INTEGRATION_CLIENT_SCENE_H

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include <sp/client.h>

#include "support/harness.h"

#define MIB (1024 * 1024)
#define LONG_MS 60000 /* a call that is to be ended by something else */

struct scene {
    const char *channel; /* "local" or "nng" */
    struct harness *harness;
    struct sp_client *client;
    struct sp_result *result;
};

void scene_set(struct scene *scene, const char *channel);

/* Fails the test if anything was left behind, as harness_stop() does. */
void scene_clear(struct scene *scene);

bool scene_is_local(const struct scene *scene);

/* One more client over the scene's channel, the caller's to close. */
struct sp_client *scene_client(const struct scene *scene);

/* The parameters of a test that runs over each channel. */
struct channel_name {
    char text[8];
};
struct criterion_test_params channel_parameters(void);

/* One test of the suite, over each channel. */
#define SCENE_TEST(suite, name)                                                \
    static void name(struct scene *scene);                                     \
    ParameterizedTestParameters(suite, name)                                   \
    {                                                                          \
        return channel_parameters();                                           \
    }                                                                          \
    ParameterizedTest(struct channel_name *channel, suite, name)               \
    {                                                                          \
        struct scene scene;                                                    \
                                                                               \
        scene_set(&scene, channel->text);                                      \
        name(&scene);                                                          \
        scene_clear(&scene);                                                   \
    }                                                                          \
    static void name(struct scene *scene)

/* One test of the suite, over the local channel. */
#define SCENE_TEST_LOCAL(suite, name)                                          \
    static void name(struct scene *scene);                                     \
    Test(suite, name)                                                          \
    {                                                                          \
        struct scene scene;                                                    \
                                                                               \
        scene_set(&scene, "local");                                            \
        name(&scene);                                                          \
        scene_clear(&scene);                                                   \
    }                                                                          \
    static void name(struct scene *scene)

/* Expects the outcome of an operation. */
#define expect_error(scene, error, operation)                                  \
    do {                                                                       \
        enum sp_error got_ = (operation);                                      \
        cr_expect_eq(got_, (error), "%s, not %s: %s", sp_error_name(got_),     \
                     sp_error_name(error), sp_result_text((scene)->result));   \
    } while (0)

/* Starts a session, which is expected to succeed; its process. */
pid_t start(struct scene *scene, const char *id, const char *module,
            const char *arg);

/* Calls with a string, into the scene's result. */
enum sp_error call(struct scene *scene, const char *id, const char *request,
                   int timeout_ms);

/* The same, and expects this reply. */
void expect_reply(struct scene *scene, const char *id, const char *request,
                  const char *reply);

#endif
