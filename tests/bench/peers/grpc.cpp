/* SPDX-License-Identifier: MIT */
/* gRPC: each session a server process on a Unix socket.  Requests and replies
 * are bare bytes, so that no other encoding is measured. */
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/support/byte_buffer.h>

#include <unistd.h>

#include "peer.h"

/* ---- the server ---- */

namespace
{

class Answer : public grpc::ServerGenericBidiReactor
{
public:
    Answer() { StartRead(&buffer); }

    void OnReadDone(bool ok) override
    {
        if (ok)
            StartWriteAndFinish(&buffer, grpc::WriteOptions(),
                                grpc::Status::OK);
        else
            Finish(grpc::Status::CANCELLED);
    }

    void OnDone() override { delete this; }

private:
    grpc::ByteBuffer buffer;
};

class Echo : public grpc::CallbackGenericService
{
    grpc::ServerGenericBidiReactor *
    CreateReactor(grpc::GenericCallbackServerContext *) override
    {
        return new Answer;
    }
};

int serve(const char *address)
{
    Echo echo;
    grpc::ServerBuilder builder;
    std::unique_ptr<grpc::Server> server;

    builder.AddListeningPort(address, grpc::InsecureServerCredentials());
    builder.RegisterCallbackGenericService(&echo);
    server = builder.BuildAndStart();
    if (!server)
        return 1;
    peer_serving();
    server->Wait();
    return 0;
}

/* ---- the client ---- */

struct Session {
    pid_t pid;
    std::unique_ptr<grpc::GenericStub> stub;
    grpc::CompletionQueue queue;
};

void fail(const grpc::Status &status)
{
    fprintf(stderr, "bench: call: %s\n", status.error_message().c_str());
    exit(1);
}

void *session_start(size_t number)
{
    std::string address = "unix-abstract:sp-bench-grpc-" +
                          std::to_string(getpid()) + "-" +
                          std::to_string(number);
    Session *session = new Session;

    session->pid = peer_serve(address.c_str());
    session->stub = std::make_unique<grpc::GenericStub>(
        grpc::CreateChannel(address, grpc::InsecureChannelCredentials()));
    return session;
}

void take(const grpc::ByteBuffer &reply, char *bytes, size_t size)
{
    std::vector<grpc::Slice> slices;

    if (reply.Length() != size || !reply.Dump(&slices).ok())
        fail(grpc::Status(grpc::StatusCode::DATA_LOSS, "not what was sent"));
    for (const grpc::Slice &slice : slices) {
        memcpy(bytes, slice.begin(), slice.size());
        bytes += slice.size();
    }
}

void session_call(void *of, char *bytes, size_t size)
{
    Session *session = static_cast<Session *>(of);
    grpc::Slice slice(bytes, size);
    grpc::ByteBuffer request(&slice, 1), reply;
    grpc::ClientContext context;
    grpc::Status status;
    void *tag;
    bool ok;

    auto call = session->stub->PrepareUnaryCall(&context, "/bench.Session/Call",
                                                request, &session->queue);
    call->StartCall();
    call->Finish(&reply, &status, session);
    session->queue.Next(&tag, &ok);
    if (!status.ok())
        fail(status);
    take(reply, bytes, size);
}

pid_t session_pid(void *of)
{
    return static_cast<Session *>(of)->pid;
}

void session_end(void *of)
{
    Session *session = static_cast<Session *>(of);

    peer_reap(session->pid);
    delete session;
}

} // namespace

int main(int argc, char **argv)
{
    static const peer peer = {session_start, session_call, session_pid,
                              session_end, session_end};

    if (argc == 3 && strcmp(argv[1], "serve") == 0)
        return serve(argv[2]);
    return peer_main(argc, argv, &peer);
}
