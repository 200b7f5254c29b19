#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Checks who may include what and, given a build, who links what, and that
# every test is in it.
#
#   scripts/check-layers.sh [BUILD_DIRECTORY]
#
# The rules are the table "Layers" of CONTRIBUTING.md.  They fail closed: a
# header that no row allows is an error.
set -euo pipefail
build=${1:+$(realpath -- "$1")}
cd "$(dirname "$0")/.."
faults=0

fault()
{
    echo "check-layers.sh: $*" >&2
    faults=$((faults + 1))
}

# What everything may include: the C library without threads, and the kernel's
# interfaces; the public headers; and the headers of its own folder.
libc='assert|ctype|dirent|dlfcn|endian|errno|fcntl|float|getopt|grp|inttypes'
libc+='|libgen|limits|link|locale|malloc|poll|pwd|sched|search|signal|spawn|stdalign|stdarg'
libc+='|stdatomic|stdbool|stddef|stdint|stdio|stdlib|stdnoreturn|string|strings'
libc+='|fnmatch|syslog|termios|time|unistd|wchar|(sys|linux|asm|arpa|netinet)/[a-z0-9_-]+'
libc="($libc)\\.h"

# What the words in the table of CONTRIBUTING.md stand for.
declare -A headers=(
    [base]='base/.*' [wire]='wire/.*' [endpoint]='endpoint/.*'
    [libevent]='event2/.*' [jansson]='jansson\.h' [libuuid]='uuid/uuid\.h'
    [inih]='ini\.h' [uthash]='ut(hash|list|array)\.h' [nng]='nng/.*'
    [sandbox]='sandbox/.*' [program]='program/.*' [libseccomp]='seccomp\.h'
    [libcrypto]='openssl/.*' [threads]='pthread\.h' [client]='client/.*'
)

# Prints "folder: word word..." for each row of that table.
rules()
{
    sed -nE 's/^\| `([a-z/]+)` \|([a-z, ]*)\|$/\1:\2/p' CONTRIBUTING.md |
        tr -d ,
}

# Sources of one folder (not of those below it).
sources()
{
    find "$1" -maxdepth 1 -name '*.[ch]' | sort
}

# Prints each include of a file, as <header or "header.
includes()
{
    local include='^[[:space:]]*#[[:space:]]*include[[:space:]]*'

    sed -nE "s/$include([<\"])([^>\"]+)[>\"].*/\\1\\2/p" "$1"
}

check_file() # FILE PATTERN
{
    local folder header name

    folder=$(dirname "$1")
    while read -r header; do
        name=${header:1}
        [[ $name =~ ^($2)$ ]] && continue
        [[ $header == '"'* && $name != */* && -f $folder/$name ]] && continue
        fault "$1 may not include $name"
    done < <(includes "$1")
}

check_includes()
{
    local folder words word pattern file

    while IFS=: read -r folder words; do
        pattern="$libc|(sp|${folder##*/})/[a-z_]+\\.h"
        for word in $words; do
            pattern+="|${headers[$word]:?"what is $word in CONTRIBUTING.md"}"
        done
        for file in $(sources "$folder"); do
            check_file "$file" "$pattern"
        done
    done < <(rules)
}

# The codec does no input or output, and only the control messages are JSON.
check_pure()
{
    local file found impure='sys/(socket|un|uio)\.h|base/(log|fdpass)\.h'

    for file in $(sources libsp/wire); do
        case $file in
        */control.[ch]) found=$(includes "$file" | grep -E "^.($impure)$") ;;
        *) found=$(includes "$file" | grep -E "^.($impure|jansson\.h)$") ;;
        esac || continue
        fault "$file is to be pure and may not include" "${found//[<\"]/}"
    done
}

# Every folder with sources has a row.
check_all_known()
{
    local folder

    for folder in $(find libsp supervisor worker -name '*.[ch]' -printf '%h\n' |
        sort -u); do
        [[ $'\n'$(rules) == *$'\n'"$folder:"* ]] ||
            fault "$folder has no row in CONTRIBUTING.md"
    done
}

check_no_threads()
{
    local found

    # what a program of a command module may do is its own affair
    found=$(grep -rnE '\b(pthread_create|thrd_create|CLONE_THREAD)\b' \
        supervisor worker libsp/base libsp/wire libsp/endpoint \
        --include='*.[ch]' --exclude=syscalls.h |
        grep -vE '^[^:]*:[0-9]+: *(/?\*|//)' || true)
    [ -z "$found" ] || fault "no threads there:"$'\n'"$found"
}

# A test that is not part of the build would pass unseen.
check_tests_are_built()
{
    local file

    for file in $(find tests -name 'test_*.c' | sort); do
        grep -qF "/$file" "$build/build.ninja" || fault "$file is not built"
    done
}

# ---- what is linked -------------------------------------------------------

needs() # FILE LIBRARIES(regex): fails if the file is linked with one
{
    local found

    [ -f "$build/$1" ] || { fault "$build has no $1"; return; }
    found=$(readelf -dW "$build/$1" | sed -nE 's/.*\(NEEDED\).*\[(.*)\]/\1/p' |
        grep -E "^lib($2)[-._0-9]" || true)
    [ -z "$found" ] || fault "$1 is linked with $(echo $found)"
}

imports() # FILE SYMBOLS(regex): fails if the file uses one
{
    local found

    found=$(nm -D --undefined-only "$build/$1" | awk '{ print $2 }' |
        grep -E "^($2)(@|\$)" || true)
    [ -z "$found" ] || fault "$1 uses $(echo $found)"
}

# The functions that public headers declare themselves.
declared() # HEADER...
{
    bash scripts/public-functions.sh libsp/include "$@"
}

# What a program or library exports.
exported() # FILE
{
    nm -D --defined-only "$build/$1" |
        awk '$2 ~ /[TDRBVW]/ { sub(/@.*/, "", $3); print $3 }' | sort -u
}

# A library exports what its headers promise, and nothing else.
check_exports() # FILE HEADER...
{
    local file=$1 wrong

    shift
    wrong=$(diff <(declared "$@") <(exported "$file") | grep '^[<>]' || true)
    [ -z "$wrong" ] ||
        fault "$file: declared (<) and exported (>) differ:" $wrong
}

# The same of its static library, if there is one: what is private in it is not
# to meet a name of the program's own.
check_archive() # FILE HEADER...
{
    local file=$1 wrong

    shift
    [ -f "$build/$file" ] || return 0
    wrong=$(diff <(declared "$@") <(nm -g --defined-only "$build/$file" |
        awk 'NF == 3 { print $3 }' | sort -u) | grep '^[<>]' || true)
    [ -z "$wrong" ] ||
        fault "$file: declared (<) and shown (>) differ:" $wrong
}

# sp-worker exports libevent too, and libc's own: only what lacks counts.
check_offers() # FILE HEADER...
{
    local file=$1 missing

    shift
    missing=$(comm -23 <(declared "$@") <(exported "$file"))
    [ -z "$missing" ] || fault "$file does not export" $missing
}

check_links()
{
    local lib=lib threads='pthread_create|thrd_create'

    [ -d "$build/lib" ] ||
        lib=$(cd "$build" && dirname "$(find lib* -name libsp.so | head -1)")
    needs "$lib/libsp.so" 'event|ini|crypto'
    needs "$lib/libsp-event.so" 'nng|jansson|ini|event_extra|event-|crypto'
    needs "$lib/libsp-evhttp.so" 'nng|jansson|ini'
    needs bin/spctl 'event|nng|ini|uuid'
    needs bin/spd 'nng|uuid|sp'
    needs "$lib/libsp/sp-worker" 'nng|jansson|ini|uuid|sp'
    imports bin/spd "$threads"
    imports "$lib/libsp/sp-worker" "$threads"
    check_exports "$lib/libsp.so" async.h client.h error.h id.h \
        subscription.h version.h
    check_archive "$lib/libsp.a" async.h client.h error.h id.h \
        subscription.h version.h
    check_exports "$lib/libsp-event.so" event.h
    check_archive "$lib/libsp-event.a" event.h
    check_exports "$lib/libsp-evhttp.so" evhttp.h
    check_archive "$lib/libsp-evhttp.a" evhttp.h
    check_offers "$lib/libsp/sp-worker" module.h
}

check_all_known
check_includes
check_pure
check_no_threads
[ -z "$build" ] || check_tests_are_built
[ -z "$build" ] || check_links
[ "$faults" -eq 0 ] || exit 1
echo "layers: as they are to be"
