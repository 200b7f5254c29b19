// SPDX-License-Identifier: MIT
// A C++ program on an installed libsp: runs a supervisor of its own, with the
// two modules built beside it, and uses a session of each.
//
//   consumer RUNTIME_DIR CONFIG [SPD]
#include <cstdio>
#include <cstdlib>
#include <string>

#include <poll.h>

#include <sp/async.h>
#include <sp/client.h>
#include <sp/event.h>
#include <sp/evhttp.h>
#include <sp/subscription.h>

namespace {

struct sp_result *result;

void check(enum sp_error error, const char *what)
{
    if (error == SP_OK)
        return;
    std::fprintf(stderr, "consumer: %s: %s\n", what, sp_result_text(result));
    std::exit(1);
}

void expect_answer(sp_client *client, const char *id, const std::string &request,
                   const std::string &answer)
{
    check(sp_call(client, id, request.data(), request.size(),
                  SP_TIMEOUT_DEFAULT, result), request.c_str());
    std::string got(static_cast<const char *>(sp_result_data(result)),
                    sp_result_size(result));
    if (got == answer)
        return;
    std::fprintf(stderr, "consumer: %s answered %s\n", id, got.c_str());
    std::exit(1);
}

void use_sessions(sp_client *client)
{
    check(sp_start(client, "c", "greet", "Ada", 3, result), "start c");
    expect_answer(client, "c", "hello", "hello, Ada (1)");
    check(sp_start(client, "cpp", "greet_cpp", nullptr, 0, result),
          "start cpp");
    for (const char *word : {"b", "a"})
        check(sp_cast(client, "cpp", word, 1, result), "cast");
    expect_answer(client, "cpp", "", "a b");
    check(sp_terminate(client, "cpp", result), "terminate");
}

void take_answer(sp_async *, struct sp_result *answer, void *context)
{
    *static_cast<std::string *>(context) = sp_result_text(answer);
}

// The same without waiting: a session that is not there is started.
void use_loop(sp_client *client)
{
    const sp_spec ada = {"greet", "Ada", 3};
    std::string told;
    sp_async *async;

    check(sp_async_new(client, &async), "async");
    check(sp_async_call(async, "loop", &ada, "hello", 5, SP_TIMEOUT_DEFAULT,
                        take_answer, &told, nullptr), "async call");
    while (sp_async_outstanding(async) > 0) {
        pollfd poller = {sp_async_fd(async), POLLIN, 0};

        poll(&poller, 1, -1);
        check(sp_async_dispatch(async), "dispatch");
    }
    sp_async_free(async);
    if (told != sp_strerror(SP_OK)) {
        std::fprintf(stderr, "consumer: the loop was told: %s\n",
                     told.c_str());
        std::exit(1);
    }
}

} // namespace

int main(int argc, char **argv)
{
    sp_supervisor *supervisor;
    sp_client *client;

    result = sp_result_new();
    if (argc < 3 || !result)
        return 2;
    if (std::string(sp_version()) != SP_VERSION)
        return 3;
    check(sp_supervisor_start(argv[1], argv[2], argv[3], &supervisor, result),
          "supervisor");
    check(sp_client_open(argv[1], &client), "open");
    use_sessions(client);
    use_loop(client);
    sp_client_close(client);
    sp_supervisor_stop(supervisor);
    sp_result_free(result);
    return 0;
}
