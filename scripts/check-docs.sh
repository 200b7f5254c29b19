#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Checks what documents say against the tree: that links lead somewhere, that
# README.md and libsp/plug/README.md print the examples of tests/consumer as
# they are compiled, that the exit statuses are those of the table, that
# worker/SANDBOX.md lists the system calls of worker/sandbox/syscalls.h, that
# the escapes' tests exist, and that no machine's path is named.
#
#   scripts/check-docs.sh [--syscalls]
#
#   --syscalls  print what is to stand in worker/SANDBOX.md, check nothing
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

# The fenced block behind <!-- NAME --> in a document.
printed() # NAME FILE
{
    awk -v name="$1" '
        index($0, "<!-- " name " -->") { wanted = 1; next }
        wanted && /^```/ { if (inside) exit; inside = 1; next }
        inside' "$2"
}

check_examples()
{
    local name file

    while read -r name file; do
        printed "$name" "$file" | diff -u "tests/consumer/$name" - ||
            fault "$file does not print tests/consumer/$name as it is"
    done <<TXT
hello.c README.md
greet.c README.md
visits.c libsp/plug/README.md
TXT
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

# The rows of syscalls.h: WHEN NAME [WORDS].
syscall_rows()
{
    cc -E -P -x c - <<'C' | tr '@' '\n' | sed -nE 's/^ *([A-Z]+ .*)/\1/p'
#include "worker/sandbox/syscalls.h"
#define NAME(WHEN, name) @ WHEN name
#define ARGUMENT(WHEN, name, words, ...) @ WHEN name words
#define DEADLY(name) @ DEADLY name
SYSCALL_TABLE(NAME) SYSCALL_BY_ARGUMENT_TABLE(ARGUMENT)
SYSCALL_DEADLY_TABLE(DEADLY)
C
}

# The table of worker/SANDBOX.md.
syscalls()
{
    syscall_rows | awk '
        BEGIN {
            split("ALWAYS OURS LOAD READ FORK NETWORK WX SCOPED PROGRAM " \
                "RUNTIME DEADLY", order)
            words["ALWAYS"] = "always"
            words["OURS"] = "but for programs of command modules"
            words["LOAD"] = "until the module is loaded"
            words["READ"] = "until then, with `allow_read`, and for programs"
            words["FORK"] = "with `allow_fork`"
            words["NETWORK"] = "with `allow_network`"
            words["WX"] = "with `allow_wx`"
            words["SCOPED"] = "where Landlock keeps signals in"
            words["PROGRAM"] = "for programs of command modules"
            words["RUNTIME"] = "for what runs such a program"
            words["DEADLY"] = "**never: whoever calls one is killed**"
            print "| when | system calls |\n|---|---|"
        }
        {
            argument = $0
            sub(/^[A-Z]+ [a-z_0-9]+ */, "", argument)
            gsub(/"| +$/, "", argument)
            calls[$1] = calls[$1] (calls[$1] ? ", " : "") "`" $2 "`" \
                (argument ? " (" argument ")" : "")
        }
        END {
            for (i = 1; i in order; i++)
                print "| " words[order[i]] " | " calls[order[i]] " |"
        }'
}

check_syscalls()
{
    sed -n '/^| when | system calls |$/,/^$/p' worker/SANDBOX.md | sed '/^$/d' |
        diff -u - <(syscalls) ||
        fault "worker/SANDBOX.md does not list worker/sandbox/syscalls.h as" \
            "it is: scripts/check-docs.sh --syscalls prints it"
}

# The table of tests/confinement/README.md has all sixty, and its tests exist.
check_escapes()
{
    local table=tests/confinement/README.md number name suite test

    for number in $(seq 60); do
        [ "$(grep -c "^| $number |" "$table")" -eq 1 ] ||
            fault "$table does not have escape $number once"
    done
    for name in $(grep -oE '`[a-z_]+/[a-z_0-9]+`' "$table" | tr -d '`'); do
        suite=${name%/*} test=${name#*/}
        grep -rqE "Test\\($suite, $test[,)]|[A-Z_]+\\($suite, $test[,)]" tests ||
            grep -rqE "^(REFUSED|REFUSED_IN)\\((\"[a-z]+\", )?$test," tests ||
            fault "$table names $name, which is no test"
    done
    echo "escapes: $(grep -cE '^\| [0-9]+ \|' "$table") listed," \
        "$(grep -cE '^\| [0-9]+ \|.*\*skipped\*' "$table") skipped"
}

# Paths that mean something on one machine only.
check_paths()
{
    local found

    found=$(grep -rnIE '(^|[^A-Za-z0-9_.-])/(work|root|home/[a-z]+)/' \
        --exclude-dir=build --exclude-dir=.git --exclude=.git . |
        grep -vE 'home/ada/|^\./scripts/check-docs\.sh:' || true)
    [ -z "$found" ] || fault "paths of one machine:"$'\n'"$found"
}

case ${1:-} in
--syscalls) syscalls && exit ;;
'') ;;
*) echo "usage: scripts/check-docs.sh [--syscalls]" >&2 && exit 2 ;;
esac
check_links
check_examples
check_statuses
check_syscalls
check_escapes
check_paths
[ "$faults" -eq 0 ] || exit 1
echo "documents: links, examples, exit statuses and system calls are right"
