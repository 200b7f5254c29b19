#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Builds libsp in every way that it is meant to be built, and passes all of its
# tests, from a bare Debian 12 on.
set -uo pipefail
cd "$(dirname "$0")/.."

usage()
{
    cat <<TXT
Usage: scripts/test.sh [--quick | --full]

  --quick   the release build and its tests, and nothing else
  --full    escapes in each tier of the sandbox as each user; else each user
            tries them in one tier: this one in strict, the other in default;
            and the part memcheck

Installs what is missing (as root, or through sudo), then:

  release     builds and passes all tests
  layers      who may include and link what
  documents   links, examples and exit statuses in README.md and others
  headers     C and C++ compilers accept every public header
  install     programs and modules built against an installed copy, shared and
              static; its manual pages
  debug       all tests again, with the address and undefined-behaviour
              sanitizers
  threads     the tests of many threads on one client, with ThreadSanitizer
  memcheck    tests of the client under valgrind (with --full)
  fuzz        the fuzz targets: the wire codec for 30 s, the others for 5 s
  other user  all tests again, built by clang in a private copy of the tree,
              as a user of the tests' own if this one is root

Exits with 0 if nothing failed.  A part that could not be run is named.
TXT
}

quick=false
full=false
for word in "$@"; do
    case $word in
    --quick) quick=true ;;
    --full) full=true ;;
    -h | --help) usage && exit ;;
    *) usage >&2 && exit 2 ;;
    esac
done

# What is set here for other programs is not to reach the tests.
unset SP_RUNTIME_DIR SP_CHANNEL XDG_RUNTIME_DIR MAKEFLAGS CDPATH
umask 022

SKIPPED=77 # a part's exit status: it cannot be run here; its last line says why
jobs=$(nproc)
other=$(sed -n 's/^#define UNPRIVILEGED_ID //p' tests/support/unprivileged.h)
scratch=$(mktemp -d "${TMPDIR:-/tmp}/sp-test.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

passed=0 failed=0 skipped=0
summary=

# Runs one part, shows what it says, and keeps count.
part() # NAME COMMAND...
{
    local name=$1 log="$scratch/log.${1// /-}" started=$SECONDS status note=
    local left_out

    shift
    printf '\n== %s\n' "$name"
    "$@" </dev/null 2>&1 | tee "$log"
    status=${PIPESTATUS[0]}
    case $status in
    0) passed=$((passed + 1)) status=passed ;;
    "$SKIPPED") skipped=$((skipped + 1)) status=skipped ;;
    *) failed=$((failed + 1)) status=FAILED ;;
    esac
    note=$(grep -E '^[0-9]+% tests passed' "$log")
    left_out=$(sed -nE 's/^[[:space:]]*[0-9]+ - (.*) \(Skipped\)$/\1/p' "$log" |
        paste -sd' ')
    [ -z "$left_out" ] || note+="; skipped: $left_out"
    [ "$status" != skipped ] || note=$(tail -n 1 "$log")
    summary+=$(printf '%-11s %-8s %4d s  %s' "$name" "$status" \
        $((SECONDS - started)) "$note")$'\n'
    [ "$status" != FAILED ]
}

# Runs a command that is of interest only if it fails.
quietly()
{
    local said

    said=$("$@" 2>&1) && return
    printf '%s\n' "$said"
    echo "failed: $*"
    return 1
}

build() # PRESET
{
    quietly cmake --preset "$@" &&
        quietly cmake --build --preset "$1" -- --quiet
}

# Words for ctest that leave a tier's escapes to the other user.
without() # TIER
{
    $full || printf '%s\n' -LE "^$1\$"
}

# A test that gives no limit of its own is stopped after two minutes.
run_tests() # PRESET
{
    local words

    mapfile -t words < <(without default)
    ctest --preset "$1" -j "$jobs" --timeout 120 "${words[@]}"
}

build_and_test() # PRESET
{
    build "$1" -DSP_TESTS=ON && run_tests "$1"
}

# Not all of the tests: the preset's filter chooses.
threads()
{
    build tsan -DSP_TESTS=ON && ctest --preset tsan -j "$jobs" --timeout 300
}

# Tests of the client under valgrind: those in which the test plays the peer,
# since valgrind knows no pidfd_open(), which spd and who starts it need.
# Criterion does not look at the exit statuses of its tests' processes: what
# counts is what valgrind has written about each.
memcheck()
{
    local name logs=$scratch/memcheck

    if ! command -v valgrind >/dev/null; then
        echo "there is no valgrind"
        return "$SKIPPED"
    fi
    mkdir -p "$logs"
    for name in async_connections async_peers async_troubles client_deaths \
        subscribe_peers; do
        quietly env SP_TEST_LOCAL=1 valgrind \
            --trace-children=yes --leak-check=full \
            --show-leak-kinds=definite,indirect \
            --errors-for-leak-kinds=definite,indirect \
            --log-file="$logs/$name.%p" "build/release/tests/test_$name" \
            -j"$jobs" || return
        echo "$name: $(cat "$logs/$name".* | grep -c 'ERROR SUMMARY: 0 ')" \
            "processes without an error"
    done
    ! grep -L 'ERROR SUMMARY: 0 ' "$logs"/* | xargs -r cat | grep .
}

# Each public header alone, and twice.
headers()
{
    local header name file=$scratch/header
    local flags=(-Wall -Wextra -Werror -pedantic -fsyntax-only -Ilibsp/include)

    for header in libsp/include/sp/*.h; do
        name=sp/${header##*/}
        printf '#include <%s>\n' "$name" "$name" | tee "$file.c" >"$file.cpp"
        quietly gcc -std=c17 "${flags[@]}" "$file.c" &&
            quietly g++ -std=c++17 "${flags[@]}" "$file.cpp" &&
            quietly clang++ -std=c++17 "${flags[@]}" "$file.cpp" || return
        echo "$name: accepted"
    done
}

# Fuzzes one target from its seeds; what it finds on the way is thrown away.
fuzz_target() # PROGRAM SECONDS
{
    local target=${1##*/} name=${1##*/fuzz_} found words

    found=$scratch/$target
    mkdir -p "$found"
    words=(-max_total_time="$2" -timeout=10 -artifact_prefix="$found/" "$found")
    if [ -d "tests/fuzz/corpus/$name" ]; then
        words+=("tests/fuzz/corpus/$name")
    fi
    if [ -f "tests/fuzz/$name.dict" ]; then
        words+=("-dict=tests/fuzz/$name.dict")
    fi
    quietly "$1" "${words[@]}" &&
        echo "$target: $2 s, nothing found"
}

fuzz()
{
    local target seconds targets

    build fuzz || return
    mapfile -t targets < <(find build/fuzz -name 'fuzz_*' -type f -executable)
    [ "${#targets[@]}" -gt 0 ] || { echo "there is no fuzz target"; return 1; }
    for target in "${targets[@]}"; do
        seconds=5
        [ "${target##*/}" != fuzz_wire ] || seconds=30
        fuzz_target "$target" "$seconds" || return
    done
}

# Runs a command with nothing of root's: another user, an empty environment.
as_other() # HOME COMMAND...
{
    local home=$1 drop=()

    shift
    if [ "$(id -u)" -eq 0 ]; then
        drop=(setpriv --reuid "$other" --regid "$other" --clear-groups --)
    fi
    env -i PATH="$PATH" HOME="$home" LANG=C.UTF-8 CC=clang CXX=clang++ \
        "${drop[@]}" "$@"
}

# The suite as somebody who owns nothing but a copy of the sources.
other_user()
{
    local copy=$scratch/copy words

    mapfile -t words < <(without strict)
    chmod 755 "$scratch"
    mkdir "$copy"
    tar -c --exclude=./build --exclude=./.git . | tar -x -C "$copy" || return
    if [ "$(id -u)" -ne 0 ]; then
        echo "not root: the same user as before, and clang"
    elif getent passwd "$other" >/dev/null; then
        echo "$other is not the tests' own user on this machine"
        return "$SKIPPED"
    elif as_other / true && chown -R "$other:$other" "$copy"; then
        echo "as user $other"
    else
        echo "this root cannot become another user"
        return "$SKIPPED"
    fi
    cd "$copy" &&
        quietly as_other "$copy" cmake --preset release &&
        quietly as_other "$copy" cmake --build --preset release -- --quiet &&
        as_other "$copy" ctest --preset release -j "$jobs" --timeout 120 \
            "${words[@]}"
}

conclude()
{
    printf '\n== summary\n%s' "$summary"
    printf '%d parts passed, %d failed, %d skipped, %d s\n' \
        "$passed" "$failed" "$skipped" "$SECONDS"
    [ "$failed" -eq 0 ]
}

part "packages" bash scripts/install-deps.sh test || { conclude; exit 1; }
part "release" build_and_test release
if ! $quick; then
    part "layers" bash scripts/check-layers.sh build/release
    part "documents" bash scripts/check-docs.sh
    part "headers" headers
    part "install" bash scripts/check-install.sh build/release
    part "debug" build_and_test debug
    part "threads" threads
    if $full; then
        part "memcheck" memcheck
    fi
    part "fuzz" fuzz
    part "other user" other_user
fi
sed -n '/tests passed,/,$p' "$scratch/log.release"
conclude
