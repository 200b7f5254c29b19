#!/bin/sh
# SPDX-License-Identifier: MIT
# Sends one request to every session of a module, and prints ID and reply.
#
#   each.sh MODULE REQUEST
set -eu

module=${1:?MODULE is missing: each.sh MODULE REQUEST}
request=${2:?REQUEST is missing: each.sh MODULE REQUEST}

ids=$(spctl list --names --module "$module")
for id in $ids; do
    if reply=$(spctl call --timeout 1 -- "$id" "$request"); then
        printf '%s\t%s\n' "$id" "$reply"
    fi
done
