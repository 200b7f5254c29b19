// SPDX-License-Identifier: MIT
// A module in C++: a session that collects words and tells them in order.
#include <set>
#include <string>

#include <sp/module.h>

namespace {

using words = std::set<std::string>;

enum sp_init words_init(sp_session *, const void *, size_t, void **out_state)
{
    *out_state = new words;
    return SP_INIT_OK;
}

enum sp_handled words_call(sp_session *, void *state, sp_call *call,
                           const void *, size_t)
{
    std::string all;

    for (const auto &word : *static_cast<words *>(state))
        all += (all.empty() ? "" : " ") + word;
    return sp_reply(call, all.data(), all.size());
}

void words_cast(sp_session *, void *state, const void *message, size_t size)
{
    static_cast<words *>(state)->emplace(static_cast<const char *>(message),
                                         size);
}

void words_terminate(sp_session *, void *state, sp_end, const char *)
{
    delete static_cast<words *>(state);
}

} // namespace

SP_MODULE(.name = "greet_cpp", .init = words_init, .handle_call = words_call,
          .handle_cast = words_cast, .handle_timer = nullptr,
          .terminate = words_terminate);
