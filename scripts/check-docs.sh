#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Checks what documents say against the tree: that links lead somewhere, that
# README.md prints the examples of tests/consumer as they are compiled, that
# its exit statuses are those of the table, and that no machine's path is named.
set -euo pipefail
cd "$(dirname "$0")/.."
faults=0

fault()
{
    echo "check-docs.sh: $*" >&2
    faults=$((faults + 1))
}

documents()
{
    find . -name '*.md' -not -path './build/*' | sort
}

# The relative links of a document, without what follows a #.
links() # FILE
{
    grep -oE '\]\([^)]+\)' "$1" | sed -E 's/^\]\(//; s/\)$//; s/#.*//' |
        grep -vE '^(https?:.*)?$' || true
}

check_links()
{
    local file link

    for file in $(documents); do
        for link in $(links "$file"); do
            [ -e "$(dirname "$file")/$link" ] ||
                fault "$file links to $link, which is not there"
        done
    done
}

# The fenced block behind <!-- NAME --> in README.md.
printed() # NAME
{
    awk -v name="$1" '
        index($0, "<!-- " name " -->") { wanted = 1; next }
        wanted && /^```/ { if (inside) exit; inside = 1; next }
        inside' README.md
}

check_examples()
{
    local name

    for name in hello.c greet.c; do
        printed "$name" | diff -u "tests/consumer/$name" - ||
            fault "README.md does not print tests/consumer/$name as it is"
    done
}

# Each exit status that the table of errors has is explained.
check_statuses()
{
    local status text

    text=$(tr '\n' ' ' <README.md)
    for status in $(sed -nE 's/^ *X\(SP_[A-Z]+, [0-9]+, ([0-9]+),.*/\1/p' \
        libsp/include/sp/error.h | sort -nu); do
        [[ $text =~ [\ ,]$status\ [a-z] ]] ||
            fault "README.md does not explain exit status $status"
    done
}

# Paths that mean something on one machine only.
check_paths()
{
    local found

    found=$(grep -rnIE '(^|[^A-Za-z0-9_.-])/(work|root|home/[a-z]+)/' \
        --exclude-dir=build --exclude-dir=.git . |
        grep -vE 'home/ada/|^\./scripts/check-docs\.sh:' || true)
    [ -z "$found" ] || fault "paths of one machine:"$'\n'"$found"
}

check_links
check_examples
check_statuses
check_paths
[ "$faults" -eq 0 ] || exit 1
echo "documents: links, examples and exit statuses are right"
