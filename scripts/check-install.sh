#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Installs a build into a directory of its own, checks its manual pages, and
# builds and runs tests/consumer against that copy: by pkg-config and by CMake,
# shared and static, in C and C++.
#
#   scripts/check-install.sh BUILD_DIRECTORY
set -euo pipefail
build=$(realpath -- "${1:?usage: scripts/check-install.sh BUILD_DIRECTORY}")
cd "$(dirname "$0")/.."
consumer=$PWD/tests/consumer
scratch=$(mktemp -d /tmp/sp-install.XXXXXX)
chmod 755 "$scratch" # root's modules are loaded as another user
runtime=$scratch/run # short enough for a socket's address
linking=
spd= server=
trap '[ -z "$server$spd" ] || kill $server $spd; rm -rf "$scratch"' EXIT

fail()
{
    echo "check-install.sh: $*" >&2
    exit 1
}

quietly()
{
    "$@" >"$scratch/said" 2>&1 && return
    cat "$scratch/said" >&2
    fail "failed: $*"
}

# The copy is moved after the installation: nothing in it may know its place.
quietly cmake --install "$build" --prefix "$scratch/first"
mv "$scratch/first" "$scratch/prefix"
prefix=$scratch/prefix
libdir=$prefix/$(cd "$prefix" && dirname "$(find . -name libsp.so | head -1)")

installed()
{
    local file

    for file in bin/{spd,spctl} include/sp/{async,client,event,evhttp,module}.h \
        share/man/{man1/spctl.1,man5/spd.conf.5,man8/spd.8} \
        share/bash-completion/completions/spctl; do
        [ -e "$prefix/$file" ] || fail "$file is not installed"
    done
    for file in libsp.so libsp-event.so libsp-evhttp.so libsp/sp-worker \
        libsp/modules/{kv,counter,echo}.so pkgconfig/libsp{,-event,-evhttp}.pc \
        cmake/libsp/libsp-config.cmake; do
        [ -e "$libdir/$file" ] || fail "$file is not installed"
    done
    ! grep -rlIF -e "$PWD" -e "$scratch" "$prefix" ||
        fail "these know where they were built"
}

# What pkg-config says of the copy; $linking is --static, or empty.
config()
{
    PKG_CONFIG_PATH=$libdir/pkgconfig pkg-config $linking "$@"
}

by_pkg_config() # DIRECTORY
{
    local dir=$1 strict=(-Wall -Wextra -Werror)

    mkdir "$dir"
    gcc -std=c17 "${strict[@]}" "$consumer/hello.c" -o "$dir/hello" \
        $(config --cflags --libs libsp)
    g++ -std=c++17 "${strict[@]}" "$consumer/consumer.cpp" \
        -o "$dir/consumer-cpp" $(config --cflags --libs libsp)
    gcc -std=c17 "${strict[@]}" "$consumer/visits.c" -o "$dir/visits" \
        $(config --cflags --libs libsp-evhttp libsp-event)
    gcc -std=c17 "${strict[@]}" "$consumer/looped.c" -o "$dir/looped" \
        $(config --cflags --libs libsp-event)
    gcc -std=c17 "${strict[@]}" -shared -fPIC "$consumer/greet.c" \
        -o "$dir/greet.so" $(config --cflags libsp)
    g++ -std=c++20 "${strict[@]}" -shared -fPIC "$consumer/greet_cpp.cpp" \
        -o "$dir/greet_cpp.so" $(config --cflags libsp)
}

by_cmake() # DIRECTORY WORDS...
{
    local dir=$1

    shift
    quietly cmake -S "$consumer" -B "$dir" -G Ninja \
        -DCMAKE_PREFIX_PATH="$prefix" "$@"
    quietly cmake --build "$dir"
}

# With the static libraries nothing is left to be found when a program runs:
# they are linked and run where there is no shared one.
static()
{
    local file dir

    [ -e "$libdir/libsp.a" ] ||
        { echo "install: skipped: this build has no static libraries"; return; }
    by_cmake "$scratch/cmake-static" -DCONSUMER_STATIC=ON
    # spctl keeps to the shared one, and is not needed here
    rm "$libdir"/libsp*.so*
    linking=--static by_pkg_config "$scratch/pkg-config-static"
    for dir in "$scratch"/{cmake,pkg-config}-static; do
        for file in "$dir"/{hello,consumer-cpp,looped,visits}; do
            ! readelf -dW "$file" | grep -E 'NEEDED.*\[libsp[-.]' ||
                fail "$file is linked with a shared library"
        done
        # libsp.a does not look for spd beside a program
        run "$dir" "$prefix/bin/spd"
    done
}

# Runs what one of the two has built, against the installed spd.
run() # DIRECTORY [SPD]
{
    local conf=$1/spd.conf

    printf '[module %s]\npath = %s\n' greet "$1/greet.so" \
        greet_cpp "$1/greet_cpp.so" >"$conf"
    LD_LIBRARY_PATH=$libdir "$1/consumer-cpp" "$runtime" "$conf" \
        "${@:2}"
    run_programs "$1"
}

# The answer to GET / of a web server, for a visitor with these headers.
fetch() # HOST:PORT HEADER...
{
    local http

    exec {http}<>"/dev/tcp/${1%:*}/${1##*:}"
    printf '%s\r\n' "GET / HTTP/1.1" "Host: $1" "Connection: close" \
        "${@:2}" '' >&"$http"
    timeout 15 tr -d '\r' <&"$http"
    exec {http}<&-
}

# Starts the web server, at a port that is free; leaves its `address`.
start_server() # DIRECTORY
{
    local tries=0

    mkfifo "$1/page"
    until [ $((tries += 1)) -gt 20 ]; do
        LD_LIBRARY_PATH=$libdir SP_RUNTIME_DIR=$runtime "$1/visits" \
            $((20000 + RANDOM)) >"$1/page" 2>>"$1/visits.log" &
        server=$!
        read -r address <"$1/page" && address=${address//[a-z\/]/} && return
        wait "$server" || server=
    done
    return 1
}

# One visitor, who comes twice.
visit_twice() # DIRECTORY
{
    local first

    start_server "$1" || return
    first=$(fetch "${address#:}")
    tail -n 1 <<<"$first"
    fetch "${address#:}" "$(sed -n 's/^Set-\(Cookie: [^;]*\).*/\1/p' \
        <<<"$first")" | tail -n 1
    kill "$server"
    wait "$server" || { server=; return 1; }
    server=
}

# These want a supervisor that somebody else has started: the README's program,
# one with a loop, and a web server.
run_programs() # DIRECTORY
{
    local line

    mkfifo "$1/ready"
    exec 9<>"$1/ready"
    "$prefix/bin/spd" --runtime-dir "$runtime" --ready-fd 9 2>"$1/spd.log" &
    spd=$!
    if read -r -t 15 -u 9 line; then
        LD_LIBRARY_PATH=$libdir SP_RUNTIME_DIR=$runtime "$1/hello" \
            >"$1/said" || true
        LD_LIBRARY_PATH=$libdir SP_RUNTIME_DIR=$runtime "$1/looped" new \
            >>"$1/said" || true
        visit_twice "$1" >>"$1/said" || true
    fi
    kill "$spd"
    wait "$spd" || { spd=; fail "spd did not end in order"; }
    spd=
    [ "$(tr '\n' ' ' <"$1/said")" = "1 1 visit 1 visit 2 " ] && return
    cat "$1/spd.log" "$1/visits.log" "$1/said" >&2
    fail "hello, looped or visits did not say what it should have"
}

installed
bash scripts/check-manual.sh "$prefix"
by_pkg_config "$scratch/pkg-config"
run "$scratch/pkg-config"
by_cmake "$scratch/cmake"
run "$scratch/cmake"
static
echo "install: a moved copy serves programs and modules, C and C++"
