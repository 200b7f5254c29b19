#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Checks who may include what and, given a build, who links what.
#
#   scripts/check-layers.sh [BUILD_DIRECTORY]
#
# The rules fail closed: a header that no row allows is an error, so a new
# dependency has to be written down here.
set -euo pipefail
build=${1:+$(realpath -- "$1")}
cd "$(dirname "$0")/.."
faults=0

fault()
{
    echo "check-layers.sh: $*" >&2
    faults=$((faults + 1))
}

# What everything may include: the C library and the kernel's interfaces,
# without threads.
libc='assert|ctype|dirent|dlfcn|endian|errno|fcntl|float|grp|getopt|inttypes'
libc+='|libgen|limits|locale|poll|pwd|sched|search|signal|spawn|stdalign|stdarg|stdatomic'
libc+='|stdbool|stddef|stdint|stdio|stdlib|stdnoreturn|string|strings|syslog'
libc+='|termios|time|unistd|wchar|(sys|linux|asm|arpa|netinet)/[a-z_-]+'
libc="($libc)\\.h"

# folder | allowed beside libc, the folder's own files and <sp/...>
rules='
libsp/include/sp        |
libsp/base              | pthread\.h
libsp/wire              | base/.*
libsp/endpoint          | (base|wire)/.* | event2/.*
libsp/client            | (base|wire)/.* | uuid/uuid\.h | jansson\.h | ut(hash|list)\.h | pthread\.h
libsp/plug              | event2/.* | pthread\.h
libsp/spctl             | jansson\.h
libsp/examples          | event2/.*
libsp/examples/frontend | event2/.*
supervisor              | (base|wire|endpoint)/.* | event2/.* | jansson\.h | ini\.h | ut(hash|list|array)\.h
worker                  | (base|wire|endpoint)/.* | event2/.*
worker/modules          | event2/.* | uthash\.h
'

# Files that may include more than their folder: path | allowed
exceptions='
libsp/wire/control\.[ch] | jansson\.h
'

# Sources of one folder (not of those below it).
sources()
{
    find "$1" -maxdepth 1 -name '*.[ch]' | sort
}

# Prints each include of a file, as <header or "header.
includes()
{
    sed -nE 's/^[[:space:]]*#[[:space:]]*include[[:space:]]*([<"])([^>"]+)[>"].*/\1\2/p' "$1"
}

exception_of()
{
    local path allowed

    while IFS='|' read -r path allowed; do
        path=${path//[[:space:]]/}
        [[ -n $path && $1 =~ ^$path$ ]] && printf '|%s' "${allowed//[[:space:]]/}"
    done <<<"$exceptions"
}

check_file() # FILE PATTERN
{
    local folder header name

    folder=$(dirname "$1")
    while read -r header; do
        name=${header:1}
        [[ $name =~ ^($2)$ ]] && continue
        [[ ${header:0:1} == '"' && $name != */* && -f $folder/$name ]] && continue
        fault "$1 may not include ${name}"
    done < <(includes "$1")
}

check_includes()
{
    local folder allowed file pattern

    while IFS='|' read -r folder allowed; do
        folder=${folder//[[:space:]]/}
        [ -n "$folder" ] && [ -d "$folder" ] || continue
        pattern="$libc|(sp|${folder##*/})/[a-z_]+\\.h|${allowed//[[:space:]]/}"
        for file in $(sources "$folder"); do
            check_file "$file" "${pattern%|}$(nng_of "$file")$(exception_of "$file")"
        done
    done <<<"$rules"
}

# nng in one file of the client, whichever it is.
nng_files=$(grep -rlE '^ *# *include *<nng/' libsp/client || true)
nng_of()
{
    [ "$1" = "$nng_files" ] && printf '|nng/.*' || true
}

# The codec does no input or output.
check_pure()
{
    local file

    for file in $(sources libsp/wire); do
        includes "$file" | grep -qE '^.(sys/(socket|un|uio)\.h|base/(log|fdpass)\.h|poll\.h)$' &&
            fault "$file is to be pure: no sockets, no logging"
    done
    true
}

# Every folder with sources has a row.
check_all_known()
{
    local folder

    for folder in $(find libsp supervisor worker -name '*.[ch]' -printf '%h\n' | sort -u); do
        grep -qE "^$folder +\\|" <<<"$rules" || fault "$folder has no rule here"
    done
}

check_calls()
{
    local words='pthread_create|thrd_create|CLONE_THREAD'

    grep -nE "\\b($words)\\b" -r supervisor worker libsp/base libsp/wire \
        libsp/endpoint --include='*.[ch]' | grep -vE '^[^:]*:[0-9]+: *(/?\*|//)' &&
        fault "no threads there"
    true
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

# The functions that a public header declares itself.
declared() # HEADER
{
    cc -E -Ilibsp/include "$1" | awk -v header="$1" '
        /^# [0-9]+ "/ { own = index($3, header); next }
        own { while (match($0, /(^|[^a-z_])sp_[a-z_]+\(/)) {
            name = substr($0, RSTART, RLENGTH - 1)
            sub(/^[^s]/, "", name)
            print name
            $0 = substr($0, RSTART + RLENGTH)
        } }' | sort -u
}

# What a program or library exports of ours.
exported() # FILE
{
    nm -D --defined-only "$build/$1" |
        awk '$2 ~ /[TDRBVW]/ { sub(/@.*/, "", $3); if ($3 ~ /^sp_/) print $3 }' |
        sort -u
}

# What the headers promise is exported, and nothing else that is ours.
check_exports() # FILE HEADER...
{
    local file=$1 header wrong

    shift
    wrong=$(diff <(for header in "$@"; do declared "libsp/include/sp/$header"; done |
        sort -u) <(exported "$file") | grep '^[<>]' || true)
    [ -z "$wrong" ] ||
        fault "$file: declared (<) and exported (>) differ:" $wrong
}

# A library exports nothing of what it is made of.
check_hidden() # FILE
{
    local others

    others=$(nm -D --defined-only "$build/$1" |
        awk '$2 ~ /[TDRBVW]/ && $3 !~ /^sp_/ { print $3 }')
    [ -z "$others" ] || fault "$1 exports" $others
}

check_links()
{
    local lib=lib threads='pthread_create|thrd_create'

    [ -d "$build/lib" ] || lib=$(dirname "$(cd "$build" && find lib* -name libsp.so | head -1)")
    needs "$lib/libsp.so" 'event|ini'
    needs "$lib/libsp-evhttp.so" 'nng|jansson|ini'
    needs bin/spctl 'event|nng|ini|uuid'
    needs bin/spd 'nng|uuid|sp'
    needs "$lib/libsp/sp-worker" 'nng|jansson|ini|uuid|sp'
    imports bin/spd "$threads"
    imports "$lib/libsp/sp-worker" "$threads"
    check_exports "$lib/libsp.so" client.h error.h id.h version.h
    check_exports "$lib/libsp-evhttp.so" evhttp.h
    check_exports "$lib/libsp/sp-worker" module.h
    check_hidden "$lib/libsp.so"
    check_hidden "$lib/libsp-evhttp.so"
}

[ "$(wc -w <<<"$nng_files")" -le 1 ] || fault "nng in more than one file: $(echo $nng_files)"
check_all_known
check_includes
check_pure
check_calls
[ -z "$build" ] || check_links
[ "$faults" -eq 0 ] || exit 1
echo "layers: as they are to be"
