#!/usr/bin/env escript
%% SPDX-License-Identifier: MIT
%% Erlang: each session a port with the C program port.c behind it.
%%
%%   escript port.escript call | large | start | crash | memory COUNT
%%
%% As peer.h has it.  $BENCH_PORT is the path of the program.
-mode(compile).

main([Measure, Count]) ->
    measure(Measure, list_to_integer(Count));
main(_) ->
    io:format(standard_error,
              "usage: call | large | start | crash | memory COUNT~n", []),
    halt(2).

start() ->
    open_port({spawn_executable, os:getenv("BENCH_PORT")},
              [{packet, 4}, binary, exit_status]).

call(Port, Message) ->
    port_command(Port, Message),
    receive
        {Port, {data, Message}} -> ok;
        {Port, Other} ->
            io:format(standard_error, "bench: call: not what was sent: ~P~n",
                      [Other, 5]),
            halt(1)
    end.

small(Number) ->
    <<Number:64/little, 0:448>>.

pid(Port) ->
    {os_pid, Pid} = erlang:port_info(Port, os_pid),
    Pid.

%% Erlang sends no signals: a shell that waits for a line does it, and its
%% wake-up is part of the figure.
killer(Port) ->
    open_port({spawn, "/bin/sh -c 'read x; kill -9 " ++
                      integer_to_list(pid(Port)) ++ "'"}, [exit_status]).

ended(Port) ->
    receive {Port, {exit_status, _}} -> ok end.

stop(Port) ->
    port_close(Port).

now_ns() ->
    erlang:monotonic_time(nanosecond).

took(Fun) ->
    Begun = now_ns(),
    Fun(),
    now_ns() - Begun.

print_samples(Samples) ->
    Sorted = list_to_tuple(lists:sort(Samples)),
    [io:format("~s ~.3f~n",
               [Name, element(trunc((tuple_size(Sorted) - 1) * Part) + 1,
                              Sorted) / 1000])
     || {Name, Part} <- [{"p50", 0.5}, {"p99", 0.99}, {"p999", 0.999}]].

measure("call", Count) ->
    Port = start(),
    [call(Port, small(N)) || N <- lists:seq(1, Count div 10 + 1)],
    Samples = [begin
                   Message = small(N),
                   took(fun() -> call(Port, Message) end)
               end || N <- lists:seq(1, Count)],
    stop(Port),
    print_samples(Samples);
measure("large", Count) ->
    Port = start(),
    Message = binary:copy(<<"x">>, 1024 * 1024),
    call(Port, small(0)),
    Took = took(fun() -> [call(Port, Message) || _ <- lists:seq(1, Count)] end),
    stop(Port),
    io:format("rate ~.3f~n", [Count * 2 / 1024 / (Took / 1.0e9)]);
measure("start", Count) ->
    print_samples([begin
                       Begun = now_ns(),
                       Port = start(),
                       call(Port, small(N)),
                       Took = now_ns() - Begun,
                       stop(Port),
                       Took
                   end || N <- lists:seq(1, Count)]);
measure("crash", Count) ->
    print_samples(crashes(start(), Count));
measure("memory", Count) ->
    io:format("ready~n"),
    io:get_line(""),
    Ports = [begin
                 Port = start(),
                 call(Port, small(N)),
                 Port
             end || N <- lists:seq(1, Count)],
    [io:format("~B ", [pid(Port)]) || Port <- Ports],
    io:format("0~n"),
    eof = io:get_line(""),
    [stop(Port) || Port <- Ports];
measure(_, _) ->
    main([]).

crashes(Port, 0) ->
    stop(Port),
    [];
crashes(Port, Count) ->
    call(Port, small(Count)),
    Killer = killer(Port),
    Begun = now_ns(),
    port_command(Killer, "\n"),
    ended(Port),
    Next = start(),
    call(Next, small(Count)),
    Took = now_ns() - Begun,
    ended(Killer),
    [Took | crashes(Next, Count - 1)].
