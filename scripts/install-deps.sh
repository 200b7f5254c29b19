#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Installs with apt what libsp needs and this machine lacks.  Does nothing, and
# says nothing, when everything is there.
set -euo pipefail

usage()
{
    cat <<TXT
Usage: scripts/install-deps.sh [--list] [build | test | load]

  build   what building and running libsp needs
  test    that, and what its tests need (the default); without a browser, which
          is optional, a test is skipped
  load    all that, and what scripts/load.sh needs
  --list  print the packages, install nothing

Needs root, or sudo, only when a package is missing.
TXT
}

build_packages=(
    build-essential cmake ninja-build pkg-config
    libevent-dev libinih-dev libjansson-dev libnng-dev libseccomp-dev
    libssl-dev uthash-dev uuid-dev
    nng-utils # nngcat, for the demonstration
)
test_packages=(
    libcriterion-dev nanomsg-utils
    groff-base mandoc # readers of the manual pages, for their faults
    clang libclang-rt-dev # the second compiler; libFuzzer
)
load_packages=(wrk)

# What some tests are skipped without.
optional_packages=(
    chromium python3 # the example front end in a real browser
)

fail()
{
    echo "install-deps.sh: $*" >&2
    exit 1
}

# Prints the packages of the list that are not installed.
missing_of()
{
    dpkg-query -W -f='${Package} ${db:Status-Status}\n' 2>/dev/null |
        awk -v wanted="$*" '
            $2 == "installed" { have[$1] = 1 }
            END {
                n = split(wanted, name, " ")
                for (i = 1; i <= n; i++)
                    if (!(name[i] in have)) print name[i]
            }'
}

# Runs a command as root: directly, or through sudo when that can work here.
as_root()
{
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    else
        sudo "$@"
    fi
}

can_be_root()
{
    [ "$(id -u)" -eq 0 ] && return
    command -v sudo >/dev/null || return
    [ -t 0 ] || sudo -n true 2>/dev/null
}

# Runs apt-get without questions; shows what it said only if it fails.
apt()
{
    local said

    said=$(as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y \
        -o DPkg::Lock::Timeout=300 "$@" </dev/null 2>&1) && return
    printf '%s\n' "$said" >&2
    fail "apt-get $1 failed"
}

packages=("${build_packages[@]}" "${test_packages[@]}")
optional=("${optional_packages[@]}")
list_only=false
for word in "$@"; do
    case $word in
    build) packages=("${build_packages[@]}") optional=() ;;
    test) ;;
    load) packages+=("${load_packages[@]}") ;;
    --list) list_only=true ;;
    -h | --help) usage && exit ;;
    *) usage >&2 && exit 2 ;;
    esac
done
if $list_only; then
    printf '%s\n' "${packages[@]}" ${optional[@]+"${optional[@]}"}
    exit
fi

command -v dpkg-query >/dev/null && command -v apt-get >/dev/null ||
    fail "no apt here; install the likes of: ${packages[*]}"
mapfile -t missing < <(missing_of "${packages[@]}")
mapfile -t wanted < <(missing_of ${optional[@]+"${optional[@]}"})
[ $((${#missing[@]} + ${#wanted[@]})) -gt 0 ] || exit 0

if [ "${#missing[@]}" -gt 0 ]; then
    can_be_root || fail "not root and no sudo; as root, please:
    apt-get install ${missing[*]}"
    echo "installing ${missing[*]}"
    apt update
    apt install --no-install-recommends "${missing[@]}"
fi

# What cannot be had is a word, and no error.
if [ "${#wanted[@]}" -gt 0 ]; then
    if can_be_root && echo "installing ${wanted[*]}" &&
        (apt update && apt install --no-install-recommends "${wanted[@]}"); then
        exit 0
    fi
    echo "without ${wanted[*]}: some tests will be skipped"
fi
