#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Prints the functions that public headers declare, as the compiler sees them:
# each header's own, not those of what it includes.
#
#   scripts/public-functions.sh INCLUDE_DIRECTORY HEADER...
set -euo pipefail
directory=${1:?usage: scripts/public-functions.sh INCLUDE_DIRECTORY HEADER...}
shift

for header in "$@"; do
    cc -E -I"$directory" "$directory/sp/$header" |
        awk -v header="/$header" '
            /^# [0-9]+ "/ { own = index($3, header); next }
            own && /^typedef/ { type = 1 } # may be of several lines
            own && !type
            own && /;/ { type = 0 }' |
        grep -oE '\bsp_[a-z0-9_]+\(' | tr -d '('
done | sort -u
