#!/bin/sh
# SPDX-License-Identifier: MIT
# Prints a line for every session that comes (+), goes (-) or gets another
# process (!), with its process ID, until it is interrupted.
#
#   watch.sh [SECONDS]       looks once a second, or as often as it is told
set -eu

interval=${1:-1}
dir=$(mktemp -d)
trap 'rm -r "$dir"' EXIT
trap 'exit 0' INT TERM

# "ID PID" of each session, in the order of the IDs as join wants it
look() {
    spctl list --json >"$dir/json" &&
        sed -n 's/^{"id": "\([^"]*\)", "pid": \([0-9]*\),.*/\1 \2/p' \
            "$dir/json"
}

: >"$dir/before"
while look >"$dir/now"; do
    LC_ALL=C join -a 1 -a 2 -e none -o 0,1.2,2.2 "$dir/before" "$dir/now" |
        while read -r id before now; do
            case $before:$now in
            "$now:$before") ;;
            none:*) echo "+ $id $now" ;;
            *:none) echo "- $id $before" ;;
            *) echo "! $id $now" ;;
            esac
        done
    mv "$dir/now" "$dir/before"
    sleep "$interval"
done
