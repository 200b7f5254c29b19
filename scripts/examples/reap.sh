#!/bin/sh
# SPDX-License-Identifier: MIT
# Ends the sessions of a module that were started more than SECONDS ago, and
# prints their IDs.  0, or nothing, ends them all.
#
#   reap.sh MODULE [SECONDS]
#
# `spctl list --json` prints one object a line, and its values hold no quotes
# where they are read here, so that sed is enough; with jq:
#
#   spctl list --json | jq -r '.[] | select(.age_ms > 60000) | .id'
set -eu

module=${1:?MODULE is missing: reap.sh MODULE [SECONDS]}
limit_ms=$((${2:-0} * 1000))

sessions=$(spctl list --json --module "$module")
printf '%s\n' "$sessions" |
    sed -n 's/^{"id": "\([^"]*\)".* "age_ms": \([0-9]*\),.*/\2 \1/p' |
    while read -r age_ms id; do
        [ "$age_ms" -ge "$limit_ms" ] || continue
        # one that has gone by itself meanwhile (exit status 1) is as good
        spctl --quiet stop -- "$id" || [ $? -eq 1 ]
        printf '%s\n' "$id"
    done
