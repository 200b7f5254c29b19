// SPDX-License-Identifier: MIT
// cxx: a module in C++, and the proof that a C++ compiler accepts every public
// header.  Its sessions collect what is cast to them; "throw" is a call that
// throws and catches, "throw on" one that does not catch.
#include <stdexcept>
#include <string>
#include <string_view>

#include <sp/client.h>
#include <sp/error.h>
#include <sp/evhttp.h>
#include <sp/id.h>
#include <sp/module.h>
#include <sp/version.h>

namespace {

enum sp_init cxx_init(struct sp_session *, const void *arg, std::size_t size,
                      void **out_state)
{
    *out_state = new std::string(static_cast<const char *>(arg), size);
    return SP_INIT_OK;
}

std::string caught()
{
    try {
        return std::string("none").substr(9);
    } catch (const std::out_of_range &) {
        return "caught";
    }
}

enum sp_handled cxx_call(struct sp_session *, void *state, struct sp_call *call,
                         const void *request, std::size_t size)
{
    const std::string_view asked(static_cast<const char *>(request), size);
    auto text = *static_cast<std::string *>(state);

    if (asked == "throw on")
        throw std::runtime_error("nobody catches it");
    if (asked == "throw")
        text = caught();
    return sp_reply(call, text.data(), text.size());
}

void cxx_cast(struct sp_session *, void *state, const void *message,
              std::size_t size)
{
    static_cast<std::string *>(state)->append(
        static_cast<const char *>(message), size);
}

void cxx_terminate(struct sp_session *, void *state, enum sp_end, const char *)
{
    delete static_cast<std::string *>(state);
}

} // namespace

SP_MODULE(.name = "cxx", .init = cxx_init, .handle_call = cxx_call,
          .handle_cast = cxx_cast, .handle_timer = nullptr,
          .terminate = cxx_terminate);
